#!/bin/sh
# Run by the image of Postgres, once: makes the dashboard's role, with the password of the environment.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$GRAFANA_DB_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
  -f /docker-entrypoint-initdb.d/grafana.psql
