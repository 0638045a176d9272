# A topic of three partitions into a match stream, beside \copy of the same rows into it. Needs the broker
# of the tests (termfeed/tests/kafka/broker.sh).

source "$repo/termfeed/tests/kafka/broker.sh"
feed=
trap 'kill -9 $feed 2>/dev/null; broker_stop bench; cluster_stop bench' EXIT
broker_start bench
[[ $broker_kind == kafka ]] || say 'SKIPPED: no real broker: the mock cluster is measured instead'
(cd "$repo" && cargo build -q --release -p termfeed --features kafka)
broker_topic bench 3
psql -q -o /dev/null <<'SQL'
SELECT termstream.create_match_stream('fed', columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}', pairs => 'fed_terms');
SQL
psql -qAt -v FETCH_COUNT=10000 -c 'SELECT to_jsonb(b) FROM big b' >big.jsonl
kcat -b "$KAFKA_BROKERS" -P -t bench -l big.jsonl

for round in 1 2 3; do
  say "Loading $rows rows from a file and from a topic (round $round of 3)"
  psql -q <<SQL
TRUNCATE fed_terms;
DELETE FROM termstream.feed_position WHERE stream = 'fed'::regclass;
CHECKPOINT;
SELECT clock_timestamp() AS start \gset
\copy fed FROM 'big.csv' (FORMAT csv, HEADER)
INSERT INTO run (part, place, what, base, rows, seconds, asked)
VALUES ('kafka', 91, '\\copy into a match stream', 91, $rows, extract(epoch FROM clock_timestamp() - :'start'), '');
TRUNCATE fed_terms;
CHECKPOINT;
SQL
  last=$(psql -Atc 'SELECT max(load_id) FROM termstream.load')
  start=$(date +%s%N)
  "$target/release/termfeed" kafka --database "host=$PGHOST user=$PGUSER dbname=$PGDATABASE" \
    --brokers "$KAFKA_BROKERS" --topic bench --stream fed --group "bench$round" >feed.log 2>&1 &
  feed=$!
  until [[ $(psql -Atc "SELECT sum(read) FROM termstream.load WHERE load_id > $last") == "$rows" ]]; do
    kill -0 $feed || die "termfeed ended: $(tail -n 1 feed.log)"
    sleep 0.1
  done
  end=$(date +%s%N)
  kill -TERM $feed && wait $feed
  psql -q -c "INSERT INTO run (part, place, what, base, rows, seconds, asked)
    VALUES ('kafka', 92, 'termfeed kafka into it, its start included', 91, $rows, ($end - $start) / 1e9, '≤ 1.5')"
done
