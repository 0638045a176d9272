#!/usr/bin/env bash
# usage: termfeed/tests/feed/pgbouncer.sh      (from the repository; after ./run build and the build of termfeed)
#
# termfeed behind PgBouncer in transaction mode, whose sessions go from client to client: many clients of
# serve at once, a load of many batches, and what the session before has left.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/feed/harness.sh
# Debian's package starts a service of its own where it is installed: it is unpacked only.
pgbouncer=$(command -v pgbouncer || echo "$target/tools/pgbouncer/usr/sbin/pgbouncer")
if [[ ! -x $pgbouncer ]]; then
  install_packages libevent-2.1-7 libc-ares2
  (
    cd "$(mktemp -d)"
    apt-get download -q pgbouncer
    dpkg-deb -x pgbouncer_*.deb "$target/tools/pgbouncer"
  )
fi
set_up
harness_start bouncer

psql -q -o /dev/null <<'SQL'
CREATE TABLE kept (id int);
SELECT termstream.create_stream('inbox', 'id int', 'INSERT INTO kept SELECT id FROM batch');
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'terms');
SQL
bouncer=$pg_home/bouncer
as_server mkdir "$bouncer"
cp "$pgbouncer" "$pg_home/pgbouncer" # Where the server's user can read it.
cat >"$pg_home/pgbouncer.ini" <<INI
[databases]
* = host=$pg_home port=5432
[pgbouncer]
listen_addr =
unix_socket_dir = $bouncer
listen_port = 6432
auth_type = trust
auth_file = $pg_home/users
pidfile = $bouncer/pid
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
INI
echo '"postgres" ""' >"$pg_home/users"
chmod a+rx "$pg_home"/{pgbouncer,pgbouncer.ini,users}
as_server "$pg_home/pgbouncer" "$pg_home/pgbouncer.ini" >"$folder/pgbouncer.log" 2>&1 9>&- &
wait_for 300 test -s "$bouncer/pid"
helpers+=("$(cat "$bouncer/pid")")
through="host=$bouncer port=6432 user=postgres dbname=$PGDATABASE"
wait_for 300 "$pg_bin/psql" -Xc 'SELECT 1' "$through"

# serve NAME: a termfeed behind PgBouncer; sets $url.
serve() {
  "$termfeed" serve --listen 127.0.0.1:0 --database "$through" 2>"$folder/$1.log" 9>&- &
  feeds[$1]=$!
  wait_for 300 grep -q 'listening on' "$folder/$1.log"
  url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/$1.log" | head -n 1)
}
serve first
urls=("$url")
# Another process, whose statements would have the same names.
serve second
urls+=("$url")
post() { curl -s -o /dev/null -w '%{http_code}\n' -X POST -H 'Content-Type: text/csv' --data-binary $'id\n1\nx\n' "$1/streams/inbox"; }
clients() { # clients N EACH COMMAND…: so many at once, each so often, by either process
  local n=$1 each=$2 one
  shift 2
  local jobs=()
  for ((one = 0; one < n; one++)); do
    for _ in $(seq "$each"); do "$@" "${urls[one % 2]}"; done &
    jobs+=($!)
  done
  wait "${jobs[@]}"
}
same 'all of them are answered' '240 200' "$(clients 12 20 post | sort | uniq -c | xargs)"
same 'each row is there once' 240 "$(sql 'SELECT count(*) FROM kept')"
read_all() {
  local path
  for path in streams streams/inbox streams/inbox/rejects loads lexicons 'lexicons/brands/match?text=a+pepsi' readyz; do
    curl -s -o /dev/null -w '%{http_code}\n' "$1/$path"
  done
}
same 'and who reads, too' '420 200' "$(clients 12 5 read_all | sort | uniq -c | xargs)"

# The session before belongs to somebody who has left his path, and a statement, in it.
sql 'CREATE SCHEMA other' && sql "SELECT termstream.create_stream('other.inbox', 'id int', 'SELECT FROM batch')" >/dev/null
for _ in {1..12}; do
  "$pg_bin/psql" -Xqc "SET search_path = other; PREPARE s1 AS SELECT 1" "$through" 2>/dev/null || true
done
sql 'TRUNCATE kept'
same 'an inherited session means the same stream' '40 200' "$(clients 4 10 post | sort | uniq -c | xargs)"
same 'where each row is' 40 "$(sql 'SELECT count(*) FROM kept')"

sql 'TRUNCATE kept'
seq 5000 | sed '1i id' >"$folder/rows.csv"
"$termfeed" load --quiet --database "$through" --stream inbox --batch-rows 200 "$folder/rows.csv" >"$folder/load.log" 2>&1 || true
same 'a load of many batches' 5000 "$(sql 'SELECT count(*) FROM kept')"
harness_verdict
