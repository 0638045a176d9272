# What ./run demo shows once its server is up; sourced by ./run.

menu_on='[' menu_off=']'
[[ ! -t 1 ]] || { menu_on=$'\e[1m' menu_off=$'\e[0m'; }

export PGOPTIONS='-c client_min_messages=warning'
cd "$repo/examples/menu"
say "Loading examples/menu: the brands of terms.csv, the menus of input.csv"
psql -q -o /dev/null -f menu.sql -f gold.sql
psql -q -v path="$(cluster_file input_broken.csv)" -f broken.sql
psql -q -v on="$menu_on" -v off="$menu_off" -f report.sql

say "Loading the same menus twenty times over"
menu_big=$(mktemp -d)
awk -v times=20 -f times.awk input.csv >"$menu_big/big.csv"
cd "$menu_big"
psql -q -v path="$(cluster_file big.csv)" -v rows="$(($(wc -l <big.csv) - 1))" -f "$repo/examples/menu/speed.sql"
rm -r "$menu_big"

cat <<'TEXT'

The server stays up. What to type next:
  ./run serve                look at it in a browser: drop a file, see it flow; type a text, see what it mentions
  ./run psql                 look around: TABLE menu_terms; TABLE menu_rejects; TABLE termstream.loads;
                             SELECT * FROM termstream.match('brands', 'a pint of grimshlot pls');
  less examples/menu/README.md
  ./run stop                 end it
TEXT
