# The core and the server on the same rows and terms, in turn.

psql -q -v match_rows=200000 -f "$bench/match_prepare.sql"
psql -At -c "EXPLAIN (COSTS off) SELECT count(*) FROM input, LATERAL termstream.match('brands', text)" >plan.txt
grep -q 'Workers Planned: 2' plan.txt || die "no parallel plan: $(cat plan.txt)"
files=$PWD
for round in 1 2 3 4 5; do
  say "Matching by the core and inside the server (round $round of 5)"
  (cd "$repo" && cargo bench -q -p termstream-core --bench rate -- "$files/terms.csv" "$files/match.csv" 2) |
    grep -E '^[0-9]+,[0-9]+$' | tail -n 1 |
    sed 's/^/200000,/' | psql -qc '\copy core_rate FROM STDIN (FORMAT csv)'
  psql -q -f "$bench/match.sql"
done
