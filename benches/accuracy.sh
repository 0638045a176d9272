# ./run bench accuracy: F1 with each tuned constant as it is, and with other values in its place. Rewrites
# benches/accuracy.txt; sourced by ./run. Takes a quarter of an hour: the core is built once for each value.

table=$repo/benches/accuracy.txt
tree=$repo/target/accuracy

# constant | file below core/src/lexicon | the line as it is | value: the line in its place | …
constants='
settings::SHORT|settings.rs|SHORT: u16 = 3|4: SHORT: u16 = 4
settings::edits_by_length, two edits from|settings.rs|3..=7 => 1|9 letters: 3..=8 => 1|7 letters: 3..=6 => 1
judge::CONSONANTS_KEPT|rules/judge.rs|CONSONANTS_KEPT: u16 = 4|5: CONSONANTS_KEPT: u16 = 5|none: CONSONANTS_KEPT: u16 = 0
judge::FIRST_KEPT|rules/judge.rs|FIRST_KEPT: \[u16; 2\] = \[6, 8\]|none: FIRST_KEPT: [u16; 2] = [0, 0]
judge::TWICE|rules/judge.rs|TWICE: usize = 4|none: TWICE: usize = 0
text::BRIEF|rules/text.rs|BRIEF: usize = 4|6: BRIEF: usize = 6|none: BRIEF: usize = 0
window::RARER|rules/window.rs|RARER: u32 = 3|5: RARER: u32 = 5
'

need_rust
rm -rf "$tree/core"
mkdir -p "$tree"
git ls-files -z Cargo.toml Cargo.lock core src/lib.rs termfeed/Cargo.toml termfeed/src/main.rs pg_test benches |
  xargs -0 cp --parents -t "$tree"
export CARGO_TARGET_DIR=$repo/target/accuracy-build TERMSTREAM_DATA=$repo/../shared/data

# f1_of NAME VALUE: a line of the table.
f1_of() {
  (cd "$tree" && cargo bench -q -p termstream-core --bench accuracy) >"$tree/output"
  awk -v name="$1" -v value="$2" -F '  +' '
    /skipped/ { print > "/dev/stderr"; failed = 1 }
    / nested / && !/window/ { if ($0 ~ /learned/) next; match($0, /F1 [0-9.]+/); line = line sprintf("  %.3f", substr($0, RSTART + 3, RLENGTH - 3)) }
    END { if (failed) exit 1; printf "%-42s%-10s%s\n", name, value, line }' "$tree/output"
}

{
  echo '# F1 with the defaults, terms inside longer ones counted, on sets of real and of made texts; ./run bench accuracy'
  echo '# writes it. Each line has one constant of core/src/lexicon with another value than it has.'
  echo
  printf '%-42s%-10s%s\n' constant value '  demo   small  made   queries'
  f1_of 'all as they are' ''
  while IFS='|' read -r name file line others; do
    [[ -n $name ]] || continue
    path=core/src/lexicon/$file
    grep -q "$line" "$repo/$path" || die "$path has no \"$line\" any more: put the line right in benches/accuracy.sh"
    while [[ -n $others ]]; do
      other=${others%%|*}
      [[ $others == *'|'* ]] && others=${others#*|} || others=
      sed "s/$line/${other#*: }/" "$repo/$path" >"$tree/$path"
      f1_of "$name" "${other%%: *}"
    done
    cp "$repo/$path" "$tree/$path"
  done <<<"$constants"
} >"$tree/table"
mv "$tree/table" "$table"
cat "$table"
