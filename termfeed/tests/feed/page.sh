#!/usr/bin/env bash
# The page of termfeed serve in Debian's chromium, driven by page.py.
# usage: page.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
for program in chromium chromedriver python3; do
  command -v "$program" >/dev/null || { echo "SKIP: no $program: the page was NOT looked at in a browser" && exit; }
done

psql -o /dev/null <<'SQL'
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'terms');
SELECT termstream.create_match_stream('menu', 'menu_id bigint, name text', 'brands', 'menu_id', '{name}', 'menu_terms');
SQL
start_serve
trap 'kill $server 2>/dev/null || true' EXIT
python3 -B "$(dirname "${BASH_SOURCE[0]}")/page.py" "$url" "$folder"
