# What the tests of termfeed share; sourced by them, with $psql, $termfeed and $folder set.

number=0 failed=0
psql() { "$psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }

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

# How the tests reach the database; a URL, with a password that nothing may print.
database="postgresql://$PGUSER:sesame@/$PGDATABASE?host=$PGHOST&port=$PGPORT"

# until_so COMMAND…: waits until the command succeeds; five minutes, and the test fails. A busy machine
# makes it longer, and nothing else.
until_so() {
  local end=$((SECONDS + 300))
  until "$@" >/dev/null 2>&1; do
    [[ $SECONDS -lt $end ]] || {
      echo "not ok $((number + 1)) - waited in vain for: $*"
      exit 1
    }
    sleep 0.1
  done
}

# serve LOG OPTION…: a server that says on $folder/LOG where it is; sets $server and $url.
serve() {
  local log=$folder/$1
  shift
  : >"$log" # An earlier run's names a port of its own.
  "$termfeed" serve "$@" 2>"$log" &
  server=$!
  until_so eval "grep -q 'http://127.0.0.1:' '$log' || ! kill -0 $server"
  url=$(grep -o 'http://127.0.0.1:[0-9]*' "$log" | head -n 1) && return
  cat "$log"
  exit 1
}

# start_serve OPTION…: a server with a token on a free port; sets $server and $url.
start_serve() { TERMFEED_TOKEN=hush serve termfeed.log --listen 127.0.0.1:0 --database "$database" "$@"; }

stop_serve() {
  kill -TERM "$server"
  wait "$server" || true
}

finish() {
  echo "1..$number"
  exit "$failed"
}
