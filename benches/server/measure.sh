# What ./run bench measures inside a server; sourced by ./run. Everything runs several times, the median counts.
#
# The rows are those of examples/menu, twenty times over; the server has Postgres's own settings,
# so that a commit is a commit. The peers need pg_trgm and fuzzystrmatch, which Debian's server has.

build
trap 'cluster_stop bench' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cluster_start bench max_wal_size=4GB shared_buffers=256MB

export PGOPTIONS='-c client_min_messages=warning'
mkdir "$pg_home/files"
cp "$repo"/examples/menu/*.csv "$pg_home/files/"
cd "$pg_home/files"
awk -v times=20 -f "$repo/examples/menu/times.awk" input.csv >big.csv
rows=$(($(wc -l <big.csv) - 1))
chmod -R a+rX .

psql -q -f "$repo/benches/server/prepare.sql"
for round in 1 2 3; do
  say "Loading $rows rows, each way (round $round of 3)"
  psql -q -v path="$PWD/big.csv" -v rows="$rows" -f "$repo/benches/server/doors.sql"
done
for round in 1 2 3; do
  say "Matching by termstream and by what else Postgres has (round $round of 3)"
  psql -q -f "$repo/benches/server/peers.sql"
done
source "$repo/benches/server/rapidfuzz.sh"
source "$repo/benches/server/speed.sh"
echo
echo "$(date -u +%F), $(nproc) × $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $("$pg_bin/postgres" --version): ./run bench"
psql -q -f "$repo/benches/server/report.sql"
