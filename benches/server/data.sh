# Rows and terms for all parts: those of brands-medium where the shared data lies beside the
# repository, else those of examples/menu; over and over, each copy with ids of its own.

data=$repo/../shared/data/brands-medium data_name=brands-medium
if [[ ! -d $data ]]; then
  data=$repo/examples/menu data_name=examples/menu
  say 'SKIPPED: brands-medium (4,000 terms), ../shared/data is not there: examples/menu instead'
fi
say "Making $rows rows of $data_name"
cp "$data/terms.csv" terms.csv
cp "$data/input.csv" rows.csv
psql -q -v rows="$rows" -f "$bench/data.sql"
chmod -R a+rX .
