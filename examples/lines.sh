#!/usr/bin/env bash
# usage: examples/lines.sh     How much SQL and configuration each example needs.
#
# SQL: lines of NAME/NAME.sql that are neither empty nor comments. Configuration: options of the termfeeds
# that its run starts. Data, checks and reports do not count: they are there for the show.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
printf '%-14s %10s %10s\n' example 'SQL lines' 'options'
for folder in */; do
  name=${folder%/}
  [[ -f $name/$name.sql ]] || continue
  sql=$(grep -cvE '^[[:space:]]*(--.*)?$' "$name/$name.sql")
  options=0
  [[ ! -f $name/run ]] ||
    options=$(awk '/^ *feed / { on = 1 } on { n += gsub(/ --[a-z]/, "&") } on && !/\\$/ { on = 0 } END { print n + 0 }' "$name/run")
  printf '%-14s %10d %10d\n' "$name" "$sql" "$options"
done
