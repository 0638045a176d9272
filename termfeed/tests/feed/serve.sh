#!/usr/bin/env bash
# termfeed serve as a client sees it: rows posted by curl, what is answered, what is in the database.
# usage: serve.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

psql -o /dev/null <<'SQL'
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'terms');
SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'menu_terms');
CREATE TABLE plain (id int);
CREATE SCHEMA shop;
SELECT termstream.create_match_stream('shop.menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'shop.menu_terms');
SELECT termstream.create_match_stream('"Menü 1"', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'odd_terms');
SELECT termstream.create_match_stream('wide', 'id bigint, name text, filler text', 'brands', 'id', '{name}', 'wide_terms');
SELECT termstream.create_match_stream('strict', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'strict_terms', on_error => 'stop');
SQL
start_serve --stall-timeout 2 --max-body 300000000
trap 'kill -9 $server 2>/dev/null || true' EXIT

token=(-H 'Authorization: Bearer hush')
csv=(-X POST -H 'Content-Type: text/csv')
# Prints the status and the body of an answer; or the status alone.
ask() { curl -s -w '%{http_code} ' -o "$folder/body" "${token[@]}" "$@" || true; cat "$folder/body"; }
status() { curl -s -w '%{http_code}' -o "$folder/body" "${token[@]}" "$@" || true; }
counts() { sed -E 's/"(load_id|bytes)":[0-9]+,?//g; s/,}/}/'; }
last() { psql -c "SELECT coalesce(max(load_id), 0) FROM termstream.load"; }

printf 'menu_id,name\n1,a coca colla\n2,soup\nn/a,pepsi\n4\n' >"$folder/rows.csv"
same 'bad rows of a posted file are rejects' '200 {"read":4,"taken":2,"rejected":2,"pairs":1}' \
  "$(ask "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/menu" | counts)"
same 'what was answered is in the database' '1|1' "$(psql -c 'TABLE menu_terms')"
same 'each reject has its stage' 'convert,parse' "$(psql -c "SELECT string_agg(stage, ',' ORDER BY stage) FROM menu_rejects")"
printf 'menu_id,name\n5,"two lines,\nand pepssi"\n' >"$folder/two.csv"
same 'a gzipped body' '200 {"read":1,"taken":1,"rejected":0,"pairs":1}' \
  "$(gzip -c "$folder/two.csv" | ask "${csv[@]}" -H 'Content-Encoding: gzip' --data-binary @- "$url/streams/menu" | counts)"
if command -v zstd >/dev/null; then
  same 'a body packed by zstd' '200 {"read":1,"taken":1,"rejected":0,"pairs":0}' \
    "$(zstd -c "$folder/two.csv" | ask "${csv[@]}" -H 'Content-Encoding: zstd' --data-binary @- "$url/streams/menu" | counts)"
else
  echo 'SKIP: no zstd: a body packed by it was NOT posted'
fi
same 'JSON lines' '200 {"read":2,"taken":2,"rejected":0,"pairs":1}' \
  "$(printf '{"menu_id": 6, "name": "PEPSI"}\n{"menu_id": "7"}\n' |
    ask -X POST -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/streams/menu" | counts)"
same 'a stream in a schema' '200 {"read":4,"taken":2,"rejected":2,"pairs":1}' \
  "$(ask "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/shop.menu" | counts)"
same 'a stream whose name is quoted' '200 {"read":4,"taken":2,"rejected":2,"pairs":1}' \
  "$(ask "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/%22Men%C3%BC%201%22" | counts)"
same 'semicolons, and no header' '200 {"read":1,"taken":1,"rejected":0,"pairs":1}' \
  "$(printf '50;pepsi' | ask "${csv[@]}" --data-binary @- "$url/streams/menu?delimiter=%3B&header=false" | counts)"
same 'bytes that are no rows are rejects' '200 "taken":0' \
  "$(head -c 50000 /dev/urandom | ask "${csv[@]}" --data-binary @- "$url/streams/menu?header=false" | sed -E 's/ .*("taken":[0-9]+).*/ \1/')"

psql -c "CREATE TABLE dish (id int, kind text, price numeric);
  SELECT termstream.create_stream('dishes', \$\$id int, kind text DEFAULT 'soup', price numeric DEFAULT 1.5\$\$,
    'INSERT INTO dish SELECT * FROM batch', formats => '{\"price\": \"1.234,56\"}')"
same 'a key that is left out gets the default of its column' '200 {"read":3,"taken":2,"rejected":1,"pairs":2}' \
  "$(printf '{"id": 1}\n{"id": 2, "kind": null, "price": "2,5"}\n{"id": "x", "kind": "a", "price": null}\n' |
    ask -X POST -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/streams/dishes" | counts)"
same 'and null is null' '1|soup|1.5 2||2.5' "$(psql -c "SELECT string_agg(id || '|' || coalesce(kind, '') || '|' || price, ' ' ORDER BY id) FROM dish")"
mend() { ask -X POST -H 'Content-Type: application/json' -d "$1" "$url/streams/dishes/rejects/retry" | sed -E 's/"load_id":[0-9]+/"load_id":0/'; }
bad=$(psql -c 'SELECT reject_id FROM dishes_rejects')
same 'a reject is not there to be mended' 404 "$(mend "[{\"reject_id\": $bad, \"line\": \"3,a,\"}, {\"reject_id\": 0, \"line\": \"\"}]" | cut -c 1-3)"
same 'a body that mends nothing' 400 "$(mend '{"reject_id": 1}' | cut -c 1-3)"
same 'no rows to be mended are not all rows' '200 {"load_id":0,"read":0,"taken":0,"rejected":0}' "$(mend '[]')"
same 'what was refused has mended nothing' "x" "$(psql -c "SELECT split_part(line, ',', 1) FROM dishes_rejects")"
same 'a reject is mended, and taken' '200 {"load_id":0,"read":1,"taken":1,"rejected":0}' \
  "$(mend "[{\"reject_id\": $bad, \"line\": \"3,\\\"stew, hot\\\",\\\"3,5\\\"\"}]")"
same 'as it was mended' '3|stew, hot|3.5|0' "$(psql -c 'SELECT *, (SELECT count(*) FROM dishes_rejects) FROM dish WHERE id = 3')"

same 'a row that left columns out is kept as a line of the others' '200 {"read":1,"taken":0,"rejected":1,"pairs":0} x|id' \
  "$(printf '{"id": "x"}\n' | ask -X POST -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/streams/dishes" | counts) \
$(psql -c "SELECT line || '|' || (line_format -> 'columns' ->> 0) FROM dishes_rejects")"
same 'and says so' '{"format":"csv","columns":["id"]}' \
  "$(ask "$url/streams/dishes/rejects" | grep -o '"line_format":{[^}]*}' | cut -d : -f 2- | tr -d ' ')"
psql -c "UPDATE dishes_rejects SET line = '4'; SELECT termstream.retry_rejects('dishes')" >/dev/null
same 'and gets their defaults when it is mended' '4|soup|1.5' "$(psql -c 'SELECT * FROM dish WHERE id = 4')"
printf '{"id": 5, "kind": "\ufdd0"}\n' | ask -X POST -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/streams/dishes" >/dev/null
same 'no character of a text stands for a default' 't' "$(psql -c "SELECT kind = U&'\FDD0' FROM dish WHERE id = 5")"

before=$(last)
same 'no stream of that name' 404 "$(status "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/nowhere")"
same 'a table is no stream' 404 "$(status "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/plain")"
same 'a name that is none' 404 "$(status "$url/streams/a.b.c.d")"
same 'a header that does not match' '400 {"title":"Bad Request","status":400,"detail":"header has the column \"id\" where \"menu_id\" is expected (column 1)"}' \
  "$(printf 'id,name\n1,x\n' | ask "${csv[@]}" --data-binary @- "$url/streams/menu?header=match" | sed 's/detail":"[^"]*header[^}]*/detail":"header has the column \\"id\\" where \\"menu_id\\" is expected (column 1)"/')"
same 'a stream that stops at the first bad row refuses, with the reason' '422 "code":"22P02"' \
  "$(printf 'menu_id,name\n1,x\nn/a,pepsi\n' | ask "${csv[@]}" --data-binary @- "$url/streams/strict" | sed -E 's/ .*("code":"[^"]*").*/ \1/')"
same 'errors are problem JSON' 'application/problem+json' \
  "$(curl -s -o "$folder/body" -w '%{content_type}' "${token[@]}" "$url/streams/nowhere")"
same 'a body of another type' 415 "$(status -X POST -H 'Content-Type: image/png' --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'an encoding that is not known' 415 "$(status "${csv[@]}" -H 'Content-Encoding: br' --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'not gzip though it says so' 400 "$(status "${csv[@]}" -H 'Content-Encoding: gzip' --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'a gzipped body that is cut off' 400 \
  "$(gzip -c "$folder/two.csv" | head -c 40 | status "${csv[@]}" -H 'Content-Encoding: gzip' --data-binary @- "$url/streams/menu")"
same 'a body that is longer than allowed' 413 "$(status "${csv[@]}" -H 'Content-Length: 300000001' --data-binary @"$folder/rows.csv" "$url/streams/menu")"
same 'or becomes so when unpacked' 413 \
  "$({ printf 'menu_id,name\n9,'; head -c 310000000 /dev/zero | tr '\0' x; } | gzip -1 | status "${csv[@]}" -H 'Content-Encoding: gzip' --data-binary @- "$url/streams/menu")"
same 'an option that is none' 400 "$(status "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/menu?commit_rows=many")"
{ printf 'menu_id,name\n8,pepsi\n'; sleep 5; } |
  status "${csv[@]}" -T - "$url/streams/menu" >"$folder/stalled" || true
same 'a client that stalls' 408 "$(cat "$folder/stalled")"
drip() { for _ in {1..40}; do printf x && sleep 0.2; done 2>/dev/null; }
# An answer may be lost where the server closes a connection on which bytes still come: then curl has seen
# nothing but 100, and asks again.
dripped() {
  local times
  for times in 1 2 3 4 5; do
    { printf %b "$1" && drip; } | status "${@:2}" >"$folder/dripped" || true
    [[ $(cat "$folder/dripped") == 100 ]] || break
  done
  cat "$folder/dripped"
}
same 'a client that drips bytes' 408 "$(dripped 'menu_id,name\n8,' "${csv[@]}" -T - "$url/streams/menu")"
same 'or a document' 408 "$(dripped '' -X POST -T - "$url/lexicons/brands/match")"
{ printf 'menu_id,name\n8,pepsi\n'; sleep 1; printf '9,pepsi\n'; sleep 5; } |
  timeout -s KILL 1.5 curl -s -o "$folder/body" "${token[@]}" "${csv[@]}" -T - "$url/streams/menu" || true
sleep 1
same 'nothing of what was refused is there' "$before 0" "$(last) $(psql -c 'SELECT count(*) FROM menu_terms WHERE menu_id BETWEEN 8 AND 49')"

# Committed in batches: what was told as committed stays, the rest does not come.
rows() { seq "$1" "$2" | sed 's/$/,pepsi/'; }
{ printf 'menu_id,name\n'; rows 10001 40000; } >"$folder/batches.csv"
same 'committed in batches' '200 {"read":30000,"taken":30000,"rejected":0,"pairs":30000}' \
  "$(ask "${csv[@]}" --data-binary @"$folder/batches.csv" "$url/streams/menu?commit_rows=5000" | counts)"
same 'each of them is a load' yes "$([[ $(psql -c "SELECT count(*) FROM termstream.load WHERE load_id > $before") -ge 5 ]] && echo yes)"
{ printf 'menu_id,name\n'; rows 50001 70000; sleep 5; } |
  ask "${csv[@]}" -T - "$url/streams/menu?commit_rows=5000" >"$folder/part"
same 'a client that stalls later is told what was committed' "$(psql -c 'SELECT count(*) FROM menu_terms WHERE menu_id > 50000')" \
  "$(sed -E 's/^408 .*"committed":.*"taken":([0-9]+).*/\1/' "$folder/part")"

for _ in {1..50}; do
  curl -s -o /dev/null -w '%{http_code}\n' "${token[@]}" "${csv[@]}" --data-binary @"$folder/rows.csv" "$url/streams/menu" &
done >"$folder/many"
for job in $(jobs -p); do [[ $job == "$server" ]] || wait "$job"; done
same '50 clients at once' '50' "$(grep -c '^200$' "$folder/many")"

# 100,000 rows of 2 kB each.
big() {
  awk 'BEGIN {
    for (filler = "lorem ipsum "; length(filler) < 2000; ) filler = filler filler
    filler = substr(filler, 1, 1980)
    print "id,name,filler"
    for (i = 1; i <= 100000; i++) printf "%d,%s,%s\n", i, i % 2 ? "a pepssi" : "soup", filler
  }'
}
same '200 MB' '200 {"read":100000,"taken":100000,"rejected":0,"pairs":50000}' \
  "$(big | ask "${csv[@]}" -T - "$url/streams/wide" | counts)"
peak=$(awk '$1 == "VmHWM:" { print int($2 / 1024) }' "/proc/$server/status")
echo "# termfeed had $peak MB at the most"
same 'and all of the above, in less than 64 MB' yes "$([[ $peak -lt 64 ]] && echo yes || echo "$peak MB")"

same 'the mentions of a text' '200 Pepsi' "$(ask -G --data-urlencode 'text=a pepssi' "$url/lexicons/brands/match" | sed -E 's/ .*"term":"([^"]*)".*/ \1/')"
same 'the mentions of a body' '200 Pepsi' "$(ask -X POST -H 'Content-Type: text/plain' --data-binary 'a pepssi' "$url/lexicons/brands/match" | sed -E 's/ .*"term":"([^"]*)".*/ \1/')"
same 'no lexicon of that name' 404 "$(status "$url/lexicons/none/match?text=x")"
status "$url/metrics" >/dev/null
same 'rows are counted for Prometheus' yes "$(grep -q '^termfeed_rows_total' "$folder/body" && echo yes || cat "$folder/body")"
same 'requests are counted by route' yes "$(grep -q '^termfeed_http_requests_total.*route="/streams/{stream}".*status="200"' "$folder/body" && echo yes || cat "$folder/body")"
python3 "$(dirname "${BASH_SOURCE[0]}")/openapi.py" "$url" hush
same 'the answers are as /openapi.json says' 0 $?

rm -f "$folder/late.rows"
mkfifo "$folder/late.rows"
status "${csv[@]}" -T - "$url/streams/menu" <"$folder/late.rows" >"$folder/late" &
late=$!
exec 4>"$folder/late.rows"
printf 'menu_id,name\n' >&4
until_so eval "curl -s ${token[*]@Q} '$url/loads?limit=1' | grep -q '\"bytes\":13'"
kill -TERM "$server"
until_so grep 'told to stop' "$folder/termfeed.log"
printf '90000,pepsi\n' >&4
exec 4>&-
code=0
wait "$late" || true
wait "$server" || code=$?
same 'told to end, it finishes what is in hand' '200 0' "$(cat "$folder/late") $code"
finish
