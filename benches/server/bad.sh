# Files of which one row in 100 is bad, each kind at another stage; beside the clean file.

say 'Making files with bad rows'
psql -q -f "$bench/bad_prepare.sql"
# COPY cannot go on after a line of too many columns, load_file can: such a file is written by hand.
echo 'menu_id,name,description' >bad_parse.csv
psql -At -v FETCH_COUNT=10000 -c 'SELECT line FROM bad_lines' >>bad_parse.csv
chmod -R a+rX .
for round in 1 2 3; do
  say "Loading $rows rows, one in 100 bad (round $round of 3)"
  psql -q -v folder="$PWD" -v rows="$rows" -f "$bench/bad.sql"
done
