# ./run serve: the demo's streams over HTTP; sourced by ./run, with PORT as its first argument.

serve_port=${1:-8080}
[[ $serve_port =~ ^[0-9]+$ && $serve_port -lt 65536 ]] || die "\"$serve_port\" is no port"
if ! cluster_use demo; then
  build
  cluster_start demo
  (cd "$repo/examples/menu" && PGOPTIONS='-c client_min_messages=warning' psql -q -o /dev/null -f menu.sql)
else
  set_up
fi
if [[ $# -eq 0 ]] && (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; then
  serve_port=0 # any
fi
say "Building termfeed (the first time: some 3 minutes on two cores)"
cargo build --profile feed -p termfeed
say "Its page is at the address below. Try examples/menu/input_broken.csv; Ctrl-C ends it, the database stays"
exec "$target/feed/termfeed" serve --listen "127.0.0.1:$serve_port" \
  --database "host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE"
