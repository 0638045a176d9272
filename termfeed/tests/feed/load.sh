#!/usr/bin/env bash
# termfeed load: what is taken, what is told, and that a load that was killed loses and doubles nothing.
# usage: load.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
cd "$folder"
rm -f ./*.csv ./*.csv.gz ./*.jsonl ./*.zst

psql <<'SQL'
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'terms');
CREATE SCHEMA shop;
SQL
# stream NAME: a new one of that name.
stream() {
  psql -o /dev/null -c "SELECT termstream.create_match_stream('$1', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', '${1}_terms')"
}
load=("$termfeed" load --database "$database")
load() { "${load[@]}" "$@"; }
# What the ledger has of a stream, whose counts are committed with the rows.
ledger() { psql -c "SELECT sum(read), sum(taken), sum(rejected) FROM termstream.load WHERE stream = '$1'::regclass"; }
pairs() { psql -c "SELECT count(*), sum(menu_id), sum(term_id) FROM ${1}_terms"; }

# 30,000 rows, every 10th over two lines, every 100th with a field too few, every 100th with no id.
awk 'BEGIN {
  print "menu_id,name"
  for (i = 1; i <= 30000; i++) {
    if (i % 100 == 1) print i
    else if (i % 100 == 2) print "n/a,pepsi"
    else if (i % 10 == 3) printf "%d,\"a \"\"pepssi\"\"\nand more\"\n", i
    else printf "%d,%s\n", i, i % 3 ? "coca colla" : "soup"
  }
}' >rows.csv
stream whole
same 'a file is taken, its bad rows are rejects' 'rows.csv: 30000 rows, 29400 taken, 600 rejected, 20600 pairs' \
  "$(load --stream whole rows.csv)"
want=$(ledger whole) want_pairs=$(pairs whole)
same 'the ledger has the same counts' '30000|29400|600' "$want"
same 'once more there is nothing to do' 'rows.csv: nothing new' "$(load --stream whole rows.csv)"

# killed NAME FILE: kills a load of it again and again, then lets it end; tells what it needed.
killed() {
  local kills=0 code=0 pid
  stream "$1"
  for _ in {1..25}; do
    "${load[@]}" --stream "$1" --batch-rows 50 "$2" >killed.out 2>killed.log &
    pid=$!
    sleep "0.$(printf %02d $((RANDOM % 18 + 2)))"
    if kill -9 "$pid" 2>/dev/null; then kills=$((kills + 1)); fi
    wait "$pid" 2>/dev/null && break
  done
  load --stream "$1" "$2" >killed.out 2>killed.log || code=$?
  [[ $kills -ge 1 ]] || echo "only $kills kills: "
  echo "$code $(ledger "$1") $(pairs "$1")"
}
same 'killed at random, no row is lost and none is taken twice' "0 $want $want_pairs" "$(killed again rows.csv)"
gzip -k rows.csv
same 'nor of a gzipped file' "0 $want $want_pairs" "$(killed packed rows.csv.gz)"
awk 'BEGIN {
  for (i = 1; i <= 30000; i++) {
    if (i % 100 == 1) printf "{\"menu_id\": %d, \"nme\": \"pepsi\"}\n", i
    else if (i % 100 == 2) print "{\"menu_id\": \"n/a\"}"
    else printf "{\"name\": \"%s\", \"menu_id\": %d}\n", (i % 10 == 3) ? "a pepssi" : i % 3 ? "coca colla" : "soup", i
  }
}' >rows.jsonl
same 'nor of JSON lines' "0 $want $want_pairs" "$(killed objects rows.jsonl)"

# Several at once fence each other off.
stream shared
for _ in {1..3}; do "${load[@]}" --stream shared --batch-rows 200 rows.csv >shared.out 2>shared.log & done
for job in $(jobs -p); do wait "$job"; done
same 'three that load one file take each row once' "$want $want_pairs" "$(ledger shared) $(pairs shared)"

# slowly NAME: each batch of the stream takes a while, until `quickly NAME`.
psql -o /dev/null -c "CREATE FUNCTION wait_a_while() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END'"
slowly() { psql -c "CREATE TRIGGER slowly AFTER INSERT ON $1_terms FOR EACH STATEMENT EXECUTE FUNCTION wait_a_while()"; }
quickly() { psql -c "DROP TRIGGER slowly ON $1_terms"; }
has_begun() { [[ $(psql -c "SELECT count(*) FROM termstream.load WHERE stream = '$1'::regclass") -gt 0 ]]; }

stream away
slowly away
"${load[@]}" --stream away --batch-rows 1000 rows.csv >away.out 2>away.log &
pid=$!
until_so has_begun away
for _ in {1..6}; do
  sleep 0.1
  psql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'termfeed'" >/dev/null
done
code=0
wait "$pid" || code=$?
same 'a connection that breaks is made anew, and the load goes on' "0 $want $want_pairs" "$code $(ledger away) $(pairs away)"

stream stopped
slowly stopped
"${load[@]}" --stream stopped --batch-rows 100 rows.csv >stopped.out 2>stopped.log &
pid=$!
until_so has_begun stopped
kill -INT "$pid"
code=0
wait "$pid" || code=$?
quickly stopped
same 'interrupted, it finishes the batch in hand and says so' '130 1' "$code $(grep -c 'not all of it' stopped.out)"
load --stream stopped rows.csv >/dev/null
same 'and goes on behind it' "$want $want_pairs" "$(ledger stopped) $(pairs stopped)"

printf '40000,pepsi\n' >>rows.csv
same 'a file that has grown is loaded from its old end on' 'rows.csv: 1 rows, 1 taken, 0 rejected, 1 pairs' "$(load --stream whole rows.csv)"
sed -i '2s/1/one/' rows.csv
code=0
load --stream whole rows.csv >changed.out 2>&1 || code=$?
same 'a file that has changed is refused' '65 1' "$code $(grep -c 'has changed.*--restart' changed.out)"
same 'but loaded from its start if asked' 'rows.csv: 30001 rows, 29401 taken, 600 rejected, 0 pairs' "$(load --stream whole --restart rows.csv)"

stream piped
{ cat rows.csv; sleep 5; } | "${load[@]}" --stream piped - >piped.out 2>&1 &
pid=$!
sleep 1
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
same 'of standard input nothing is taken unless all is' '||' "$(ledger piped)"
same 'standard input' 'standard input: 30001 rows, 29401 taken, 600 rejected, 20601 pairs' "$(gzip -c rows.csv | load --stream piped -)"

stream many
head -n 3 rows.csv >few.csv
same 'several files' 'few.csv: 2 rows, 0 taken, 2 rejected, 0 pairs / rows.csv.gz: 30000 rows, 29400 taken, 600 rejected, 20600 pairs / all: 30002 rows, 29400 taken, 602 rejected, 20600 pairs' \
  "$(load --stream many few.csv rows.csv.gz | paste -sd / | sed 's|/| / |g')"
psql -o /dev/null -c "SELECT termstream.create_match_stream('\"Odd \"\"Name\"', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'odd')"
same 'a stream whose name must be quoted' 'few.csv: 2 rows, 0 taken, 2 rejected, 0 pairs' "$(load --stream '"Odd ""Name"' few.csv)"
stream shop.menu
same 'a stream in a schema' 'few.csv: 2 rows, 0 taken, 2 rejected, 0 pairs' "$(load --stream shop.menu few.csv)"

refused() {
  local code=0
  load "$@" >refused.out 2>&1 || code=$?
  echo "$code $(tail -n 1 refused.out)"
}
same 'no such stream' '65 termfeed: stream "nowhere" does not exist' "$(refused --stream nowhere few.csv)"
same 'no such file' '74 termfeed: could not open "none.csv": No such file or directory (os error 2)' "$(refused --stream many none.csv)"
same 'a header that does not match' '65' "$(refused --stream many --header match --restart rows.jsonl --format csv | cut -d ' ' -f 1)"
if command -v script >/dev/null; then
  stream watched
  TERMFEED_DATABASE=$database TERM=xterm script -qec "$termfeed load --stream watched rows.csv" watched.out >/dev/null
  same 'on a terminal there is a bar' yes "$(grep -q 'left;' watched.out && echo yes || cat watched.out)"
else
  echo 'SKIP: no script(1) to make a terminal: the bar was NOT tested'
fi
same 'the password is nowhere' '' "$(grep -l sesame ./*.out ./*.log || true)"
finish
