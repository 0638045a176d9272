#!/usr/bin/env bash
# usage: examples/lines.sh [NAME]     How much SQL and configuration each example needs, or one.
#
# SQL: lines that are neither empty nor comments, of NAME.sql and what belongs to it. Configuration: options of the
# termfeeds that its run starts. Data, checks and reports do not count: they are there for the show.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
printf '%-14s %10s %10s\n' example 'SQL lines' 'options'
for folder in ${1:-*}/; do
  name=${folder%/}
  [[ -f $name/$name.sql ]] || continue
  sql=0
  for file in "$name/$name.sql" "$name"/predict.sql "$name"/migrations/*.sql; do
    [[ ! -f $file ]] || sql=$((sql + $(grep -cvE '^[[:space:]]*(--.*)?$' "$file" || true)))
  done
  options=$(awk '/^ *(feed|watch) |^[a-z]+=\(--/ { on = 1 } on { n += gsub(/ --[a-z]/, "&") } on && !/\\$/ { on = 0 } END { print n + 0 }' "$name/run")
  printf '%-14s %10d %10d\n' "$name" "$sql" "$options"
done
