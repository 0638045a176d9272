# What the tests with a broker share; sourced by them, after open.sh.
#
# They have a Postgres ("kafka") of their own, since they stop it, and a broker ("kafka"). Each test
# prints "ok N - name" or "not ok N - name" with what was wanted and what was found.

termfeed=$target/debug/termfeed
folder=$target/feed
declare -A feeds=() # Running termfeeds, name to pid.
number=0 failed=0

harness_start() {
  set_up
  mkdir -p "$folder"
  if cluster_use kafka; then
    cluster_refresh kafka
  else
    cluster_start kafka synchronous_commit=off full_page_writes=off
  fi
  broker_use kafka && broker_pid >/dev/null || broker_start kafka
  psql -q -c 'CREATE EXTENSION IF NOT EXISTS termstream'
  trap harness_end EXIT
  trap 'exit 143' INT TERM HUP
}

harness_end() {
  local name
  for name in "${!feeds[@]}"; do kill -9 "${feeds[$name]}" 2>/dev/null || true; done
}

harness_verdict() { [[ $failed -eq 0 ]]; }

sql() { psql -q -At -c "$1"; }

# same NAME WANTED GOT
same() {
  number=$((number + 1))
  if [[ $2 == "$3" ]]; then
    echo "ok $number - $1"
  else
    failed=1
    printf 'not ok %s - %s\n  wanted %s\n  got    %s\n' "$number" "$1" "$2" "$3"
  fi
}

# soon NAME WANTED COMMAND…: what the command prints is, sooner or later, what is wanted. Five minutes are
# more than a busy machine needs.
soon() {
  local name=$1 wanted=$2 got end=$((SECONDS + 300))
  shift 2
  while got=$("$@" 2>/dev/null || true); do
    [[ $got != "$wanted" && $SECONDS -lt $end ]] || break
    sleep 0.2
  done
  same "$name" "$wanted" "$got"
}

# feed NAME COMMAND OPTION…: a termfeed in the background; it writes to $folder/NAME.log.
feed() {
  local name=$1 command=$2
  shift 2
  "$termfeed" "$command" --database "host=$PGHOST user=${feed_user:-postgres} dbname=$PGDATABASE" \
    --brokers "$KAFKA_BROKERS" "$@" >>"$folder/$name.log" 2>&1 9>&- &
  feeds[$name]=$!
}

# consume NAME STREAM OPTION…: the topic of the stream's name into it, at a brisk pace.
consume() {
  local name=$1 stream=$2
  shift 2
  feed "$name" kafka --topic "$stream" --stream "$stream" --batch-wait 100 \
    --kafka-option session.timeout.ms=6000 --kafka-option heartbeat.interval.ms=500 \
    --kafka-option reconnect.backoff.max.ms=500 "$@"
}

# stop NAME [SIGNAL]: ends a termfeed and waits for it; sets $status.
stop() {
  kill "-${2:-TERM}" "${feeds[$1]}"
  ended "$1"
}

ended() {
  status=0
  wait "${feeds[$1]}" || status=$?
  unset "feeds[$1]"
}

logged() { grep -c "$2" "$folder/$1.log" || true; }

# produce TOPIC [OPTION…]: lines of standard input as messages.
produce() { kcat -b "$KAFKA_BROKERS" -P -t "$@"; }

# consumed TOPIC FORMAT: all messages that are there, by kcat.
consumed() { kcat -q -b "$KAFKA_BROKERS" -C -t "$1" -e -o beginning -f "$2" 2>/dev/null; }

# plain_stream NAME COLUMNS [FROM]: a stream that keeps each row it gets in NAME_rows, twice if it gets it
# twice; FROM is what its statement reads, the batch.
plain_stream() {
  psql -q -v name="$1" -v columns="$2" -v source="${3:-batch}" <<'SQL'
SELECT format('CREATE TABLE %I (%s)', :'name' || '_rows', :'columns') \gexec
SELECT termstream.create_stream(:'name', :'columns',
         format('INSERT INTO %I SELECT batch.* FROM %s', :'name' || '_rows', :'source')) \g /dev/null
SQL
}

stop_database() { as_server "$pg_bin/pg_ctl" stop -D data -m immediate -s; }
start_database() { as_server "$pg_bin/pg_ctl" start -D data -w -s -l "$pg_home/server.log" >/dev/null; }
kill_broker() {
  local pid
  pid=$(broker_pid)
  kill -9 "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
