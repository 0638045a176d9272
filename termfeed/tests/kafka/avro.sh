#!/usr/bin/env bash
# Avro both ways, with a schema registry: written and read by another engine (fastavro), schemas that
# change, messages that cannot be read, a registry that does not answer.
# usage: termfeed/tests/kafka/avro.sh      (from the repository; after ./run build)
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/kafka/harness.sh
source termfeed/tests/kafka/registry.sh

# The other engine, from PyPI, into target/.
need_fastavro() {
  export PYTHONPATH=$target/tools/python
  ! python3 -c 'import fastavro' 2>/dev/null || return 0
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
  python3 -m pip install -q --target "$target/tools/python" fastavro
}
need_fastavro
harness_start
trap 'harness_end; kill -9 $registry_pid 2>/dev/null || true' EXIT
registry_pid=
registry_start
PGDATABASE=postgres psql -q -c 'DROP DATABASE IF EXISTS avro' -c 'CREATE DATABASE avro'
export PGDATABASE=avro
psql -q -c 'CREATE EXTENSION termstream'
rm -f "$folder"/*.log "$folder"/*.msg
run=$RANDOM
avro() { python3 "$repo/termfeed/tests/kafka/avro.py" "$@"; }

cat >"$folder/first.avsc" <<'JSON'
{"type": "record", "name": "payment", "fields": [
  {"name": "id", "type": "long"},
  {"name": "note", "type": ["null", "string"], "default": null},
  {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
  {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
  {"name": "tags", "type": {"type": "array", "items": "string"}}]}
JSON
# A later version: a field less, a field more, one by another name.
cat >"$folder/second.avsc" <<'JSON'
{"type": "record", "name": "payment", "fields": [
  {"name": "id", "type": "long"},
  {"name": "remark", "type": "string"},
  {"name": "side", "type": {"type": "enum", "name": "side", "symbols": ["debit", "credit"]}}]}
JSON
# What a reader wants of both.
cat >"$folder/reader.avsc" <<'JSON'
{"type": "record", "name": "payment", "fields": [
  {"name": "id", "type": "long"},
  {"name": "note", "type": ["null", "string"], "default": null},
  {"name": "side", "type": {"type": "enum", "name": "side", "symbols": ["debit", "credit"]}, "default": "debit"}]}
JSON

topic=pay$run
broker_topic "$topic" 1
first=$(registry_add "$topic-value" "$folder/first.avsc")
second=$(registry_add "$topic-other" "$folder/second.avsc")
avro write "$folder/first.avsc" "$first" "$folder"/{1,2}.msg <<'JSON'
{"id": 1, "note": "a \"note\", ü", "amount": "-12.50", "at": "2026-01-02T03:04:05.000006+00:00", "tags": ["x", "y"]}
{"id": 2, "note": null, "amount": "9999999999.99", "at": "1969-12-31T23:59:59+00:00", "tags": []}
JSON
avro write "$folder/second.avsc" "$second" "$folder/3.msg" <<<'{"id": 3, "remark": "later", "side": "credit"}'
printf '{"id": 4}' >"$folder/4.msg"                            # No Avro.
printf '\0\0\1\x86\x9f\2' >"$folder/5.msg"                      # A schema that nobody knows.
head -c 9 "$folder/1.msg" >"$folder/6.msg"                      # Cut off.
{ cat "$folder/3.msg"; printf 'more'; } >"$folder/7.msg"        # Too long.
kcat -b "$KAFKA_BROKERS" -P -t "$topic" "$folder"/{1,2,3,4,5,6,7}.msg

plain_stream "$topic" 'id bigint, note text, amount numeric, at timestamptz, tags jsonb, side text'
consume avro "$topic" --format avro --schema-registry "$registry"
soon 'records become rows, by the names of the columns, whichever schema they were written by' \
  '1|a "note", ü|-12.50|2026-01-02 03:04:05.000006+00|["x", "y"]| 2||9999999999.99|1969-12-31 23:59:59+00|[]| 3|||||credit' \
  sql "SELECT string_agg(concat_ws('|', id, coalesce(note, ''), coalesce(amount::text, ''), coalesce(at::text, ''), coalesce(tags::text, ''), coalesce(side, '')), ' ' ORDER BY id) FROM ${topic}_rows HAVING count(*) = 3"
soon 'messages that cannot be read are rejects, with the reason' \
  "3|the first byte is not 0 4|the registry has no schema 99999 5|schema $first 6|schema $second: 4 bytes are left over" \
  sql "SELECT string_agg(lineno || '|' || substring(err_message FROM 'the first byte.*|the registry has.*|schema [0-9]+(?:: 4 bytes are left over)?'), ' ' ORDER BY lineno) FROM ${topic}_rejects"
same 'and are kept whole' "$(od -An -tx1 "$folder/5.msg" | tr -d ' ')" \
  "$(sql "SELECT encode(line_bytes, 'hex') FROM ${topic}_rejects WHERE lineno = 4")"

# --- a registry that does not answer -------------------------------------------------------------
printf '{"type": "record", "name": "late", "fields": [{"name": "id", "type": "long"}]}' >"$folder/late.avsc"
late=$(registry_add "$topic-late" "$folder/late.avsc")
kill -STOP "$registry_pid"
avro write "$folder/late.avsc" "$late" "$folder/8.msg" <<<'{"id": 8}'
kcat -b "$KAFKA_BROKERS" -P -t "$topic" "$folder/8.msg"
wait_for 300 grep -q 'nothing was committed.*schema registry' "$folder/avro.log"
kill -CONT "$registry_pid"
soon 'while the registry does not answer messages wait, and are no rejects' '4 4' \
  sql "SELECT (SELECT count(*) FROM ${topic}_rows) || ' ' || (SELECT count(*) FROM ${topic}_rejects)"
stop avro

# --- a reader's schema ---------------------------------------------------------------------------
sql "CREATE TABLE read_rows (id bigint, note text, side text)"
psql -q -o /dev/null -c "SELECT termstream.create_stream('read_by', 'id bigint, note text, side text', 'INSERT INTO read_rows SELECT * FROM batch')"
feed reader kafka --topic "$topic" --stream read_by --group "reader$run" --format avro \
  --schema-registry "$registry" --avro-schema "$folder/reader.avsc"
soon 'a reader that brings its schema gets its defaults' '1|a "note", ü|debit 2||debit 3||credit' \
  sql "SELECT string_agg(concat_ws('|', id, coalesce(note, ''), side), ' ' ORDER BY id) FROM read_rows WHERE id < 4 HAVING count(*) = 3"
stop reader

# --- numbers as people write them ----------------------------------------------------------------
sql 'CREATE TABLE paid (id bigint, amount numeric)'
psql -q -o /dev/null -c "SELECT termstream.create_stream('comma', 'id bigint, amount numeric',
  'INSERT INTO paid SELECT * FROM batch', formats => '{\"amount\": \"1.234,56\"}')"
feed comma kafka --topic "$topic" --stream comma --group "comma$run" --format avro --schema-registry "$registry"
soon 'a decimal is that number, also where the stream expects its numbers with a comma' '1 -12.50,2 9999999999.99' \
  sql "SELECT string_agg(id || ' ' || amount, ',' ORDER BY id) FROM paid HAVING count(*) > 1"
stop comma

# --- the other way -------------------------------------------------------------------------------
out=out$run
broker_topic "$out" 1
psql -q <<'SQL'
CREATE TABLE payments (id bigint PRIMARY KEY, key text, payload jsonb, delivered timestamptz, error text);
INSERT INTO payments
SELECT id, 'k' || id, to_jsonb(p), NULL FROM (VALUES
    (1, 'one', -0.5, timestamptz '2026-01-02 03:04:05.000006+00', '{a,b}'::text[]),
    (2, NULL, 1234567890.12, 'epoch', '{}'),
    (3, 'too exact', 0.001, 'epoch', '{}')) p (id, note, amount, at, tags);
SQL
feed send relay --outbox payments --topic "$out" --once --schema-registry "$registry" --avro-schema "$folder/first.avsc"
ended send
for n in 0 1; do kcat -q -b "$KAFKA_BROKERS" -C -t "$out" -o "$n" -c 1 -D '' -f '%s' >"$folder/out$n.msg"; done
known=$(registry_add "$out-value" "$folder/first.avsc")
same 'rows of an outbox are sent as Avro, which another engine reads' \
  "$known id=1 note=one amount=-0.50 at=2026-01-02 03:04:05.000006+00:00 tags=['a', 'b'];$known id=2 note=None amount=1234567890.12 at=1970-01-01 00:00:00+00:00 tags=[]" \
  "$(avro read "$folder/first.avsc" "$folder"/out{0,1}.msg | paste -sd ';')"
same 'a row that does not fit the schema is marked with its field' '1,2|3: field "amount" does not fit the schema' \
  "$(sql "SELECT string_agg(id::text, ',' ORDER BY id) FILTER (WHERE delivered IS NOT NULL) || '|' || string_agg(id || ': ' || error, ',') FROM payments")"
plain_stream "$out" 'id bigint, note text, amount numeric, at timestamptz, tags jsonb'
consume back "$out" --format avro --schema-registry "$registry"
soon 'and comes back as it was' 'true 2' \
  sql "SELECT bool_and(payload = to_jsonb(r)) || ' ' || count(*) FROM ${out}_rows r JOIN payments p USING (id)"
stop back
feed wrong kafka --topic x --stream "$out" --format avro
ended wrong
same 'without a registry it is told what is missing' '64 1' "$status $(logged wrong 'needs --schema-registry')"
harness_verdict
