#!/usr/bin/env bash
# usage: examples/lines.sh [NAME]     How much SQL and configuration each example needs, or one.
#
# SQL: lines of NAME's SQL files that are neither empty nor comments, but for those that only load, check and
# report. Configuration: options of the termfeeds that its run starts. Data and checks are there for the show.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
printf '%-14s %10s %10s\n' example 'SQL lines' 'options'
for folder in ${1:-*}/; do
  name=${folder%/}
  [[ -f $name/$name.sql ]] || continue
  sql=0
  for file in "$name/$name.sql" "$name/predict.sql"; do
    [[ ! -f $file ]] || sql=$((sql + $(grep -cvE '^[[:space:]]*(--.*)?$' "$file")))
  done
  options=$(awk '/^ *feed / { on = 1 } on { n += gsub(/ --[a-z]/, "&") } on && !/\\$/ { on = 0 } END { print n + 0 }' "$name/run")
  printf '%-14s %10d %10d\n' "$name" "$sql" "$options"
done
