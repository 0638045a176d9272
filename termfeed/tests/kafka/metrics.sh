#!/usr/bin/env bash
# What termfeed tells of itself, while it works and while its database is away; Debian's Prometheus
# scrapes it, with the alerts of docker/prometheus, and each panel of the dashboard has something to show.
# usage: termfeed/tests/kafka/metrics.sh      (from the repository; after ./run build)
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/kafka/harness.sh
install_packages prometheus
harness_start
PGDATABASE=postgres psql -q -c 'DROP DATABASE IF EXISTS watched' -c 'CREATE DATABASE watched'
export PGDATABASE=watched
psql -q -c 'CREATE EXTENSION termstream'
rm -rf "$folder"/*.log "$folder/prometheus"
run=$RANDOM

watched=watched$run
plain_stream "$watched" 'id bigint, name text'
broker_topic "$watched" 2
psql -q -c "CREATE TABLE outbox (id bigint PRIMARY KEY, key text, payload text, delivered timestamptz, error text)" \
  -c "INSERT INTO outbox SELECT n, 'k', 'p' FROM generate_series(1, 30) n"
# port_of NAME: the port that a termfeed says it has its metrics on.
port_of() {
  wait_for 300 grep -q 'metrics on http' "$folder/$1.log"
  sed -n 's|.*metrics on http://127.0.0.1:\([0-9]*\)/.*|\1|p' "$folder/$1.log" | head -n 1
}
consume feed "$watched" --metrics-listen 127.0.0.1:0
feed relay relay --outbox outbox --topic "out$run" --metrics-listen 127.0.0.1:0
kafka_port=$(port_of feed) relay_port=$(port_of relay)
ask() { curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1/$2"; }
metrics() { curl -sf "http://127.0.0.1:$1/metrics"; }
# metric PORT SERIES: its value, as the series is written.
metric() { metrics "$1" | awk -v series="$2" 'index($0, series " ") == 1 { print $NF }'; }
lag() { metrics "$kafka_port" | awk '/^termfeed_lag_messages/ { n++; sum += $NF } END { print n + 0, sum + 0 }'; }

soon 'who starts it learns that it is alive and ready' '200 200' \
  eval 'echo "$(ask "$kafka_port" healthz) $(ask "$kafka_port" readyz)"'
soon 'and so with the relay' '200 200' eval 'echo "$(ask "$relay_port" healthz) $(ask "$relay_port" readyz)"'
seq 100 | sed 's/.*/{"id": &}/; 7s/}//; 8s/8/"x"/' | produce "$watched"
soon 'rows are counted' 100 metric "$kafka_port" "termfeed_rows_total{stream=\"$watched\"}"
same 'and rejects, by the stage that rejected them' '1 1' \
  "$(for stage in parse convert; do metric "$kafka_port" "termfeed_rejects_total{stream=\"$watched\",stage=\"$stage\"}"; done | xargs)"
soon 'the lag of each partition is known' '2 0' lag
soon 'delivered rows are counted, and nothing waits' '30' metric "$relay_port" "termfeed_delivered_rows_total{topic=\"out$run\"}"
same 'a counter whose increase is an alert begins at nothing' 0 \
  "$(metric "$relay_port" "termfeed_refused_rows_total{topic=\"out$run\"}")"
same 'promtool has nothing against the names and the help' '' \
  "$(metrics "$kafka_port" | promtool check metrics 2>&1; metrics "$relay_port" | promtool check metrics 2>&1)"

# --- the other commands: a service that is not there, and a shard of Kinesis ----------------------
psql -q <<'SQL'
CREATE TABLE work (id bigint PRIMARY KEY, payload jsonb NOT NULL, attempts integer NOT NULL DEFAULT 0);
INSERT INTO work SELECT n, '{}' FROM generate_series(1, 9) n;
SELECT termstream.create_stream('answered', 'id bigint, answer jsonb', 'SELECT FROM batch') \g /dev/null
SQL
plain_stream sharded 'id bigint, name text'
mkdir -p "$folder/shards"
echo none >"$folder/shards/trouble"
: >"$folder/shards/address"
python3 termfeed/tests/aws/shards.py "$folder/shards" >"$folder/shards/address" 2>"$folder/shards.log" 9>&- &
feeds[shards]=$!
wait_for 300 test -s "$folder/shards/address"
shards=$(cat "$folder/shards/address")
curl -sf -X PUT -o /dev/null -d '{"id": "shard-0", "records": ["{\"id\": 1}", "{\"id\": 2}"]}' "$shards/shard"
without_broker() { # without_broker NAME COMMAND OPTION…
  local name=$1 command=$2
  shift 2
  "$termfeed" "$command" --database "host=$PGHOST user=postgres dbname=$PGDATABASE" "$@" >>"$folder/$name.log" 2>&1 9>&- &
  feeds[$name]=$!
}
without_broker predict predict --url "http://127.0.0.1:$(free_port)/" --work work --stream answered --down-after 2 \
  --first-wait 20 --longest-wait 1 --poll-wait 100 --metrics-listen 127.0.0.1:0
AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-central-1 AWS_ENDPOINT_URL=$shards \
  without_broker kinesis kinesis --kinesis-stream sharded --stream sharded --poll-wait 100 --batch-wait 100 \
  --metrics-listen 127.0.0.1:0
predict_port=$(port_of predict) kinesis_port=$(port_of kinesis)
soon 'the circuit to a service that is not there is open' 2 metric "$predict_port" 'termfeed_circuit_state{stream="answered"}'
soon 'the lag of a shard is known' yes \
  eval 'metrics "$kinesis_port" | grep -q "^termfeed_lag_seconds{.*partition=\"shard-0\"" && echo yes'

# --- Prometheus ----------------------------------------------------------------------------------
mkdir -p "$folder/prometheus"
cp docker/prometheus/alerts.yml "$folder/prometheus/"
targets=$(printf ', "127.0.0.1:%s"' "$kafka_port" "$relay_port" "$predict_port" "$kinesis_port")
targets=${targets#, }
sed -e "s/\[\"serve.*\]/[$targets]/" -e 's/interval: 5s/interval: 1s/' \
  docker/prometheus/prometheus.yml >"$folder/prometheus/prometheus.yml"
prometheus_port=$(free_port)
prometheus --config.file="$folder/prometheus/prometheus.yml" --storage.tsdb.path="$folder/prometheus/data" \
  --web.listen-address="127.0.0.1:$prometheus_port" >>"$folder/prometheus.log" 2>&1 9>&- &
feeds[prometheus]=$!
query() { # query EXPRESSION: the values, sorted
  curl -sf "http://127.0.0.1:$prometheus_port/api/v1/query" --data-urlencode "query=$1" |
    python3 -c 'import json, sys; print(*sorted(one["value"][1] for one in json.load(sys.stdin)["data"]["result"]))'
}
soon 'Prometheus scrapes all four' '1 1 1 1' query up
soon 'and has what was counted' "100 30" eval 'echo "$(query "sum(termfeed_rows_total{stream=\"$watched\"})") $(query "sum(termfeed_delivered_rows_total)")"'
sql "INSERT INTO outbox VALUES (31, 'k', repeat('x', 2000000))"
soon 'a row that no broker takes is an alert' TermfeedRowsRefused eval "curl -sf 'http://127.0.0.1:$prometheus_port/api/v1/alerts' | grep -o TermfeedRowsRefused | head -n 1"
soon 'the alerts are evaluated without an error' 'ok' eval "curl -sf 'http://127.0.0.1:$prometheus_port/api/v1/rules' | python3 -c 'import json, sys; print(*{rule[\"health\"] for group in json.load(sys.stdin)[\"data\"][\"groups\"] for rule in group[\"rules\"]})'"
same 'and fire when they should' 0 \
  "$(promtool test rules docker/prometheus/alerts_test.yml >"$folder/rules.log" 2>&1; echo $?)"

# --- the broker, and Kinesis, say nothing --------------------------------------------------------
readyz() { curl -s "http://127.0.0.1:$1/readyz" | grep -oE '^ready|broker|database' | head -n 1; }
if [[ $broker_kind == kafka ]]; then
  kill -STOP "$(broker_pid)"
  sql "INSERT INTO outbox VALUES (32, 'k', 'p')"
  soon 'a broker that says nothing holds the feeder up, and the relay' 'broker broker' \
    eval 'echo "$(readyz "$kafka_port") $(readyz "$relay_port")"'
  soon 'as a metric' '1 1' eval 'echo "$(metric "$kafka_port" "termfeed_stalled{what=\"broker\"}") $(metric "$relay_port" "termfeed_stalled{what=\"broker\"}")"'
  kill -CONT "$(broker_pid)"
  soon 'until it says something' 'ready ready' eval 'echo "$(readyz "$kafka_port") $(readyz "$relay_port")"'
else
  echo 'SKIP: no real broker: one that says nothing was NOT tested'
fi
kill -STOP "${feeds[shards]}"
soon 'nor does Kinesis' broker readyz "$kinesis_port"
kill -CONT "${feeds[shards]}"
soon 'until it does' ready readyz "$kinesis_port"

# --- a batch that fails again and again ----------------------------------------------------------
sql "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN RAISE serialization_failure; END\$\$"
sql "CREATE TRIGGER refuse BEFORE INSERT ON ${watched}_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
echo '{"id": 1000}' | produce "$watched"
soon 'a batch that fails again and again holds the feeder up' 'not ready: rows' \
  eval 'curl -s "http://127.0.0.1:$kafka_port/readyz" | cut -d : -f 1,2'
sql "DROP TRIGGER refuse ON ${watched}_rows"
soon 'until it is taken' ready readyz "$kafka_port"

# --- the database away ---------------------------------------------------------------------------
stop_database
soon 'without its database it says so' database readyz "$kafka_port"
soon 'without its database it is alive and not ready' '200 503' \
  eval 'echo "$(ask "$kafka_port" healthz) $(ask "$kafka_port" readyz)"'
seq 101 150 | sed 's/.*/{"id": &}/' | produce "$watched"
soon 'the lag grows meanwhile' '2 50' lag
same 'the attempts are counted' yes "$(awk '{ print ($1 > 0 ? "yes" : "no") }' <<<"$(metric "$kafka_port" 'termfeed_retries_total{what="connect"}')")"
start_database
soon 'with its database it goes on' '2 0 200' eval 'echo "$(lag) $(ask "$kafka_port" readyz)"'
soon 'each panel of the dashboard and each alert has its series' 'all there' python3 termfeed/tests/kafka/panels.py "http://127.0.0.1:$prometheus_port"
for one in feed relay predict kinesis prometheus; do stop $one; done

# --- the dashboard's table -----------------------------------------------------------------------
psql -q -c 'DROP ROLE IF EXISTS grafana' -v password=hush -f docker/grafana.sql
same 'the last errors, without the rows, for a role that reads nothing else' "public.$watched|convert public.$watched|parse" \
  "$(PGUSER=grafana sql "SELECT stream || '|' || stage FROM grafana.last_errors() WHERE place LIKE 'kafka:%' ORDER BY stage" | xargs)"
harness_verdict
