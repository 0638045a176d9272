#!/usr/bin/env bash
# usage: termfeed/tests/feed/ready.sh      (from the repository; after ./run build and the build of termfeed)
#
# /readyz and termfeed_stalled say what holds the work up: a database that is gone, one that answers
# nothing, requests that wait in vain, a service that fails or is silent, rows that fail again and again.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/feed/harness.sh
set_up
harness_start ready

psql -q -o /dev/null <<'SQL'
CREATE TABLE kept (id int);
SELECT termstream.create_stream('inbox', 'id int', 'INSERT INTO kept SELECT id FROM batch');
CREATE TABLE work (id bigint PRIMARY KEY, payload jsonb NOT NULL, attempts integer NOT NULL DEFAULT 0);
SELECT termstream.create_stream('answered', 'id bigint, answer jsonb', 'SELECT FROM batch');
SQL
# place NAME: where a termfeed that was started as NAME answers.
place() {
  wait_for 300 grep -q 'http://127.0.0.1:' "$folder/$1.log"
  grep -o 'http://127.0.0.1:[0-9]*' "$folder/$1.log" | head -n 1
}
# state NAME: ready, or not, and what it says of what it waits for.
state() {
  curl -s -m 60 "${places[$1]}/readyz" | grep -oE '"extension"|^ready|database: [a-z ]*|queue:|service:|rows:' | sort -u | xargs
}
stalled() { curl -s "${places[$1]}/metrics" | sed -n 's/^termfeed_stalled{what="\(.*\)"} 1$/\1/p' | sort | xargs; }
declare -A places=()
feed web serve --listen 127.0.0.1:0 --connections 1
places[web]=$(place web)
: >"$folder/asked"
echo up >"$folder/mode"
python3 termfeed/tests/feed/service.py "$folder" >"$folder/address" 2>"$folder/service.log" 9>&- &
helpers+=($!)
service=$!
wait_for 300 test -s "$folder/address"
feed predict predict --url "$(cat "$folder/address")" --work work --stream answered --first-wait 20 --longest-wait 1 \
  --poll-wait 50 --attempts 1000000 --metrics-listen 127.0.0.1:0
places[predict]=$(place predict)

soon 'serve is ready' extension state web
soon 'and predict' ready state predict

# --- a queue: the only session for rows waits for a lock ---------------------------------------------
psql -q -c 'BEGIN' -c 'LOCK kept' -c 'SELECT pg_sleep(3600)' >/dev/null 2>&1 &
helpers+=($!)
post() { curl -s -m 600 -o /dev/null -X POST -H 'Content-Type: text/csv' --data-binary $'id\n1\n' "${places[web]}/streams/inbox"; }
wait_for 300 eval '[[ $(sql "SELECT count(*) FROM pg_locks WHERE relation = '"'kept'"'::regclass AND granted AND mode = '"'AccessExclusiveLock'"'") == 1 ]]'
jobs=()
touch "$folder/locked"
for _ in {1..4}; do
  while [[ -e $folder/locked ]]; do post; done &
  jobs+=($!)
done
soon 'requests that wait in vain are a stall' queue: state web
soon 'as a metric, too' queue stalled web
rm "$folder/locked"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()" >/dev/null
wait "${jobs[@]}" || true
soon 'and behind them it is ready' extension state web

# --- a service that fails, one that is silent --------------------------------------------------------
mode() { echo "$1" >"$folder/mode.new" && mv "$folder/mode.new" "$folder/mode"; }
mode 503
sql "INSERT INTO work SELECT n, jsonb_build_object('id', n) FROM generate_series(1, 9) n"
soon 'a service that fails is a stall' service: state predict
soon 'as a metric' service stalled predict
mode up
soon 'and then not any more' ready state predict
kill -STOP "$service"
sql "INSERT INTO work SELECT n, jsonb_build_object('id', n) FROM generate_series(11, 19) n"
soon 'a service that says nothing is one' service: state predict
kill -CONT "$service"
soon 'until it says something' ready state predict

# --- rows that fail again and again: nothing of it is a reject, since the stream is at fault -----------
sql "SELECT termstream.alter_stream('answered', statement => 'INSERT INTO kept SELECT 1 FROM batch')" >/dev/null
sql "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN RAISE serialization_failure; END\$\$"
sql 'CREATE TRIGGER refuse BEFORE INSERT ON kept FOR EACH STATEMENT EXECUTE FUNCTION refuse()'
sql "INSERT INTO work SELECT n, jsonb_build_object('id', n) FROM generate_series(21, 29) n"
soon 'rows that fail again and again are one' rows: state predict
soon 'as a metric' rows stalled predict
sql 'DROP TRIGGER refuse ON kept'
soon 'until they do not' ready state predict

# --- a database that is silent, or gone ---------------------------------------------------------------
postmaster=$(head -n 1 "$pg_home/data/postmaster.pid")
stop_all() { # SIGSTOP or SIGCONT for the server and all its children
  local pid
  for pid in "$postmaster" $(pgrep -P "$postmaster"); do kill "-$1" "$pid" 2>/dev/null || true; done
}
stop_all STOP
soon 'a database that answers nothing is a stall' 'database: no answer for' state web
soon 'as a metric' database stalled web
soon 'for predict as well' 'database: no answer for' state predict
stop_all CONT
soon 'until it answers' 'extension ready' eval 'echo "$(state web) $(state predict)"'
stop_database
soon 'one that is gone' 'database: it does not answer' state web
start_database
soon 'until it is back' 'extension ready' eval 'echo "$(state web) $(state predict)"'
sql 'DROP EXTENSION termstream CASCADE' 2>/dev/null
soon 'one without the extension' 'database: it has no extension termstream' state web
harness_verdict
