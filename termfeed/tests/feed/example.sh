#!/usr/bin/env bash
# Runs what the README of examples/menu says about HTTP, and compares what it shows; of the commands that
# README.md, docs/ and the pages of the other examples show, whether termfeed has their options.
# usage: example.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database.
set -euo pipefail
termfeed=$(realpath "$1") psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/../../../examples/menu"

psql -o /dev/null -c 'DROP EXTENSION IF EXISTS termstream' -f menu.sql
serve example.log --listen 127.0.0.1:0 --database "$database"
trap 'kill $server' EXIT

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

unknown='' shown=0
while read -r _ command words; do
  shown=$((shown + 1))
  help=$("$termfeed" "$command" --help)
  while read -r option; do
    grep -qwe "$option" <<<"$help" || unknown+=" $command $option"
  done < <(grep -o -e ' --[a-z-]*' <<<" $words")
done < <({
  sed -e ':more' -e '/\\$/N; s/\\\n//; t more' ../*/README.md | grep '^    termfeed '
  find ../../README.md ../../docs -name '*.md' -print0 |
    xargs -0 sed -n -e '/^```sh$/,/^```$/ { s/ #.*//; /^termfeed /p; }'
})
same 'the pages show options that there are' '' "$unknown"
same 'and many commands' yes "$([[ $shown -ge 12 ]] && echo yes || echo "$shown")"
finish
