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

# start_serve OPTION…: a server on a free port; sets $server and $url.
start_serve() {
  : >"$folder/termfeed.log" # An earlier run's names a port of its own.
  TERMFEED_TOKEN=hush "$termfeed" serve --listen 127.0.0.1:0 --database "$database" "$@" 2>"$folder/termfeed.log" &
  server=$!
  for _ in {1..200}; do
    url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/termfeed.log" | head -n 1) && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat "$folder/termfeed.log"
  exit 1
}

finish() {
  echo "1..$number"
  exit "$failed"
}
