#!/usr/bin/env bash
# usage: termfeed/tests/kafka/chaos.sh [MESSAGES] [KILLS]      (from the repository; after ./run build)
#
# Two termfeeds of one group read a topic of three partitions, while instances, Postgres and the broker
# are killed with -9 at random and started again. At the end each message must be in the database once,
# or in the rejects once. Prints "ok" or what is wrong.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
messages=${1:-20000} kills=${2:-5}
set_up
cargo build -q --profile test -p termfeed --features feeds
log=$target/logs/chaos
mkdir -p "$log"
rm -f "$log"/*
count="SELECT (SELECT count(*) FROM taken) + (SELECT count(*) FROM messages_rejects)"
feeds=()
end() {
  local pid
  for pid in "${feeds[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  broker_stop chaos
  cluster_stop chaos
}
trap end EXIT
trap 'exit 143' INT TERM HUP

feed() { # feed NUMBER: starts an instance
  "$target/debug/termfeed" kafka --database "host=$PGHOST user=postgres dbname=termstream" \
    --brokers "$KAFKA_BROKERS" --topic messages --stream messages --batch-rows 1000 --batch-wait 200 \
    --kafka-option session.timeout.ms=6000 --kafka-option heartbeat.interval.ms=1000 \
    >>"$log/feed$1.log" 2>&1 9>&- &
  feeds[$1]=$!
}

produce() { # Numbered; each 500th is no JSON, each next one no number.
  seq "$messages" | awk '{
    if ($1 % 500 == 7) print "{\"id\":" $1 ",\"na"
    else if ($1 % 500 == 8) print "{\"id\":\"x" $1 "\"}"
    else print "{\"id\":" $1 ",\"name\":\"n" $1 "\"}" }' |
    kcat -b "$KAFKA_BROKERS" -P -t messages -X enable.idempotence=true
}

kill_database() {
  kill -9 "$(head -n 1 "$pg_home/data/postmaster.pid")"
  sleep "0.$RANDOM"
  until as_server "$pg_bin/pg_ctl" start -D data -w -s -l "$pg_home/server.log" >/dev/null 2>&1; do sleep 0.5; done
}

kill_broker() {
  local pid
  pid=$(broker_pid)
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
  sleep "0.$RANDOM"
  broker_run
}

kill_feed() {
  kill -9 "${feeds[$1]}"
  wait "${feeds[$1]}" 2>/dev/null || true
  sleep "0.$RANDOM"
  feed "$1"
}

cluster_start chaos
broker_start chaos
broker_topic messages 3
psql -q -o /dev/null -f termfeed/tests/kafka/stream.sql
produce
feed 0
feed 1
for ((kill = 0; kill < kills; kill++)); do
  sleep "$((RANDOM % 3 + 1))"
  victim=$((kill % 4))
  [[ $victim -ne 3 || $broker_kind == kafka ]] || victim=2
  case $victim in
    0 | 1) say "kill $kill, of $(psql -Atc "$count") taken: instance $victim" && kill_feed "$victim" ;;
    2) say "kill $kill: the database" && kill_database ;;
    3) say "kill $kill: the broker" && kill_broker ;;
  esac
done

for ((tries = 0; tries < 300; tries++)); do
  [[ $(psql -Atc "$count") -lt $messages ]] || break
  sleep 1
done
for pid in "${feeds[@]}"; do kill -TERM "$pid"; done
for pid in "${feeds[@]}"; do wait "$pid" || true; done
feeds=()
psql -At -v messages="$messages" <<'SQL' | tee "$log/verdict"
WITH seen AS (
    SELECT id FROM taken
    UNION ALL SELECT substring(line FROM '[0-9]+')::bigint FROM messages_rejects),
per_id AS (
    SELECT n, count(s.id) AS times FROM generate_series(1, :messages) n LEFT JOIN seen s ON s.id = n GROUP BY n)
SELECT CASE WHEN bool_and(times = 1) AND (SELECT count(*) FROM seen) = :messages THEN 'ok' ELSE 'WRONG' END,
       'lost', count(*) FILTER (WHERE times = 0), 'doubled', count(*) FILTER (WHERE times > 1),
       'taken', (SELECT count(*) FROM taken), 'rejected', (SELECT count(*) FROM messages_rejects),
       'positions', (SELECT sum(next) FROM termstream.feed_position)
  FROM per_id;
SQL
grep -q '^ok' "$log/verdict"
