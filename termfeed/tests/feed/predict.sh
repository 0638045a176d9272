#!/usr/bin/env bash
# usage: termfeed/tests/feed/predict.sh      (from the repository; after ./run build and the build of termfeed)
#
# termfeed predict beside a service that fails in every way: which rows are answered, which become
# rejects, and what a crash leaves.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/feed/harness.sh
set_up
harness_start predict

: >"$folder/asked"
mode() { echo "$1" >"$folder/mode.new" && mv "$folder/mode.new" "$folder/mode"; }
mode up
python3 termfeed/tests/feed/service.py "$folder" >"$folder/address" 2>"$folder/service.log" 9>&- &
helpers+=($!)
wait_for 300 test -s "$folder/address"
url=$(cat "$folder/address")

# A work table, and a stream that keeps each answer it gets, twice if it gets it twice.
psql -q <<'SQL'
CREATE TABLE work (id bigint PRIMARY KEY, payload jsonb NOT NULL, attempts integer NOT NULL DEFAULT 0);
CREATE TABLE answers (id bigint, double bigint);
SELECT termstream.create_stream('answered', 'id bigint, answer jsonb',
         $$INSERT INTO answers SELECT id, (answer ->> 'double')::bigint FROM batch$$) \g /dev/null
SQL
# work FROM TO [DO]: rows to ask about.
work() {
  sql "INSERT INTO work SELECT n, jsonb_strip_nulls(jsonb_build_object('id', n, 'do', nullif('${3:-}', '')))
         FROM generate_series($1, $2) n"
}
export TERMFEED_TIMEOUT=60
ask() { # ask NAME OPTION…
  local name=$1
  shift
  feed "$name" predict --url "$url" --work work --stream answered --first-wait 20 --longest-wait 1 \
    --poll-wait 50 "$@"
}
ask_once() {
  ask once --once "$@"
  ended once
}
empty() { sql 'TRUNCATE work, answers, answered_rejects'; : >"$folder/asked"; }
left() { sql 'SELECT count(*) FROM work'; }
outcome() { # answered, each once, rejected, left
  sql "SELECT concat_ws(' ', (SELECT count(*) FROM answers), (SELECT count(DISTINCT id) FROM answers WHERE double = 2 * id),
              (SELECT count(*) FROM answered_rejects), (SELECT count(*) FROM work))"
}

work 1 1000
ask_once --batch-rows 100
same 'each row is answered once, and leaves the table' '1000 1000 0 0' "$(outcome)"
same 'a hundred rows are one question' 10 "$(wc -l <"$folder/asked")"
same 'and asked in the order of their keys' "$(seq -s ' ' 1 100)" "$(head -n 1 "$folder/asked" | cut -d ' ' -f 3-)"

empty
work 1 200
work 201 201 422
work 202 202 500
loads=$(sql 'SELECT max(load_id) FROM termstream.load')
ask_once --batch-rows 500 --attempts 3
same 'rows that the service cannot take do not keep the others from their answers' '200 200 2 0' "$(outcome)"
same 'a reject has stage, place, status and body of the last answer, and how often it was tried' \
  'predict|201|the service answered 422|P0001|422|{"error": "row 201 is bad"}|3
predict|202|the service answered 500|P0001|500|{"error": "row 202 is bad"}|3' \
  "$(sql "SELECT stage, lineno, err_message, errorcode, origin ->> 'status', origin ->> 'body', origin ->> 'attempts'
            FROM answered_rejects ORDER BY lineno")"
same 'a reject keeps the payload' '{"do": "422", "id": 201}' \
  "$(sql 'SELECT line FROM answered_rejects WHERE lineno = 201')"
same 'the counts of the loads add up' '202 200 2 2' \
  "$(sql "SELECT concat_ws(' ', sum(read), sum(taken), sum(rejected), sum(predict)) FROM termstream.load WHERE load_id > $loads")"

empty
work 1 9
work 10 10 short
work 11 11 other
work 12 12 twice
work 13 13 garbage
ask_once --attempts 2
same 'an answer for fewer, more or other rows than asked is an error, and no guess' '9 9 4 0' "$(outcome)"
same 'and the reject says which' \
  'asked about 1 rows, answered for 0|no answer for row "11"|asked about 1 rows, answered for 2|no JSON: expected value at line 1 column 1' \
  "$(sql "SELECT string_agg(err_message, '|' ORDER BY lineno) FROM answered_rejects")"

empty
work 1 50
work 51 51 hang
ask_once --attempts 1 --timeout 4
same 'a row that is never answered in time is rejected alone' '50 50 1 0' "$(outcome)"

empty
work 1 20
ask_once --single --workers 3
same 'one row a question, three at a time' '20 20 0 0 20' "$(outcome) $(grep -vcw 51 "$folder/asked")"

empty
work 1 20
mode 503
ask down --metrics-listen 127.0.0.1:0 --batch-rows 10
metrics() { curl -s "$(grep -o 'http://127.0.0.1:[0-9]*/metrics' "$folder/down.log" | tail -n 1)"; }
circuit() { metrics | sed -n 's/^termfeed_circuit_state{[^}]*} //p'; }
soon 'while the service is down the circuit is open' 2 circuit
wait_for 300 eval '[[ $(wc -l <"$folder/asked") -ge 12 ]]'
same 'and no row is given up' '0 0 0 20' "$(outcome)"
same 'nor is the service pestered: the pauses grow to the longest' yes \
  "$(awk '{ pause = $1 - last; last = $1 } END { print(pause >= 0.9 ? "yes" : pause) }' "$folder/asked")"
same 'the metrics count the failures by status' yes \
  "$(metrics | grep -q '^termfeed_service_failures_total{.*status="503"' && echo yes || metrics)"
mode up
soon 'when it is back all rows are answered' '20 20 0 0' outcome
soon 'and the circuit is closed' 0 circuit
stop down
same 'SIGTERM ends it in order' 0 "$status"

empty
work 1 1 503
ask_once --attempts 3
same 'a row that is alone, and always answered as if the service were down, is rejected if it is not' \
  '0 0 1 0|503|{"error": "row 1 is bad"}|3' \
  "$(outcome)|$(sql "SELECT concat_ws('|', origin ->> 'status', origin ->> 'body', origin ->> 'attempts') FROM answered_rejects")"
same 'and its log says which row it was, each time' 4 "$(grep -c 'the service failed.*status=503.*rows=1 key="1" circuit=Closed' "$folder/once.log")"

empty
work 1 50
work 51 52 504
work 53 53 401
ask_once --attempts 3 --batch-rows 20
same 'and so are several, among others that are answered' '50 50 3 0' "$(outcome)"

empty
work 1 1
mode 503
for one in alone-1 alone-2; do ask $one --attempts 2; done
sleep 3
same 'a row that is alone is not given up while the service is down, by however many instances' \
  '0 0 0 1 0' "$(outcome) $(sql 'SELECT attempts FROM work')"
mode up
soon 'and answered when it is back' '1 1 0 0' outcome
for one in alone-1 alone-2; do stop $one; done

empty
work 1 1 503
ask_once --single --attempts 3 --health-url "${url%/predict}/health"
same 'one row a question: the health of the service tells that it is up' '0 0 1 0' "$(outcome)"
work 2 2
mode 503
ask down --single --attempts 2 --health-url "${url%/predict}/health"
sleep 2
same 'or that it is down' '0 0 1 1 0' "$(outcome) $(sql 'SELECT attempts FROM work')"
mode 500
sleep 2
same 'whatever it answers then' '0 0 1 1 0' "$(outcome) $(sql 'SELECT attempts FROM work')"
mode up
soon 'until it is up again' '1 1 1 0' outcome
stop down

empty
work 1 1 503
ask single --single --attempts 3
sleep 2
same 'where nothing tells, it counts as down' '0 0 0 1 0' "$(outcome) $(sql 'SELECT attempts FROM work')"
sql 'CREATE SEQUENCE other START 2'
another() {
  local other
  other=$(sql "SELECT nextval('other')")
  work "$other" "$other" && sleep 0.5 && sql 'SELECT count(*) FROM answered_rejects'
}
soon 'until others were answered in between, so often' 1 another
soon 'and they are all answered' t sql 'SELECT count(DISTINCT id) = (SELECT last_value - 1 FROM other) FROM answers'
stop single

empty
work 1 5
mode 429
ask patient
wait_for 300 test -s "$folder/asked"
sleep 1
mode up
soon 'a service that is too busy is asked again' '5 5 0 0' outcome
same 'and not before it said so' yes \
  "$(awk 'NR == 1 { first = $1 } NR == 2 { print($1 - first >= 2 ? "yes" : $1 - first) }' "$folder/asked")"
stop patient

empty
work 1 300
mode slow
ask one --batch-rows 10
ask two --batch-rows 10
sleep 1
stop one KILL
ask one --batch-rows 10
sleep 0.4
stop two KILL
ask two --batch-rows 10
soon 'two instances share the rows, and one killed repeats a question, but no effect' '300 300 0 0' outcome
stop one
stop two
mode up

empty
work 1 3
sql "SELECT termstream.alter_stream('answered', statement => \$\$INSERT INTO answers SELECT id, 1 / (id - 2) FROM batch\$\$)" >/dev/null
ask_once
same 'an answer that the stream rejects is a reject of the stream' '2|1|statement' \
  "$(sql 'SELECT (SELECT count(*) FROM answers), count(*), min(stage) FROM answered_rejects')"

ask_fails() {
  "$termfeed" predict --database "host=$PGHOST user=postgres dbname=$PGDATABASE" --once "$@" 2>&1 | grep '^termfeed:' || true
}
sql 'CREATE TABLE bare (id bigint)'
same 'a table that is none of work is refused' \
  'termfeed: table "bare" lacks a column payload of type jsonb: it needs id (unique), payload jsonb, attempts integer NOT NULL DEFAULT 0' \
  "$(ask_fails --url "$url" --work bare --stream answered)"
same 'the address is not shown where it is wrong' \
  'termfeed: --url is no address: write "https://host/path"' \
  "$(ask_fails --url 'user:secret@x' --work work --stream answered)"
harness_verdict
