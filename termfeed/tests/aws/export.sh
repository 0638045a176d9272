#!/usr/bin/env bash
# usage: termfeed/tests/aws/export.sh      (from the repository; after ./run build and the build of termfeed)
#
# termfeed export into a folder and into moto's S3, read back by pyarrow and compared row by row; killed
# in the middle and done again; incremental, while many sessions write.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/aws/moto.sh
source termfeed/tests/feed/harness.sh
set_up
need_python || { echo 'SKIP: PyPI cannot be reached: termfeed export was NOT tested' && exit 0; }
harness_start export
moto_start
helpers+=("$moto_pid")
"$python" -c 'import boto3; boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})'
export_to() { # export_to PLACE OPTION…
  local place=$1
  shift
  "$termfeed" export --database "host=$PGHOST user=postgres dbname=$PGDATABASE" --to "$place" "$@" \
    2>>"$folder/export.log"
}
# compare PLACE QUERY: what is there with what the query says.
compare() {
  psql -q -c "SET timezone = 'UTC'" -c "\\copy ($2) TO '$folder/expected.csv' (FORMAT csv, HEADER, NULL '\\N')"
  "$python" termfeed/tests/aws/check_export.py "$1" "$folder/expected.csv" 2>&1 | tail -n 1
}
files() { (cd "$1" && find . -name '*.parquet' -printf '%T@ %i %p\n' | sort); }

psql -q <<'SQL'
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN short AS varchar(9);
CREATE TABLE kinds AS
SELECT n AS id, n % 3 = 0 AS yes, (n % 100)::smallint AS small, n * 7 AS whole, n::bigint << 33 AS big,
       (n / 7.0)::real AS single, CASE n % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE n / 3.0 END::float8 AS double,
       (n * 1.5 - 100)::numeric(12, 2) AS money, ((-1) ^ n)::numeric(38, 0) * 99999999999999999999999999999999999999 AS huge,
       n / 7.0 AS loose, date '1960-02-29' + n AS day, time '00:00' + n * interval '1.000001 s' AS hour,
       timestamp '1999-12-31 23:59:59.999999' + n * interval '1 h' AS local,
       timestamptz '1969-12-31 23:59:59.5+00' + n * interval '13 h' AS moment,
       repeat('é“' || n, n % 5) AS words, 'ab'::char(4) AS padded, ('m' || n)::short AS brief,
       (ARRAY['sad', 'glad'])[1 + n % 2]::mood AS mood, md5(n::text)::uuid AS uuid,
       jsonb_build_object('n', n, 'deep', ARRAY[1, 2]) AS doc, decode(md5(n::text), 'hex') AS bytes,
       ARRAY[n, NULL, -n] AS numbers, CASE WHEN n % 4 > 0 THEN ARRAY['a,"b', NULL, ''] END AS texts,
       CASE WHEN n % 4 = 0 THEN '{}'::bigint[] END AS none, pg_current_xact_id() AS tx
  FROM generate_series(1, 20000) n;
-- Every column but the first has NULLs.
DO $$ DECLARE c text; BEGIN
  FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'kinds'::regclass AND attnum > 1 LOOP
    EXECUTE format('UPDATE kinds SET %I = NULL WHERE id %% 11 = length(%L) %% 11', c, c);
  END LOOP;
END $$;
SQL
all='SELECT id, yes, small, whole, big, single, double, money, huge, loose, day, hour, local, moment, words, padded, brief,
            mood, uuid, doc, bytes, to_json(numbers) AS numbers, to_json(texts) AS texts, to_json(none) AS none, tx FROM kinds ORDER BY id'
kinds=(--query 'SELECT * FROM kinds' --order-by id --file-rows 7000 --group-rows 1000)
export_to "file://$folder/kinds" "${kinds[@]}"
same 'every type is read back as it was, row by row' 'same: 20000 rows in 3 files' "$(compare "$folder/kinds" "$all")"
same 'row groups have the rows that were asked for' 7 \
  "$("$python" -c 'import sys, pyarrow.parquet as p; f = p.ParquetFile(sys.argv[1]); print(f.num_row_groups)' "$folder/kinds/part-00001.parquet")"
export_to "$folder/sorted" --query 'SELECT * FROM kinds' --order-by 'money DESC, id'
same 'the order is that of the values, not of their text' 'same: 20000 rows in 1 files' \
  "$(compare "$folder/sorted" "${all/ORDER BY id/ORDER BY money DESC, id}")"
before=$(files "$folder/kinds")
export_to "file://$folder/kinds" "${kinds[@]}"
same 'done again it writes nothing again' "$before" "$(files "$folder/kinds")"
sql 'DELETE FROM kinds WHERE id > 12000'
export_to "file://$folder/kinds" "${kinds[@]}"
same 'rows that are gone are gone, and so are their files' 'same: 12000 rows in 2 files' "$(compare "$folder/kinds" "$all")"

export_to s3://lake/by/mood "${kinds[@]}" --partition-by mood
same 'partitions on S3, NULL among them' 'same: 12000 rows in 3 files' \
  "$(compare s3://lake/by/mood "${all/ORDER BY id/ORDER BY mood, id}")"
same 'folders are named as Hive names them' 'mood=__HIVE_DEFAULT_PARTITION__ mood=glad mood=sad' \
  "$("$python" -c 'import boto3; print(*sorted({o["Key"].split("/")[2] for o in boto3.client("s3").list_objects(Bucket="lake", Prefix="by/mood/mood")["Contents"]}))')"

sql "CREATE TABLE wide AS SELECT n AS id, n % 4 AS part, md5(n::text) || md5((-n)::text) AS t FROM generate_series(1, 600000) n"
wide=(--query 'SELECT id, part, t FROM wide' --partition-by part --order-by id --file-rows 50000 --cursor id --name wide)
for delay in 0.1 0.3 0.6 1 1.5; do
  export_to "file://$folder/wide" "${wide[@]}" &
  victim=$!
  sleep "$delay"
  kill -9 "$victim" 2>/dev/null || true
  wait "$victim" 2>/dev/null || true
  # A file that is there is whole.
  for file in "$folder"/wide/*/*.parquet; do [[ ! -e $file ]] || echo "$file"; done |
    "$python" -c 'import sys, pyarrow.parquet as p; [p.read_table(line.strip()) for line in sys.stdin]'
done
export_to "file://$folder/wide" "${wide[@]}"
same 'killed five times and done again: each row once, no file too many' 'same: 600000 rows in 12 files' \
  "$(compare "$folder/wide" 'SELECT id, part, t FROM wide ORDER BY part, id')"
before=$(files "$folder/wide")
export_to "file://$folder/wide" "${wide[@]}"
same 'nothing new: nothing is written' "$before" "$(files "$folder/wide")"
sql "INSERT INTO wide VALUES (600001, 0, 'new')"
export_to "file://$folder/wide" "${wide[@]}"
same 'what is new comes into a file of its own' '13 part=0/part-00004.parquet 1' \
  "$("$python" -c 'import json, sys; f = json.load(open(sys.argv[1]))["files"]; print(len(f), f[-1]["path"], f[-1]["rows"])' "$folder/wide/_manifest.json")"

# Many sessions write, and commit in another order than they began.
sql 'CREATE TABLE busy (id bigserial PRIMARY KEY, tx xid8 NOT NULL DEFAULT pg_current_xact_id())'
writers=()
for _ in {1..6}; do
  { for _ in {1..40}; do echo "BEGIN; INSERT INTO busy DEFAULT VALUES; SELECT pg_sleep(random() / 20); COMMIT;"; done | psql -q -o /dev/null; } &
  writers+=($!)
done
busy=(--query 'SELECT id, tx FROM busy' --cursor tx --order-by id --name busy)
for _ in {1..8}; do export_to s3://lake/busy "${busy[@]}"; done
wait "${writers[@]}"
export_to s3://lake/busy "${busy[@]}"
same 'a cursor of transactions misses nothing while many write' '240 240' \
  "$("$python" - <<'P'
import json, os
from pyarrow import fs, parquet
s3 = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], region="eu-central-1")
files = json.load(s3.open_input_stream("lake/busy/_manifest.json"))["files"]
ids = [i for f in files for i in parquet.read_table(s3.open_input_file("lake/busy/" + f["path"]))["id"].to_pylist()]
print(len(ids), len(set(ids)))
P
)"

refused() { "$termfeed" export --database "host=$PGHOST user=postgres dbname=$PGDATABASE" "$@" 2>&1 | grep -o '^termfeed: .*' || true; }
same 'a type without a counterpart is refused with a hint' \
  'termfeed: column "i" has type interval, which has no counterpart in Parquet: cast it in the query, like "i"::text' \
  "$(refused --to "$folder/none" --query "SELECT interval '1 day' AS i")"
same 'what has no value in Parquet is no guess' \
  'termfeed: a value of column "d" is infinite: cast it to text in the query' \
  "$(refused --to "$folder/none" --query "SELECT date 'infinity' AS d")"
same 'a column that is not there' 'termfeed: --cursor: the query has no column "x", but a' \
  "$(refused --to "$folder/none" --query 'SELECT 1 AS a' --cursor x)"
same 'other columns do not come among those that are there' yes \
  "$(refused --to "$folder/wide" --query 'SELECT id, t FROM wide' --cursor id --name wide | grep -q 'have other columns' && echo yes)"
sql 'CREATE ROLE reader LOGIN; GRANT SELECT ON wide TO reader'
feed_user=reader
"$termfeed" export --database "host=$PGHOST user=reader dbname=$PGDATABASE" --to "$folder/mine" "${wide[@]}" 2>>"$folder/export.log"
same 'who may read may export, and has a position of his own' 'same: 600001 rows in 13 files' \
  "$(compare "$folder/mine" 'SELECT id, part, t FROM wide ORDER BY part, id')"
harness_verdict
