# Which brands does a row mention? By termstream and by what else there is, with what was meant.

mkdir peers
cp "$repo"/examples/menu/*.csv peers/
cd peers
psql -q -f "$bench/peers_prepare.sql"
for round in 1 2 3; do
  say "Matching by termstream and by what else Postgres has (round $round of 3)"
  psql -q -f "$bench/peers.sql"
done
source "$bench/rapidfuzz.sh"
cd "$OLDPWD"
