#!/usr/bin/env bash
# termfeed kafka against a real broker: what becomes rows, what becomes rejects, who has which
# partition, and what happens while the broker or the database is away.
# usage: termfeed/tests/kafka/consume.sh      (from the repository; after ./run build)
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/kafka/harness.sh
harness_start
PGDATABASE=postgres psql -q -c 'DROP DATABASE IF EXISTS consume' -c 'CREATE DATABASE consume'
export PGDATABASE=consume
psql -q -c 'CREATE EXTENSION termstream'
rm -f "$folder"/*.log
run=$RANDOM # Topics stay in the broker: each run has its own.

rows() { sql "SELECT count(*) || '/' || count(DISTINCT id) FROM ${1}_rows"; }
# What is known of a reject.
rejects() { sql "SELECT $2 FROM ${1}_rejects ORDER BY lineno"; }

# --- what a message is ---------------------------------------------------------------------------
json=json$run csv=csv$run raw=raw$run
plain_stream "$json" 'id bigint, name text'
plain_stream "$csv" 'id bigint, name text'
plain_stream "$raw" 'line text'
for topic in "$json" "$csv" "$raw"; do broker_topic "$topic" 1; done
produce "$json" -H 'trace=abc' -H 'note=a "quoted" one' -K '|' <<'TEXT'
k0|{"id": 1, "name": "one, \"two\""}
k1|{"id": 2, "na
k2|{"id": 6, "more": {"is": "ignored"}}
k3|{"id": "x", "name": "no number"}
k4|[1, 2]
k5|{"id": 3}
TEXT
printf '%s\n' '1,"one, two"' '2' '3,three' | produce "$csv"
printf 'any thing\nb\xffd\nmore\n' | produce "$raw"
consume json "$json"
consume csv "$csv" --format csv
consume raw "$raw" --format raw
soon 'JSON objects become rows, by the names of the columns' '1|one, "two",3|,6|' \
  sql "SELECT string_agg(concat_ws('|', coalesce(id::text, ''), coalesce(name, '')), ',' ORDER BY id) FROM ${json}_rows HAVING count(*) = 3"
soon 'lines of CSV become rows' '1|one, two,3|three' \
  sql "SELECT string_agg(concat_ws('|', id, name), ',' ORDER BY id) FROM ${csv}_rows HAVING count(*) = 2"
soon 'raw messages become rows' 'any thing,more' \
  sql "SELECT string_agg(line, ',' ORDER BY line) FROM ${raw}_rows HAVING count(*) = 2"
same 'each message that is no row is a reject, with its stage and its error' \
  'parse|22032 convert|22P02 parse|22032' "$(rejects "$json" "stage || '|' || errorcode" | xargs)"
same 'a reject says which message it was' \
  "kafka:$json/0|1|k1|0|1|abc|a \"quoted\" one" \
  "$(rejects "$json" "concat_ws('|', filename, lineno, origin->>'key', origin->>'partition', origin->>'offset', origin->'headers'->>'trace', origin->'headers'->>'note')" | head -n 1)"
same 'so does a reject that the stream made of a row' "kafka:$json/0|3|$json|k3|3" \
  "$(rejects "$json" "concat_ws('|', filename, lineno, origin->>'topic', origin->>'key', origin->>'offset')" | sed -n 2p)"
same 'the message is kept as it came' '{"id": 2, "na' "$(rejects "$json" line | head -n 1)"
same 'bytes that are no text are kept too' '62ff64' \
  "$(rejects "$raw" "encode(line_bytes, 'hex')")"
same 'read is taken and rejected, in one load' '6|3|3' \
  "$(sql "SELECT read || '|' || taken || '|' || rejected FROM termstream.load WHERE stream = '$json'::regclass AND read > 0")"
# A message without a payload deletes a key, where a topic is compacted; here it is no row.
printf 'k6|\n' | produce "$json" -K '|' -Z
printf '{"id": 4}\n' | produce "$json"
soon 'an empty message is a reject, and what comes after it is read' '22004 4/4' \
  sql "SELECT errorcode || ' ' || (SELECT count(*) || '/' || count(DISTINCT id) FROM ${json}_rows) FROM ${json}_rejects WHERE lineno = 6"
for name in json csv raw; do stop "$name"; done

sums=sums$run
broker_topic "$sums" 1
plain_stream "$sums" 'amount numeric'
sql "SELECT termstream.alter_stream('$sums', formats => '{\"amount\": \"1.234\"}')" >/dev/null
printf '%s\n' '{"amount": 1234567}' '{"amount": 1.234}' '{"amount": "1.234"}' | produce "$sums"
consume sums "$sums"
soon 'a number of JSON is that number, a text is read as the stream says, and none as another' '1234 1234567 convert 1,234' \
  sql "SELECT string_agg(amount::text, ' ' ORDER BY amount) || ' ' || (SELECT stage || ' ' || raw_field_value FROM ${sums}_rejects) FROM ${sums}_rows"
stop sums

# --- the position is the database's --------------------------------------------------------------
consume again "$json" --group "other$run"
printf '{"id": 5}\n' | produce "$json"
soon 'who comes in another group goes on where the database says' '5/5' rows "$json"
stop again
sql "UPDATE termstream.feed_position SET next = 8 WHERE source = 'kafka:$json'"
consume again "$json"
soon 'a position put back by hand is read from' '6/5' rows "$json"

# --- fencing -------------------------------------------------------------------------------------
# A rival has taken the next message while this one was reading it.
sql "SELECT termstream.move_position('$json', 'kafka:$json', '0', 9, 10)" >/dev/null
printf '{"id": 100}\n' | produce "$json"
soon 'a batch of a partition that a rival has moved is refused' 1 logged again '40001'
printf '{"id": 101}\n' | produce "$json"
soon 'and goes on behind the rival' '7/6 101' \
  sql "SELECT count(*) || '/' || count(DISTINCT id) || ' ' || max(id) FROM ${json}_rows"
stop again

# --- SIGTERM -------------------------------------------------------------------------------------
plain_stream "slow$run" 'id bigint, name text' 'batch, (SELECT pg_sleep(8)) s'
broker_topic "slow$run" 1
for id in {1..50}; do echo "{\"id\": $id}"; done | produce "slow$run"
consume slow "slow$run" --log json
wait_for 300 bash -c "[[ \$('$pg_bin/psql' -XAtc \"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%slow%' AND state = 'active'\") == 1 ]]"
stop slow
same 'SIGTERM: the batch in hand is finished' '50/50' "$(rows "slow$run")"
same 'the end is no failure, and the counts are reported' '0 50 50 0 1' \
  "$status $(tail -n 1 "$folder/slow.log" | grep -o '"[a-z]*":[0-9]*' | sed 's/.*://' | xargs)"
same 'logs are JSON lines when asked for' "$(wc -l <"$folder/slow.log")" "$(logged slow '^{"timestamp":.*}$')"

# --- batches -------------------------------------------------------------------------------------
sized=sized$run
plain_stream "$sized" 'id bigint'
broker_topic "$sized" 1
loads() { sql "SELECT string_agg(read::text, ' ' ORDER BY load_id) FROM termstream.load WHERE stream = '$sized'::regclass"; }
for id in {1..9}; do echo "{\"id\": $id}"; done | produce "$sized"
feed sized kafka --topic "$sized" --stream "$sized" --batch-rows 10 --batch-wait 600000
wait_for 300 grep -q 'partitions assigned' "$folder/sized.log"
sleep 2
same 'a batch that is not full waits as long as was chosen' '' "$(loads)"
for id in {10..20}; do echo "{\"id\": $id}"; done | produce "$sized"
soon 'and is taken when it has the chosen size' '10 10' loads
stop sized
for id in {21..23}; do echo "{\"id\": $id}"; done | produce "$sized"
consume sized "$sized" --batch-rows 10
soon 'a batch that is not full is taken when its wait is over' 23 \
  sql "SELECT sum(read) FROM termstream.load WHERE stream = '$sized'::regclass"
stop sized

# --- two instances -------------------------------------------------------------------------------
two=two$run
plain_stream "$two" 'id bigint, name text'
broker_topic "$two" 3
numbers() { seq "$1" "$2" | sed 's/.*/{"id": &}/'; }
mine() { grep -o 'partitions assigned partitions=\[[^]]*\]' "$folder/$1.log" | tail -n 1 | grep -o '\[.*' | tr -cd '0-9' | wc -c; }
consume one "$two"
numbers 1 1000 | produce "$two"
soon 'one instance has all the partitions' '3 1000/1000' eval 'echo "$(mine one) $(rows "$two")"'
consume two "$two" --workers 2
numbers 1001 2000 | produce "$two"
soon 'two instances, one of two workers, share them' '1 2000/2000' eval 'echo "$(mine one) $(rows "$two")"'
stop one KILL
numbers 2001 3000 | produce "$two"
soon 'what an instance had that was killed is read by the other' '3000/3000' rows "$two"
stop two

# --- the right to insert is enough ---------------------------------------------------------------
psql -q -c "DROP ROLE IF EXISTS feeder" -c 'CREATE ROLE feeder LOGIN' -c "GRANT INSERT ON $two TO feeder"
feed_user=feeder consume feeder "$two"
numbers 3001 3100 | sed '7s/3007/"x"/; 8s/}//' | produce "$two"
soon 'a feeder with the right to INSERT, and no other, feeds; its rejects have their places' \
  "3098/3098 2" eval 'echo "$(rows "$two") $(sql "SELECT count(*) FROM ${two}_rejects WHERE origin->>'"'topic'"' = '"'$two'"'")"'

# --- broker away, database away ------------------------------------------------------------------
if [[ $broker_kind == kafka ]]; then
  kill_broker
  consume late "$two" --group "late$run"
  sleep 2
  broker_run
  numbers 3101 3200 | produce "$two"
  soon 'the broker was away, also at the start: nothing is lost, nothing twice' '3198/3198' rows "$two"
  stop late
else
  echo 'SKIP: no real broker: that it goes away was NOT tested'
fi
stop_database
numbers 3201 3300 | produce "$two"
wait_for 300 bash -c "[[ \$(grep -c 'nothing was committed' '$folder/feeder.log') -ge 3 ]]"
start_database
soon 'the database was away: nothing is lost, nothing twice' '3298/3298' rows "$two"
waits=$(grep -o 'wait_ms=[0-9]*' "$folder/feeder.log" | sed 's/.*=//' | xargs)
same 'it was tried again after waits that grow and differ' yes \
  "$(awk '{ print (NF >= 2 && $NF > $1 && $1 % 200 + $2 % 200 > 0) ? "yes" : $0 }' <<<"$waits")"
stop feeder

# --- messages that the broker has deleted --------------------------------------------------------
if [[ $broker_kind == kafka ]]; then
  lost=lost$run
  plain_stream "$lost" 'id bigint, name text'
  broker_topic "$lost" 1
  numbers 1 10 | produce "$lost"
  consume lost "$lost"
  soon 'ten messages are read' '10/10' rows "$lost"
  stop lost
  numbers 11 20 | produce "$lost"
  echo "{\"partitions\": [{\"topic\": \"$lost\", \"partition\": 0, \"offset\": 15}], \"version\": 1}" >"$folder/delete.json"
  broker_java org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server "$KAFKA_BROKERS" \
    --offset-json-file "$folder/delete.json" >>"$broker_home/log" 2>&1
  consume lost "$lost"
  ended lost
  same 'messages deleted before they were read are no secret' '65 1 10/10' \
    "$status $(logged lost 'no longer have messages.*--skip-lost') $(rows "$lost")"
  consume lost "$lost" --skip-lost
  soon 'with --skip-lost it goes on at the first one there is' '15/15' rows "$lost"
  stop lost
else
  echo 'SKIP: no real broker: that it deletes messages was NOT tested'
fi

# --- settings ------------------------------------------------------------------------------------
refuse() {
  local wanted=$1 name=$2
  shift 2
  feed wrong kafka "$@"
  ended wrong
  same "$name" "$wanted" "$status"
}
refuse 64 'a missing setting is told' --topic x
refuse 65 'a stream that is none is told' --topic x --stream nowhere
refuse 64 'a setting that librdkafka does not know is told' --topic x --stream "$two" --kafka-option 'no.such=1'
harness_verdict
