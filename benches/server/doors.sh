# The same rows through each door.

psql -q -f "$bench/doors_prepare.sql"
for round in 1 2 3; do
  say "Loading $rows rows, each way (round $round of 3)"
  psql -q -v path="$PWD/big.csv" -v rows="$rows" -f "$bench/doors.sql"
done
