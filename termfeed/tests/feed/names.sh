#!/usr/bin/env bash
# Where rows go whose stream is named without its schema: where the role's own search_path says, whatever
# somebody else's stream has done to the session before, or has put into a schema of hers.
# usage: names.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

psql -o /dev/null <<'SQL'
DROP ROLE IF EXISTS feed_feeder;
DROP ROLE IF EXISTS feed_mallory;
CREATE ROLE feed_feeder LOGIN;
CREATE ROLE feed_mallory LOGIN;
CREATE SCHEMA feed_mallory AUTHORIZATION feed_mallory;
GRANT USAGE ON SCHEMA feed_mallory TO feed_feeder;
GRANT USAGE ON SCHEMA termstream TO feed_feeder, feed_mallory;
CREATE TABLE honest_rows (id int);
SELECT termstream.create_stream('inbox', 'id int', 'INSERT INTO honest_rows SELECT id FROM batch');
GRANT INSERT ON inbox TO feed_feeder;
SET SESSION AUTHORIZATION feed_mallory;
CREATE TABLE feed_mallory.loot (id int);
-- The same name, in a schema of hers; and operators for what termfeed asks the catalogs.
SELECT termstream.create_stream('feed_mallory.inbox', 'id int', 'INSERT INTO feed_mallory.loot SELECT id FROM batch');
CREATE FUNCTION feed_mallory.never(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION feed_mallory.never(int, int) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION feed_mallory.never(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR feed_mallory.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = feed_mallory.never);
CREATE OPERATOR feed_mallory.= (LEFTARG = int, RIGHTARG = int, FUNCTION = feed_mallory.never);
CREATE OPERATOR feed_mallory.= (LEFTARG = text, RIGHTARG = text, FUNCTION = feed_mallory.never);
-- A stream that leaves its mark on the session of whoever feeds it.
SELECT termstream.create_stream('feed_mallory.trap', 'id int',
  $$SELECT set_config('search_path', 'feed_mallory, pg_catalog, public', false) FROM batch$$);
GRANT INSERT ON feed_mallory.trap, feed_mallory.inbox TO feed_feeder;
SQL
database="postgresql://feed_feeder:sesame@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
csv=(-X POST -H 'Content-Type: text/csv' -H 'Authorization: Bearer hush')
post() { curl -s -o "$folder/body" -w '%{http_code}' "${csv[@]}" --data-binary $'id\n1\n' "$url/streams/$1" || true; }
trap 'kill -9 $server 2>/dev/null || true' EXIT

# One session, which all use.
start_serve --connections 1
answers=
for _ in {1..5}; do answers+=" $(post feed_mallory.trap):$(post inbox)"; done
same 'each row is taken' ' 200:200 200:200 200:200 200:200 200:200' "$answers"
same 'by the stream that was meant' '5 0' "$(psql -c "SELECT (SELECT count(*) FROM honest_rows) || ' ' || (SELECT count(*) FROM feed_mallory.loot)")"
same 'and a stream is shown under the same name' '200 inbox' \
  "$(curl -s "${csv[@]:4}" "$url/streams/inbox" -w ' %{http_code}' | sed -E 's/.*"stream" ?: ?"([^"]*)".* ([0-9]+)$/\2 \1/')"
stop_serve

# What the role connects with decides, and nothing else.
psql -c 'ALTER ROLE feed_feeder SET search_path = feed_mallory, public'
start_serve --connections 1
same 'a role with another search_path means another stream' '200 1' "$(post inbox) $(psql -c 'SELECT count(*) FROM feed_mallory.loot')"
stop_serve
psql -c 'ALTER ROLE feed_feeder RESET search_path'

# One connection for many batches: the trap comes between the file and its position.
cd "$folder"
seq 1 2000 | sed '1i id' >trap.csv
same 'a load of many batches counts its own rows' 'trap.csv: 2000 rows, 2000 taken, 0 rejected' \
  "$("$termfeed" load --quiet --database "$database" --stream feed_mallory.trap --batch-rows 100 --restart trap.csv 2>"$folder/load.log" | cut -d , -f 1-3)"
finish
