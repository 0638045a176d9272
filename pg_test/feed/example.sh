#!/usr/bin/env bash
# Runs what the README of examples/menu says about HTTP, and compares what it shows.
# usage: example.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database.
set -euo pipefail
termfeed=$(realpath "$1") psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/../../examples/menu"

psql -o /dev/null -c 'DROP EXTENSION IF EXISTS termstream' -f menu.sql
"$termfeed" serve --listen 127.0.0.1:0 --database "$database" 2>"$folder/example.log" &
trap 'kill %1' EXIT
until url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/example.log"); do sleep 0.1; done

# Each "sh" block into a file of its own, and what must follow beside it; the address is another here.
rm -f "$folder"/example.*.sh "$folder"/example.*.wanted
awk -v to="$folder/example" '
  /^```sh$/ { n++; out = to "." n ".sh"; after = 1; next }
  /^```(json|text)$/ && after { out = to "." n ".wanted"; after = 0; next }
  /^```/ { out = ""; next }
  out && !/^url=/ { print > out }
' README.md
mkdir -p "$folder/bin"
ln -sf "$termfeed" "$folder/bin/termfeed"
for script in "$folder"/example.*.sh; do
  wanted=${script%.sh}.wanted
  got=$(PATH=$folder/bin:$PATH TERMFEED_DATABASE=$database url=$url bash -euo pipefail "$script")
  [[ ! -f $wanted ]] || same "$(head -n 1 "$script")" "$(cat "$wanted")" "$got"
done
finish
