# What the examples share: servers and feeders in the background, waiting, and disturbance; sourced by
# examples/NAME/run, which ./run example NAME [--kills N] sources.
#
# With --kills N, what is at work is killed with -9 while the example waits, N times, and started again: the
# one that was killed least, at random among those, so that each has its turn. The database and the broker are
# among them. The input comes in slices (paced), the last one after the last kill: none comes too late. The
# final tables must be the same.

source "$repo/termfeed/tests/kafka/broker.sh" # free_port
source "$repo/pg_test/python.sh"
termfeed=$target/debug/termfeed
declare -A stage_commands=() stage_pids=() stage_killed=()
kills=0
case ${1:-} in
  '') ;;
  --kills)
    kills=${2:-}
    [[ $kills =~ ^[0-9]+$ ]] || die "--kills takes a number, not \"$kills\""
    ;;
  *) die "unknown option \"$1\" of ./run example: it takes --kills N" ;;
esac
kills_wanted=$kills
[[ -n ${termfeed_is_built:-} ]] ||
  cargo build --profile test -p termfeed --features feeds

# stage_open NAME: a Postgres and a folder for the example, both new.
stage_open() {
  stage=$1 folder=$target/examples/$1
  rm -rf "${folder:?}"
  mkdir -p "$folder" "$target/logs"
  echo "$kills" >"$folder/kills"
  trap stage_close EXIT
  trap 'exit 143' INT TERM HUP
  cluster_start "example-$stage"
  export PGOPTIONS='-c client_min_messages=warning'
  database="host=$PGHOST user=postgres dbname=$PGDATABASE"
}

stage_close() {
  local pid
  for pid in "${stage_pids[@]}"; do
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
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

# paced LINES: standard input, of so many lines, to standard output. Where something is to be killed it comes
# in pieces, ten a kill, those behind a kill when it was done.
paced() {
  if [[ $kills_wanted -eq 0 ]]; then
    cat
  else
    awk -v lines="$1" -v wanted="$kills_wanted" -v left_in="$folder/kills" '
      { print }
      NR >= lines * (piece + 1) / (wanted + 1) / 10 {
        piece++
        fflush()
        system("sleep 0.1")
        while (1) {
          left = wanted
          getline left <left_in
          close(left_in)
          if (left == 0 || piece / 10 < wanted - left + 1) break
          system("sleep 0.1")
        }
      }'
  fi
}

# until_true SECONDS SQL [COMMAND…]: waits until the query says t, runs the command each second, and
# disturbs what is at work.
until_true() {
  local end=$((SECONDS + $1)) query=$2
  shift 2
  until [[ $(sql "$query" 2>/dev/null) == t ]]; do
    [[ $SECONDS -lt $end ]] || die "examples/$stage does not come to its end; see ${folder#"$repo/"}"
    [[ $# -eq 0 ]] || "$@"
    look_after
    if [[ $kills -gt 0 ]]; then
      sleep "0.$((RANDOM % 9 + 1))"
      disturb
    else
      sleep 0.5
    fi
  done
}

# What has ended by itself is done, or, if it has failed, is started again as any supervisor would.
look_after() {
  local name status
  for name in "${!stage_pids[@]}"; do
    ! kill -0 "${stage_pids[$name]}" 2>/dev/null || continue
    status=0
    wait "${stage_pids[$name]}" 2>/dev/null || status=$?
    unset "stage_pids[$name]"
    [[ $status -ne 0 ]] || continue
    echo "$name has ended with status $status: started again"
    begin_again "$name"
  done
}

# Kills one of those at work, the database or the broker, and starts it again.
disturb() {
  local name victims=() least='' victim pid
  for name in "${!stage_pids[@]}" database broker; do
    [[ $name != broker || ${broker_kind:-} == kafka ]] || continue
    if [[ -z $least || ${stage_killed[$name]:-0} -lt $least ]]; then
      least=${stage_killed[$name]:-0} victims=()
    fi
    [[ ${stage_killed[$name]:-0} -gt $least ]] || victims+=("$name")
  done
  victim=${victims[RANDOM % ${#victims[@]}]}
  case $victim in
    database) pid=$(head -n 1 "$pg_home/data/postmaster.pid") ;;
    broker) pid=$(broker_pid) ;;
    *) pid=${stage_pids[$victim]} ;;
  esac
  kill -9 "$pid" 2>/dev/null || return 0 # Gone already: that was no kill.
  wait "$pid" 2>/dev/null || true
  echo "killed: $victim"
  sleep "0.$RANDOM"
  case $victim in
    database)
      until as_server "$pg_bin/pg_ctl" start -D data -w -s -l "$pg_home/server.log" >/dev/null 2>&1; do sleep 0.2; done
      ;;
    broker) broker_run ;;
    *) begin_again "$victim" ;;
  esac
  stage_killed[$victim]=$((${stage_killed[$victim]:-0} + 1))
  kills=$((kills - 1))
  echo "$kills" >"$folder/kills.new"
  mv "$folder/kills.new" "$folder/kills"
  [[ $kills -gt 0 ]] || told_kills
}

told_kills() {
  local name text=''
  for name in "${!stage_killed[@]}"; do text+=", $name ${stage_killed[$name]}"; done
  echo "$kills_wanted kills:${text#,}"
}

# rate ROWS SECONDS
rate() {
  awk -v rows="$1" -v seconds="$2" -v kills="$kills_wanted" 'BEGIN {
    printf "%d rows in %.1f s: %d rows/s%s\n", rows, seconds, rows / seconds, (kills > 0 ? ", at the pace of the kills" : "") }'
}
