# What the tests of termfeed's other commands share with those of Kafka, but for the broker.

source "$repo/termfeed/tests/kafka/harness.sh"
cluster_settings=()
helpers=() # Pids of other programs that a test has started.

# harness_start NAME: a Postgres of that name, and a folder; with the settings in $cluster_settings, if any.
harness_start() {
  folder=$target/feed/$1
  rm -rf "$folder"
  mkdir -p "$folder"
  test_cluster=$1
  trap harness_end EXIT
  trap 'exit 143' INT TERM HUP
  cluster_start "$1" synchronous_commit=off full_page_writes=off "${cluster_settings[@]}"
  psql -q -c 'CREATE EXTENSION termstream'
}

harness_end() {
  local pid
  for pid in "${feeds[@]}" "${helpers[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  cluster_stop "$test_cluster"
}

feed() {
  local name=$1 command=$2
  shift 2
  "$termfeed" "$command" --database "host=$PGHOST user=${feed_user:-postgres} dbname=$PGDATABASE" \
    "$@" >>"$folder/$name.log" 2>&1 9>&- &
  feeds[$name]=$!
}
