#!/usr/bin/env bash
# What one client of termfeed serve can do to the others: refused rows, slow bodies, long documents.
# usage: pressure.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

psql -o /dev/null <<'SQL'
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'terms');
CREATE TABLE kept (id int);
SELECT termstream.create_stream('mine', 'id int', 'INSERT INTO kept SELECT id FROM batch');
SELECT termstream.create_stream('theirs', 'id int', 'INSERT INTO kept SELECT id FROM batch');
DROP ROLE IF EXISTS feed_feeder;
CREATE ROLE feed_feeder LOGIN;
GRANT USAGE ON SCHEMA termstream TO feed_feeder;
GRANT INSERT ON mine TO feed_feeder;
GRANT SELECT ON terms TO feed_feeder;
SQL
database="postgresql://feed_feeder:sesame@/$PGDATABASE?host=$PGHOST&port=$PGPORT"
rm -f "$folder"/{gone,slow.*,long.*}
start_serve --connections 2 --min-rate 0 --stall-timeout 600
trap 'kill -9 $server 2>/dev/null || true' EXIT

token=(-H 'Authorization: Bearer hush')
csv=(-X POST -H 'Content-Type: text/csv')
status() { curl -s -w '%{http_code}' -o "$folder/body" "${token[@]}" "$@" || true; }
# Each answer's status on a line of its own; the argument says to which stream, and how often.
post() { # post STREAM TIMES: one after the other
  local one
  for ((one = 0; one < $2; one++)); do
    curl -s -o /dev/null -w '%{http_code}\n' "${token[@]}" "${csv[@]}" --data-binary $'id\n1\n' "$url/streams/$1"
  done
}

# --- rows that are refused, beside others that are not ---------------------------------------------
jobs=()
for one in {1..3}; do
  post theirs 25 >"$folder/refused.$one" &
  jobs+=($!)
  post mine 25 >"$folder/taken.$one" &
  jobs+=($!)
done
wait "${jobs[@]}"
same 'who may not is refused' '75 403' "$(sort "$folder"/refused.? | uniq -c | xargs)"
same 'and disturbs nobody who may' '75 200' "$(sort "$folder"/taken.? | uniq -c | xargs)"
same 'each row is there once' 75 "$(psql -c 'SELECT count(*) FROM kept')"

# Clients that go away in the middle leave their sessions as little.
psql -c 'TRUNCATE kept'
jobs=()
for _ in {1..8}; do
  mkfifo "$folder/gone"
  curl -s -o /dev/null "${token[@]}" "${csv[@]}" -T - "$url/streams/mine" <"$folder/gone" &
  client=$!
  exec 4>"$folder/gone"
  seq 20000 | sed '1i id' >&4
  until_so eval "curl -s ${token[*]@Q} '$url/loads?limit=1' | grep -qE '\"rows\":[1-9]'"
  kill -KILL "$client"
  wait "$client" 2>/dev/null || true
  exec 4>&-
  rm "$folder/gone"
done
same 'behind eight of them rows are taken' '8 200' "$(post mine 8 | uniq -c | xargs)"
same 'and none of theirs' 8 "$(psql -c 'SELECT count(*) FROM kept')"

# --- slow bodies: as many as there are sessions ------------------------------------------------------
slow() { # slow N: a client that has sent enough to get a session, and nothing more
  mkfifo "$folder/slow.$1"
  curl -s -o /dev/null -w '%{http_code}' "${token[@]}" "${csv[@]}" -T - "$url/streams/mine" <"$folder/slow.$1" >"$folder/slow.$1.status" &
  slow+=($!)
}
slow=()
slow 1
exec 4>"$folder/slow.1"
slow 2
exec 5>"$folder/slow.2"
for out in 4 5; do seq 20000 | sed '1i id' >&"$out"; done
holding() { [[ $(psql -c "SELECT count(*) FROM pg_stat_activity WHERE usename = 'feed_feeder' AND query LIKE 'COPY%' AND state = 'active'") == "$1" ]]; }
until_so holding 2
same 'slow bodies make room for one who waits' 200 "$(status -m 300 "${csv[@]}" --data-binary $'id\n1\n' "$url/streams/mine")"
exec 4>&- 5>&-
wait "${slow[@]}" 2>/dev/null || true
same 'and one of them at least is told so' yes "$(grep -l 408 "$folder"/slow.?.status >/dev/null && echo yes)"
rm -f "$folder"/slow.?

# A body that has sent too little to need a session holds none.
mkfifo "$folder/slow.1"
slow=()
curl -s -o /dev/null "${token[@]}" "${csv[@]}" -T - "$url/streams/mine" <"$folder/slow.1" &
slow+=($!)
exec 4>"$folder/slow.1"
printf 'id\n1\n' >&4
until_so eval "curl -s ${token[*]@Q} '$url/loads?limit=1' | grep -q '\"bytes\":5'"
same 'a body of which little is there holds no session' yes "$(holding 0 && echo yes)"
exec 4>&-
wait "${slow[@]}" 2>/dev/null || true
rm -f "$folder"/slow.?

# --- long documents --------------------------------------------------------------------------------
# The only session of matches and all those of documents are at work; what else is read is answered.
awk 'BEGIN { for (i = 0; i < 30000; i++) printf "a pepssi and a coca colla " }' | head -c 1048576 >"$folder/long"
jobs=()
for one in {1..6}; do
  curl -s -m 300 -o "$folder/long.$one" -w '%{http_code}\n' "${token[@]}" -X POST --data-binary @"$folder/long" "$url/lexicons/brands/match" >"$folder/long.$one.status" &
  jobs+=($!)
done
same 'beside long documents it is ready' 200 "$(status -m 300 "$url/readyz")"
same 'and answers what is read' '200 200' "$(status -m 300 "$url/streams") $(status -m 300 "$url/loads")"
wait "${jobs[@]}"
same 'each of them has an answer' '' "$(grep -vxE '200|413|503|504' "$folder"/long.?.status || true)"
same 'no answer is longer than it may be' '' "$(find "$folder" -name 'long.?' -size +4200k)"
head -c 1048577 /dev/zero | tr '\0' x >"$folder/longer"
same 'a document that is too long' 413 "$(status -X POST --data-binary @"$folder/longer" "$url/lexicons/brands/match")"
idle() { psql -c "SELECT count(*) FROM pg_stat_activity WHERE usename = 'feed_feeder' AND query LIKE '%termstream.match(%'"; }
until_so eval '[[ $(idle) == 0 ]]'
same 'behind a long document its session is gone, and its memory' 0 "$(idle)"
peak=$(awk '$1 == "VmHWM:" { print int($2 / 1024) }' "/proc/$server/status")
echo "# termfeed had $peak MB at the most"
same 'all of that in less than 100 MB' yes "$([[ $peak -lt 100 ]] && echo yes || echo "$peak MB")"

finish
