# What the examples share: servers and feeders in the background, waiting, and disturbance; sourced by
# examples/NAME/run, which ./run example NAME [--kills N] sources.
#
# With --kills N, what an example waits for is disturbed N times: a feeder, a service or the database is
# killed with -9, at random, and started again. The final tables must be the same.

source "$repo/pg_test/kafka/broker.sh" # free_port
source "$repo/pg_test/python.sh"
termfeed=$target/debug/termfeed
declare -A stage_commands=() stage_pids=()
kills=0
case ${1:-} in
  '') ;;
  --kills) kills=${2:?--kills takes a number} ;;
  *) die "unknown option \"$1\" of ./run example" ;;
esac
[[ -n ${termfeed_is_built:-} ]] ||
  cargo build --profile test --no-default-features --features feeds --bin termfeed

# stage_open NAME: a Postgres and a folder for the example, both new.
stage_open() {
  stage=$1 folder=$target/examples/$1
  rm -rf "${folder:?}"
  mkdir -p "$folder" "$target/logs"
  trap stage_close EXIT
  trap 'exit 143' INT TERM HUP
  cluster_start "example-$stage"
  export PGOPTIONS='-c client_min_messages=warning'
  database="host=$PGHOST user=postgres dbname=$PGDATABASE"
}

stage_close() {
  local pid
  for pid in "${stage_pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  cluster_stop "example-$stage"
}

# begin NAME COMMAND…: a program in the background, which writes to NAME.log, and is started again when
# it was killed.
begin() {
  local name=$1
  shift
  stage_commands[$name]=$(printf '%q ' "$@")
  begin_again "$name"
}

# The program takes the place of the shell, so that the id is its own: what is killed is the program.
begin_again() {
  eval "exec ${stage_commands[$1]}" >>"$folder/$1.log" 2>&1 9>&- </dev/null &
  stage_pids[$1]=$!
}

# feed NAME COMMAND OPTION…: a termfeed.
feed() {
  local name=$1 command=$2
  shift 2
  begin "$name" "$termfeed" "$command" --database "$database" "$@"
}

# end NAME: told to stop; waits until it has.
end() {
  kill -TERM "${stage_pids[$1]}" 2>/dev/null || true
  wait "${stage_pids[$1]}" 2>/dev/null || true
  unset "stage_pids[$1]"
}

# address NAME: what a program of ours has printed first.
address() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [[ ! -s $folder/$1.log ]] || break
    sleep 0.1
  done
  head -n 1 "$folder/$1.log"
}

sql() { psql -q -At -c "$1"; }

# until_true SECONDS SQL [COMMAND…]: waits until the query says t, runs the command each second, and
# disturbs what is at work.
until_true() {
  local end=$((SECONDS + $1)) query=$2
  shift 2
  until [[ $(sql "$query" 2>/dev/null) == t ]]; do
    [[ $SECONDS -lt $end ]] || die "examples/$stage does not come to its end; see ${folder#"$repo/"}"
    [[ $# -eq 0 ]] || "$@"
    if [[ $kills -gt 0 ]]; then
      sleep "0.$((RANDOM % 9 + 1))"
      disturb
    else
      sleep 0.5
    fi
  done
}

# Kills one of those at work, or the database, and starts it again.
disturb() {
  local victims=("${!stage_pids[@]}" database) victim
  victim=${victims[RANDOM % ${#victims[@]}]}
  [[ " ${spared:-} " != *" $victim "* ]] || return 0
  kills=$((kills - 1))
  echo "killed: $victim"
  if [[ $victim == database ]]; then
    kill -9 "$(head -n 1 "$pg_home/data/postmaster.pid")"
    sleep "0.$RANDOM"
    until as_server "$pg_bin/pg_ctl" start -D data -w -s -l "$pg_home/server.log" >/dev/null 2>&1; do sleep 0.2; done
  else
    kill -9 "${stage_pids[$victim]}" 2>/dev/null || true
    wait "${stage_pids[$victim]}" 2>/dev/null || true
    sleep "0.$RANDOM"
    begin_again "$victim"
  fi
}

# rate ROWS SECONDS
rate() { awk -v rows="$1" -v seconds="$2" 'BEGIN { printf "%d rows in %.1f s: %d rows/s\n", rows, seconds, rows / seconds }'; }
