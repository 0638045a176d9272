#!/usr/bin/env bash
# termfeed relay against a real broker: what is sent and in which order, what is marked, and what
# happens when it is killed, when the broker is away, and when a row cannot be sent.
# usage: termfeed/tests/kafka/relay.sh      (from the repository; after ./run build)
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/kafka/harness.sh
harness_start
PGDATABASE=postgres psql -q -c 'DROP DATABASE IF EXISTS relay' -c 'CREATE DATABASE relay'
export PGDATABASE=relay
psql -q -c 'CREATE EXTENSION termstream'
rm -f "$folder"/*.log
run=$RANDOM

outbox() {
  psql -q <<SQL
CREATE TABLE $1 (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text, payload jsonb NOT NULL,
                 delivered timestamptz);
CREATE INDEX ON $1 (id) WHERE delivered IS NULL;
SQL
}
# fill OUTBOX FROM TO: rows of seven keys.
fill() {
  sql "INSERT INTO $1 (key, payload) SELECT 'k' || n % 7, jsonb_build_object('n', n) FROM generate_series($2, $3) n"
}
relay() { # relay NAME OUTBOX OPTION…
  local name=$1 outbox=$2
  shift 2
  feed "$name" relay --outbox "$outbox" --topic "$topic" --poll-wait 100 \
    --kafka-option reconnect.backoff.max.ms=500 "$@"
}
waiting() { sql "SELECT count(*) FROM $1 WHERE delivered IS NULL"; }
# How many messages there are of how many ids, and how many keys have their first ones out of order.
# A message sent again is dropped by its id, as a reader would.
delivered() {
  consumed "$topic" '%h %k %s\n' | sed -n 's/^termfeed-id=\([^ ,]*\)[^ ]* \([^ ]*\) .*"n": \([0-9]*\).*/\1 \2 \3/p' | awk '
    { all++ } seen[$1]++ { next }
    { ids++; if ($3 <= last[$2]) wrong[$2]; last[$2] = $3 }
    END { print (all >= ids ? "all of" : "?"), ids + 0, "in order but", length(wrong) }'
}

topic=plain$run
broker_topic "$topic" 3
outbox first
fill first 1 2000
relay once first --once
ended once
same 'all rows of the outbox are sent and marked' '0 0' "$status $(waiting first)"
same 'in order per key, each with its id' 'all of 2000 in order but 0' "$(delivered)"
same 'a message: key, header, payload' 'k1 termfeed-id=first/1 {"n": 1}' \
  "$(consumed "$topic" '%k %h %s\n' | grep '"n": 1}')"
relay once first --once
ended once
same 'what is marked is not sent again' 2000 "$(consumed "$topic" '%s\n' | wc -l)"

psql -q -c 'BEGIN' -c "INSERT INTO first (key, payload) VALUES ('k', '{\"n\": -1}')" -c 'ROLLBACK'
relay once first --once
ended once
same 'what was rolled back is not sent' 2000 "$(consumed "$topic" '%s\n' | wc -l)"

# --- killed, and started again -------------------------------------------------------------------
topic=killed$run
broker_topic "$topic" 3
outbox second
relay one second --batch-rows 200
relay two second --batch-rows 200 # Stands by.
for part in {0..9}; do
  fill second $((part * 2000 + 1)) $((part * 2000 + 2000))
  victim=$((part % 2 ? 1 : 2))
  [[ $victim == 1 ]] && name=one || name=two
  sleep "0.$((RANDOM % 5 + 2))"
  stop "$name" KILL
  relay "$name" second --batch-rows 200
done
soon 'ten times killed and started again: all rows are marked' 0 waiting second
same 'each was sent, those of a key in order' 'all of 20000 in order but 0' "$(delivered)"
stop one
stop two

# --- told to end ----------------------------------------------------------------------------------
topic=ended$run
broker_topic "$topic" 3
outbox ending
fill ending 1 50000
relay ending ending --batch-rows 20
wait_for 300 bash -c "[[ \$('$pg_bin/psql' -XAtc 'SELECT count(*) FROM ending WHERE delivered IS NOT NULL') -gt 300 ]]"
stop ending
same 'SIGTERM in the middle: what was sent is flushed and marked, each once, and nothing else' \
  '0 yes yes' "$status $([[ $(waiting ending) -gt 0 ]] && echo yes) $(
    [[ $(consumed "$topic" '%s\n' | wc -l) == "$(sql 'SELECT count(*) FROM ending WHERE delivered IS NOT NULL')" ]] && echo yes)"

# --- transactions of Kafka's ---------------------------------------------------------------------
topic=whole$run
broker_topic "$topic" 3
outbox third
fill third 1 3000
relay whole third --batch-rows 500 --transactional-id "whole$run"
sleep 0.5
stop whole KILL
relay whole third --batch-rows 500 --transactional-id "whole$run"
soon 'in transactions, killed and started again: all rows are marked' 0 waiting third
same 'a reader of committed messages sees each, in order per key' 'all of 3000 in order but 0' "$(delivered)"
stop whole

# --- the broker away -----------------------------------------------------------------------------
if [[ $broker_kind == kafka ]]; then
  topic=away$run
  broker_topic "$topic" 1
  outbox fourth
  relay away fourth
  fill fourth 1 100
  soon 'the outbox is empty' 0 waiting fourth
  kill_broker
  fill fourth 101 200
  sleep 2
  broker_run
  soon 'the broker was away: the rows are sent when it is back' 0 waiting fourth
  same 'each once: the producer is idempotent' 200 "$(consumed "$topic" '%s\n' | wc -l)"
  stop away
  same 'SIGTERM is no failure, and the count is reported' '0 1' "$status $(logged away 'delivered.*rows=200')"
else
  echo 'SKIP: no real broker: a relay without a broker was NOT tested'
fi

# --- views, headers, rows that cannot be sent ----------------------------------------------------
topic=view$run
broker_topic "$topic" 1
psql -q <<'SQL'
CREATE TABLE letters (letter_id bigint PRIMARY KEY, place text, body text, sent timestamptz, problem text);
INSERT INTO letters VALUES (1, 'a', 'one'), (2, 'b', repeat('x', 2000000)), (3, 'a', 'three');
CREATE VIEW letters_out AS
SELECT letter_id AS id, place AS key, body AS payload, jsonb_build_object('place', place, 'size', length(body))
       AS headers, sent AS delivered, problem AS error FROM letters;
SQL
relay view letters_out --once
ended view
same 'a view that can be updated is an outbox; its headers are sent' \
  'termfeed-id=letters_out/1,place=a,size=3 one termfeed-id=letters_out/3,place=a,size=5 three' \
  "$(consumed "$topic" '%h %s\n' | xargs)"
same 'a row that is too large is marked with the reason, and those behind it are sent' '1,3|2' \
  "$(sql "SELECT string_agg(letter_id::text, ',') FILTER (WHERE sent IS NOT NULL) || '|' || string_agg(letter_id::text, ',') FILTER (WHERE problem ILIKE '%size%') FROM letters")"
outbox fifth
sql "INSERT INTO fifth (key, payload) VALUES ('k', to_jsonb(repeat('x', 2000000)))"
relay stuck fifth --once
ended stuck
same 'without a column for the reason the relay stops with it' '65 1' \
  "$status $(logged stuck 'row 1 of "fifth" cannot be delivered.*column "error"')"

# --- a cursor ------------------------------------------------------------------------------------
topic=cursor$run
broker_topic "$topic" 1
psql -q -c 'CREATE TABLE events (n bigserial PRIMARY KEY, what text)' \
  -c "CREATE VIEW events_out AS SELECT n, NULL::text AS key, what AS payload FROM events"
# A row committed late, with a number below the others.
rm -f "$folder/late"
mkfifo "$folder/late"
psql -q <"$folder/late" &
late=$!
exec 4>"$folder/late"
echo "BEGIN; INSERT INTO events (what) VALUES ('late');" >&4
wait_for 300 bash -c "[[ \$('$pg_bin/psql' -XAtc 'SELECT last_value FROM events_n_seq') == 1 && \$('$pg_bin/psql' -XAtc \"SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = 'events'::regclass\") == 1 ]]"
sql "INSERT INTO events (what) VALUES ('two'), ('three')"
relay cursor events_out --cursor n
sleep 1
same 'with a cursor nothing is sent while a row below may still come' '' "$(consumed "$topic" '%s\n')"
printf 'COMMIT;\n\\q\n' >&4
exec 4>&-
wait "$late"
soon 'and no row is jumped over' 'late two three' eval 'consumed "$topic" "%s\n" | xargs'
stop cursor
sql "INSERT INTO events (what) VALUES ('four')"
relay cursor events_out --cursor n --once
ended cursor
same 'it goes on at its position' 'late two three four' "$(consumed "$topic" '%s\n' | xargs)"
relay wrong events_out --once
ended wrong
same 'an outbox that lacks a column is told' '64 1' "$status $(logged wrong 'has no column "id": a relay needs id, payload, delivered')"

# --- the rejects of a stream ---------------------------------------------------------------------
topic=dead$run inbox=inbox$run
broker_topic "$inbox" 1
broker_topic "$topic" 1
plain_stream "$inbox" 'id bigint, name text'
psql -q -c 'DROP ROLE IF EXISTS herald' -c 'CREATE ROLE herald LOGIN' \
  -c "GRANT INSERT ON $inbox TO herald" -c "GRANT SELECT ON ${inbox}_rejects TO herald"
printf '{"id": 1}\n{"id": "x", "name": "b"}\nnone\n' | produce "$inbox" -k k7 -H trace=t1
consume taker "$inbox"
soon 'two messages are rejects' 2 sql "SELECT count(*) FROM ${inbox}_rejects"
stop taker
dead() { feed_user=herald feed dead relay --rejects "$inbox" --topic "$topic" --once && ended dead; }
letters() { # key, headers but for the number of the id, and the letter's fields but for the time
  consumed "$topic" '%k\t%h\t%s\n' | python3 -c '
import json, re, sys
for line in sys.stdin:
    key, headers, letter = line.rstrip("\n").split("\t")
    letter = json.loads(letter)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*", letter.pop("failed_at"))
    print(key, re.sub(r"/\d+", "/N", headers), *(f"{name}={letter[name]}" for name in sorted(letter)), sep="|")'
}
dead
same 'the rejects of a stream are sent as dead letters, with all that is known of them, by who may read them' \
  "k7|termfeed-id=${inbox}_rejects/N,trace=t1|error_type=22P02|headers={'trace': 't1'}|message=invalid input syntax for type bigint: \"x\"|offset=1|partition=0|payload={\"id\": \"x\", \"name\": \"b\"}|service=public.$inbox|source=kafka:$inbox/0|stage=convert|topic=$inbox
k7|termfeed-id=${inbox}_rejects/N,trace=t1|error_type=22032|headers={'trace': 't1'}|message=no JSON object: expected ident at line 1 column 2|offset=2|partition=0|payload=none|service=public.$inbox|source=kafka:$inbox/0|stage=parse|topic=$inbox" \
  "$(letters)"
psql -q -o /dev/null -c "INSERT INTO $inbox VALUES ('y', 'c')"
dead
same 'each once, also of rows that were no messages' '3 error_type=22P02|headers=None|message=invalid input syntax for type bigint: "y"|offset=1|partition=None' \
  "$(letters | awk -F'|' 'END { print NR " " $3 "|" $4 "|" $5 "|" $6 "|" $7 }')"
psql -q -c "REVOKE SELECT ON ${inbox}_rejects FROM herald"
dead
same 'who may not read them is told' '65 1' "$status $(logged dead "permission denied for table ${inbox}_rejects")"
harness_verdict
