# The core and the server on the same rows and terms, in turn; sourced by measure.sh.

files=$PWD
speed_data=$repo/../shared/data/brands-medium times=4
if [[ ! -d $speed_data ]]; then
  speed_data=$repo/examples/menu times=40
  say 'SKIPPED: the rows of brands-medium, ../shared/data is not there: those of examples/menu instead'
fi
cp "$speed_data/terms.csv" speed_terms.csv
cp "$speed_data/input.csv" speed_rows.csv
psql -q -v times=$times -f "$repo/benches/server/speed.sql"
psql -At -c "EXPLAIN (COSTS off) SELECT count(*) FROM input, LATERAL termstream.match('lexicon', text)" >plan.txt
grep -q 'Workers Planned: 2' plan.txt || die "no parallel plan: $(cat plan.txt)"
for round in 1 2 3 4 5; do
  say "Matching by the core and inside the server (round $round of 5)"
  (cd "$repo" && cargo bench -q --no-default-features --bench rate -- "$files/speed_terms.csv" "$files/speed_input.csv" 2) |
    grep -E '^[0-9]+,[0-9]+$' | tail -n 1 |
    sed 's/^/1,the core alone,/' | psql -qc '\copy speed FROM STDIN (FORMAT csv)'
  psql -q -f "$repo/benches/server/speed_round.sql"
done
