# What ./run bench measures inside a server; sourced by ./run, which gives the names of the parts in
# $parts. Every figure is a median over rounds, every ratio that of two runs of the same round.
#
#   doors    rows through each door, beside a plain COPY into a table with a primary key
#   bad      files of which 1 row in 100 is bad, beside the clean one through the same door
#   memory   what a backend takes of its own while it loads
#   large    a lexicon of a million terms: made, met by new sessions, changed
#   match    match inside Postgres beside the core alone
#   kafka    a topic into a match stream, beside \copy
#   peers    what else finds terms in text: pg_trgm, fuzzystrmatch, RapidFuzz
#
# The server has Postgres's own settings, so that a commit is a commit, but for its memory.
# BENCH_ROWS=100000 ./run bench doors takes a tenth of the rows.

build
trap 'cluster_stop bench' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cluster_start bench max_wal_size=4GB shared_buffers=256MB

export PGOPTIONS='-c client_min_messages=warning'
bench=$repo/benches/server
rows=${BENCH_ROWS:-1000000}
mkdir "$pg_home/files"
cd "$pg_home/files"
source "$bench/data.sh"
for part in $parts; do
  source "$bench/$part.sh"
done
echo
echo "$(date -u +%F), $(nproc) × $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $("$pg_bin/postgres" --version)"
echo "./run bench $parts: $rows rows and $(psql -Atc 'SELECT count(*) FROM terms') terms of $data_name"
psql -q -f "$bench/report.sql"
