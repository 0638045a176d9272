# What termfeed costs beside psql's \copy of the same rows into the same stream; sourced by ./run.
#
# Asked for: a POST takes at most 1.15 times as long as \copy. The rows are those of examples/menu, sixty
# times over. Each way is run in turn, five times, into pairs that are not there yet; the medians count.

build
trap 'cluster_stop bench' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cluster_start bench max_wal_size=4GB shared_buffers=256MB
say "Building termfeed"
cargo build --profile feed -p termfeed

export PGOPTIONS='-c client_min_messages=warning'
feed_files=$(mktemp -d)
cd "$feed_files"
awk -v times=60 -f "$repo/examples/menu/times.awk" "$repo/examples/menu/input.csv" >big.csv
cp "$repo/examples/menu/terms.csv" .
head -n 1 big.csv >input.csv
psql -q -o /dev/null -f "$repo/examples/menu/menu.sql"
feed_database="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
"$target/feed/termfeed" serve --listen 127.0.0.1:0 --database "$feed_database" 2>serve.log &
feed_server=$!
trap 'kill $feed_server; cluster_stop bench; rm -r "$feed_files"' EXIT
until feed_url=$(grep -o 'http://127.0.0.1:[0-9]*' serve.log); do sleep 0.1; done

# feed_timed WAY COMMAND…: runs it into an empty table of pairs, and notes the seconds.
feed_timed() {
  local way=$1 start
  shift
  psql -qc 'TRUNCATE menu_terms' -c CHECKPOINT
  start=$(date +%s%N)
  "$@" >/dev/null
  echo "$way $(($(date +%s%N) - start))" >>./times
}
feed_copy() { psql -qc '\copy menu FROM big.csv (FORMAT csv, HEADER)'; }
feed_post() { curl -sf -T big.csv -X POST -H 'Content-Type: text/csv' "$feed_url/streams/menu"; }
feed_load() { "$target/feed/termfeed" load --quiet --restart --database "$feed_database" --stream menu big.csv; }
for round in 1 2 3 4 5; do
  say "Loading $(($(wc -l <big.csv) - 1)) rows by \\copy, over HTTP, and by termfeed load (round $round of 5)"
  feed_timed copy feed_copy
  feed_timed post feed_post
  feed_timed load feed_load
done

echo
echo "$(date -u +%F), $(nproc) × $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1): $(($(wc -l <big.csv) - 1)) rows into a match stream"
sort -k 1,1 -k 2,2n times | awk -v rows="$(($(wc -l <big.csv) - 1))" '
  { n[$1]++; time[$1, n[$1]] = $2 / 1e9 }
  function median(way) { return time[way, int((n[way] + 1) / 2)] }
  END {
    names["copy"] = "psql \\copy"; names["post"] = "termfeed serve: POST by curl"; names["load"] = "termfeed load"
    printf "%-30s %8s %18s\n", "", "rows/s", "time against \\copy"
    split("copy post load", ways)
    for (i = 1; i in ways; i++) printf "%-30s %8d %18.2f\n", names[ways[i]], rows / median(ways[i]), median(ways[i]) / median("copy")
  }'
