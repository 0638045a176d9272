# RapidFuzz on the rows of the slow peers, in a throw-away venv; sourced by peers.sh.

# Prints why there is no Python with RapidFuzz, or nothing: then $rapidfuzz_python is one.
rapidfuzz_missing() {
  command -v python3 >/dev/null || { echo 'no python3' && return; }
  rapidfuzz_python=$target/rapidfuzz/bin/python
  "$rapidfuzz_python" -c 'import rapidfuzz, numpy' 2>/dev/null && return
  python3 -m venv "$target/rapidfuzz" >/dev/null 2>&1 || { echo 'python3 has no venv' && return; }
  "$rapidfuzz_python" -m pip install -q 'rapidfuzz>=3,<4' 'numpy<3' >/dev/null 2>&1 ||
    echo 'pip could not install rapidfuzz and numpy'
}

rapidfuzz_missing >"$target/rapidfuzz.skip"
if [[ -s $target/rapidfuzz.skip ]]; then
  say "SKIPPED: RapidFuzz, $(cat "$target/rapidfuzz.skip")"
else
  psql -qc "\\copy (SELECT * FROM peers.some_menus) TO 'some_menus.csv' (FORMAT csv, HEADER)"
  for round in 1 2 3; do
    say "Matching by RapidFuzz (round $round of 3)"
    "$target/rapidfuzz/bin/python" "$bench/windows.py" terms.csv some_menus.csv gold.csv |
      psql -qc '\copy run (what, rows, seconds, found, hit, meant) FROM STDIN (FORMAT csv)'
  done
fi
