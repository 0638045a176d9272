#!/usr/bin/env bash
# What termfeed tells of itself, while it works and while its database is away; Debian's Prometheus
# scrapes it, with the alerts of docker/prometheus, and the dashboard's table is filled.
# usage: pg_test/kafka/metrics.sh      (from the repository; after ./run build)
source "$(dirname "${BASH_SOURCE[0]}")/../open.sh"
source pg_test/kafka/harness.sh
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
psql -q -c "CREATE TABLE outbox (id bigint PRIMARY KEY, key text, payload text, delivered timestamptz)" \
  -c "INSERT INTO outbox SELECT n, 'k', 'p' FROM generate_series(1, 30) n"
kafka_port=$(free_port) relay_port=$(free_port)
consume feed "$watched" --metrics-listen "127.0.0.1:$kafka_port"
feed relay relay --outbox outbox --topic "out$run" --metrics-listen "127.0.0.1:$relay_port"
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
same 'promtool has nothing against the names and the help' '' \
  "$(metrics "$kafka_port" | promtool check metrics 2>&1; metrics "$relay_port" | promtool check metrics 2>&1)"

# --- Prometheus ----------------------------------------------------------------------------------
mkdir -p "$folder/prometheus"
cp docker/prometheus/alerts.yml "$folder/prometheus/"
sed -e "s/\[\"serve.*\]/[\"127.0.0.1:$kafka_port\", \"127.0.0.1:$relay_port\"]/" -e 's/interval: 5s/interval: 1s/' \
  docker/prometheus/prometheus.yml >"$folder/prometheus/prometheus.yml"
prometheus_port=$(free_port)
prometheus --config.file="$folder/prometheus/prometheus.yml" --storage.tsdb.path="$folder/prometheus/data" \
  --web.listen-address="127.0.0.1:$prometheus_port" >>"$folder/prometheus.log" 2>&1 9>&- &
feeds[prometheus]=$!
query() { # query EXPRESSION: the values, sorted
  curl -sf "http://127.0.0.1:$prometheus_port/api/v1/query" --data-urlencode "query=$1" |
    python3 -c 'import json, sys; print(*sorted(one["value"][1] for one in json.load(sys.stdin)["data"]["result"]))'
}
soon 'Prometheus scrapes both' '1 1' query up
soon 'and has what was counted' "100 30" eval 'echo "$(query "sum(termfeed_rows_total)") $(query "sum(termfeed_delivered_rows_total)")"'
soon 'the alerts are evaluated without an error' 'ok' eval "curl -sf 'http://127.0.0.1:$prometheus_port/api/v1/rules' | python3 -c 'import json, sys; print(*{rule[\"health\"] for group in json.load(sys.stdin)[\"data\"][\"groups\"] for rule in group[\"rules\"]})'"
same 'and fire when they should' 0 \
  "$(promtool test rules docker/prometheus/alerts_test.yml >"$folder/rules.log" 2>&1; echo $?)"

# --- the database away ---------------------------------------------------------------------------
stop_database
soon 'without its database it is alive and not ready' '200 503' \
  eval 'echo "$(ask "$kafka_port" healthz) $(ask "$kafka_port" readyz)"'
seq 101 150 | sed 's/.*/{"id": &}/' | produce "$watched"
soon 'the lag grows meanwhile' '2 50' lag
same 'the attempts are counted' yes "$(awk '{ print ($1 > 0 ? "yes" : "no") }' <<<"$(metric "$kafka_port" 'termfeed_retries_total{what="connect"}')")"
start_database
soon 'with its database it goes on' '2 0 200' eval 'echo "$(lag) $(ask "$kafka_port" readyz)"'
stop feed
stop relay
stop prometheus

# --- the dashboard's table -----------------------------------------------------------------------
psql -q -c 'DROP ROLE IF EXISTS grafana' -v password=hush -f docker/grafana.sql
same 'the last errors, without the rows, for a role that reads nothing else' "public.$watched|convert public.$watched|parse" \
  "$(PGUSER=grafana sql "SELECT stream || '|' || stage FROM grafana.last_errors() WHERE place LIKE 'kafka:%' ORDER BY stage" | xargs)"
harness_verdict
