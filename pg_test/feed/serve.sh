#!/usr/bin/env bash
# termfeed serve as a client sees it: rows posted by curl, what is answered, what is in the database.
# usage: serve.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
number=0 failed=0
psql() { "$psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# same NAME WANTED GOT
same() {
  number=$((number + 1))
  if [[ $2 == "$3" ]]; then
    echo "ok $number - $1"
  else
    failed=1
    printf 'not ok %s - %s\n  wanted %s\n  got    %s\n' "$number" "$1" "$2" "$3"
  fi
}

psql <<'SQL'
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'terms');
SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'menu_terms');
CREATE TABLE plain (id int);
SQL

TERMFEED_TOKEN=hush "$termfeed" serve --listen 127.0.0.1:0 --stall-timeout 2 \
  --database "host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE" >"$folder/termfeed.log" 2>&1 &
server=$!
trap 'kill -9 $server 2>/dev/null || true' EXIT
for _ in {1..200}; do
  url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/termfeed.log" | head -n 1) && break
  sleep 0.1
done
[[ -n ${url:-} ]] || { cat "$folder/termfeed.log"; exit 1; }

# Prints the status and the body of an answer.
ask() { curl -s -w '%{http_code} ' -o "$folder/body" -H 'Authorization: Bearer hush' "$@" || true; cat "$folder/body"; }
status() { curl -s -w '%{http_code}' -o "$folder/body" -H 'Authorization: Bearer hush' "$@" || true; }
# The status that a client without our token gets.
stranger() { curl -s -w '%{http_code}' -o "$folder/body" "$@" || true; }
csv=(-X POST -H 'Content-Type: text/csv')
counts() { sed -E 's/"(load_id|bytes)":[0-9]+,?//g; s/,}/}/'; }
last() { psql -c "SELECT coalesce(max(load_id), 0) FROM termstream.load"; }

printf 'menu_id,name\n1,a coca colla\n2,soup\nn/a,pepsi\n4\n' >"$folder/rows.csv"
same 'bad rows of a posted file are rejects' '200 {"read":4,"taken":2,"rejected":2,"pairs":1}' \
  "$(ask "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/menu" | counts)"
same 'what was answered is in the database' '1|1' "$(psql -c 'TABLE menu_terms')"
same 'each reject has its stage' 'convert,parse' "$(psql -c "SELECT string_agg(stage, ',' ORDER BY stage) FROM menu_rejects")"
printf 'menu_id,name\n5,"two lines,\nand pepssi"\n' | gzip >"$folder/rows.gz"
same 'a gzipped file' '200 {"read":1,"taken":1,"rejected":0,"pairs":1}' \
  "$(ask "${csv[@]}" -H 'Content-Encoding: gzip' --data-binary @"$folder/rows.gz" "$url/streams/menu" | counts)"
same 'JSON lines' '200 {"read":2,"taken":2,"rejected":0,"pairs":1}' \
  "$(printf '{"menu_id": 6, "name": "PEPSI"}\n{"menu_id": "7"}\n' |
    ask -X POST -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/streams/menu" | counts)"

before=$(last)
same 'no stream of that name' 404 "$(status "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/nowhere")"
same 'a table is no stream' 404 "$(status "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/plain")"
same 'a body of another type' 415 "$(status -X POST -H 'Content-Type: image/png' --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'not gzip though it says so' 400 "$(status "${csv[@]}" -H 'Content-Encoding: gzip' --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'no token' 401 "$(stranger "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'a wrong token' 401 "$(stranger -H 'Authorization: Bearer hus' "$url/streams")"
head -c 1000000 /dev/zero | tr '\0' x | sed 's/^/X-Long: /' >"$folder/header"
same 'a header of 1 MB' 431 "$(status -H @"$folder/header" "$url/streams")"
{ printf 'menu_id,name\n8,pepsi\n'; sleep 5; } |
  status "${csv[@]}" -T - "$url/streams/menu" >"$folder/stalled" || true
same 'a client that stalls' 408 "$(cat "$folder/stalled")"
{ printf 'menu_id,name\n8,pepsi\n'; sleep 1; printf '9,pepsi\n'; sleep 5; } |
  curl -s -m 1.5 -o "$folder/body" -H 'Authorization: Bearer hush' "${csv[@]}" -T - "$url/streams/menu" || true
sleep 1
same 'nothing of what was refused is there' "$before 0" "$(last) $(psql -c 'SELECT count(*) FROM menu_terms WHERE menu_id > 7')"

for _ in {1..50}; do
  curl -s -o /dev/null -w '%{http_code}\n' -H 'Authorization: Bearer hush' "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/menu" &
done >"$folder/many"
for job in $(jobs -p); do [[ $job == "$server" ]] || wait "$job"; done
same '50 clients at once' '50' "$(grep -c '^200$' "$folder/many")"

same 'the mentions of a text' '200 Pepsi' "$(ask -G --data-urlencode 'text=a pepssi' "$url/lexicons/brands/match" | sed -E 's/ .*"term":"([^"]*)".*/ \1/')"
for route in /streams /streams/menu /streams/menu/rejects /lexicons /openapi.json /healthz /readyz /metrics; do
  same "GET $route" 200 "$(status "$url$route")"
done
status "$url/metrics" >/dev/null
same 'rows are counted for Prometheus' yes "$(grep -q '^termfeed_rows_total' "$folder/body" && echo yes || cat "$folder/body")"
kill -TERM "$server"
code=0
wait "$server" || code=$?
same 'SIGTERM ends it in order' 0 "$code"
echo "1..$number"
exit "$failed"
