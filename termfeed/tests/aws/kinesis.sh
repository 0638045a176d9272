#!/usr/bin/env bash
# usage: termfeed/tests/aws/kinesis.sh      (from the repository; after ./run build and the build of termfeed)
#
# termfeed kinesis beside moto's server: every record once, or in the rejects once. What moto has not
# (shards that end, throttling) a stand-in of ours has.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/aws/moto.sh
source termfeed/tests/feed/harness.sh
set_up
need_python || { echo 'SKIP: PyPI cannot be reached: termfeed kinesis was NOT tested' && exit 0; }
harness_start kinesis
moto_start
helpers+=("$moto_pid")
put() { "$python" termfeed/tests/aws/put.py "$@"; }
numbers() { seq "$1" "$2" | awk '{ print "{\"id\":" $1 ",\"name\":\"n" $1 "\"}" }'; }
read_shards() { # read_shards NAME STREAM OPTION…
  local name=$1 stream=$2
  shift 2
  feed "$name" kinesis --kinesis-stream "$stream" --stream "$stream" --poll-wait 100 --batch-wait 100 "$@"
}
count() { sql "SELECT concat_ws(' ', count(*), count(DISTINCT id), (SELECT count(*) FROM ${1}_rejects)) FROM ${1}_rows"; }

plain_stream things 'id bigint, name text'
{ numbers 1 1000; echo '{"id":"x1001"}'; echo '{"id":1002,'; printf 'no \xff text\n'; } | put things 3
read_shards one things
soon 'each record of three shards is a row once, or a reject once' '1000 1000 3' count things
same 'a reject says where it came from' 't t t' \
  "$(sql "SELECT concat_ws(' ', bool_and(filename = 'kinesis:things'), bool_and(origin ->> 'shard' LIKE 'shardId-%'),
                 bool_and(origin ->> 'sequence_number' ~ '^[0-9]+$')) FROM things_rejects")"
same 'positions count the records of each shard' '3 1003' \
  "$(sql "SELECT concat_ws(' ', count(*), sum(next)) FROM termstream.feed_position WHERE source = 'kinesis:things'")"
stop one
same 'SIGTERM ends it in order' 0 "$status"
numbers 1003 1100 | put things
read_shards one things
soon 'it goes on where the database says' '1098 1098 3' count things

read_shards two things
shards_of() { sql "SELECT string_agg(n::text, ' ' ORDER BY n) FROM (SELECT count(*) AS n FROM pg_locks
    WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' GROUP BY pid) s"; }
soon 'two instances share the shards' '1 2' shards_of
numbers 1101 3000 | put things &
putting=$!
sleep 1
stop one KILL
read_shards one things
sleep 1
stop_database
sleep 0.5
start_database
wait "$putting"
soon 'an instance killed and the database stopped: each record once' '2998 2998 3' count things
stop one
stop two

plain_stream later 'id bigint, name text'
numbers 1 10 | put later 1
read_shards late later --from latest
wait_for 300 grep -q 'shard taken' "$folder/late.log"
sleep 0.5
stop late
numbers 11 20 | put later
read_shards late later --from latest
soon 'from latest: what came since the first start, though it was stopped' '10 11 20' \
  sql "SELECT concat_ws(' ', count(*), min(id), max(id)) FROM later_rows"
stop late
plain_stream since 'id bigint, name text'
from_time() { # from_time NAME TIME
  feed "$1" kinesis --kinesis-stream later --stream since --poll-wait 100 --batch-wait 100 --from "$(date -u -d "$2" +%FT%TZ)"
  wait_for 300 grep -q 'shard taken' "$folder/$1.log"
}
from_time tomorrow '1 day'
sleep 1
stop tomorrow
same 'from a time to come: nothing' 0 "$(sql 'SELECT count(*) FROM since_rows')"
from_time yesterday '1 day ago'
soon 'from a time that was: all since then' 20 sql 'SELECT count(DISTINCT id) FROM since_rows'
stop yesterday

# What moto has not.
export AWS_ENDPOINT_URL_KINESIS
echo throttle >"$folder/trouble"
python3 termfeed/tests/aws/shards.py "$folder" >"$folder/address" 2>"$folder/shards.log" 9>&- &
helpers+=($!)
wait_for 300 test -s "$folder/address"
AWS_ENDPOINT_URL_KINESIS=$(cat "$folder/address")
shard() { curl -sf -X PUT -o /dev/null -d "$1" "$AWS_ENDPOINT_URL_KINESIS/shard"; }
records() { numbers "$1" "$2" | python3 -c 'import json, sys; print(json.dumps(sys.stdin.read().split()))'; }
sql 'CREATE TABLE ordered_rows (at bigserial, id bigint)'
sql "SELECT termstream.create_stream('ordered', 'id bigint, name text', 'INSERT INTO ordered_rows (id) SELECT id FROM batch')" >/dev/null
shard "{\"id\": \"shard-0\", \"records\": $(records 1 40), \"ended\": true}"
shard "{\"id\": \"shard-1\", \"parents\": [\"shard-0\"], \"records\": $(records 41 60), \"ended\": true}"
shard "{\"id\": \"shard-2\", \"parents\": [\"shard-0\"], \"records\": $(records 61 80), \"ended\": true}"
shard "{\"id\": \"shard-3\", \"parents\": [\"shard-1\", \"shard-2\"], \"records\": $(records 81 100)}"
read_shards split ordered
soon 'shards that were split and merged are read to their end first, throttled or not' '100 100 t' \
  sql "SELECT concat_ws(' ', count(*), count(DISTINCT id), bool_and((a.id > 40 OR a.at <= 40) AND (a.id <= 80 OR a.at > 80))) FROM ordered_rows a"
same 'throttling is told' yes "$([[ $(logged split ProvisionedThroughputExceeded) -gt 0 ]] && echo yes)"
echo expire >"$folder/trouble"
shard "{\"id\": \"shard-3\", \"records\": $(records 101 150)}"
soon 'an iterator that expires is asked for again' '150 150' \
  sql "SELECT concat_ws(' ', count(*), count(DISTINCT id)) FROM ordered_rows"
stop split
unset AWS_ENDPOINT_URL_KINESIS

refused() { timeout 300 "$termfeed" kinesis --database "host=$PGHOST user=postgres dbname=$PGDATABASE" "$@" 2>&1 | grep -o '^termfeed: .*' | cut -c -70 || true; }
same 'without credentials it ends at once' 'termfeed: no credentials of Amazon'"'"'s: set AWS_ACCESS_KEY_ID and AWS_SE' \
  "$(AWS_ACCESS_KEY_ID='' AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null refused --kinesis-stream things --stream things)"
printf '[other]\naws_access_key_id = a\naws_secret_access_key = b\nregion = eu-west-1\n' >"$folder/credentials"
same 'a profile of the shared file serves, and a stream that is not there is told' \
  'termfeed: Kinesis has no stream "nowhere", or no such shard of it: Str' \
  "$(AWS_ACCESS_KEY_ID='' AWS_REGION='' AWS_DEFAULT_REGION='' AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=$folder/credentials \
    AWS_PROFILE=other refused --kinesis-stream nowhere --stream things --region eu-west-1)"
harness_verdict
