#!/usr/bin/env bash
# usage: migrate.sh [LAST]     (with PG* in the environment, PSQL may say which psql)
#
# Brings a database to the state of migrations/*.sql, or of those up to LAST: each one once, in their order, in
# the transaction that notes it in the table migration.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/migrations"
psql() { "${PSQL:-psql}" -X -q -v ON_ERROR_STOP=1 "$@"; }
psql -c "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
for file in *.sql; do
  name=${file%.sql}
  [[ -z ${1:-} || ! $name > $1 ]] || break
  [[ -z $(psql -At -v name="$name" <<<"SELECT name FROM migration WHERE name = :'name'") ]] || continue
  psql -1 -o /dev/null -v name="$name" -f <(echo "INSERT INTO migration VALUES (:'name');") -f "$file"
  echo "migrated: $name"
done
