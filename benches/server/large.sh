# A lexicon of a million generated terms (BENCH_TERMS=100000: of fewer): what making it takes, what it
# costs a session that has not met it, and how soon a change is seen.

terms=${BENCH_TERMS:-1000000}
say "Making a lexicon of $terms terms"
(cd "$repo" && cargo bench -q -p termstream-core --bench list -- "$terms") >names.csv
psql -q -f "$bench/large_prepare.sql"
for round in 1 2 3 4 5 6 7; do
  say "Meeting it in a new session, and changing it (round $round of 7)"
  psql -q -v round="$round" -f "$bench/large.sql"
done
[[ $(psql -Atc 'SELECT count(*) FROM large') == 22 ]] || die "a round did not find its term"
psql -q <<'SQL'
\pset title 'A lexicon of generated terms, medians of 7 rounds'
SELECT what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1) AS ms,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY mib)::numeric, 1) AS "MiB of its own", max(asked) AS asked
FROM large GROUP BY place, what ORDER BY place;
SQL
