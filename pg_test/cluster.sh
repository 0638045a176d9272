# Private throw-away Postgres servers; sourced by ./run after setup.sh.
#
# A server lives in a folder of its own, /tmp/termstream.XXXXXX: short, because a socket's path
# may have 107 bytes, and outside the repository, because Postgres refuses to run as root and its
# own user may not be let into the folders above. It has no TCP port. The folder's mode, 0700,
# is the access control: who can reach the socket may do everything.
# target/clusters/NAME names the folder, so that what a killed run left behind is found again;
# nothing is ever stopped or removed that is not named there.

clusters=$target/clusters

# Runs a server program as the user who may run it, with an environment that is the same everywhere.
as_server() {
  local as=()
  [[ $EUID -ne 0 ]] || as=(runuser -u postgres --)
  (cd "$pg_home" && exec "${as[@]}" env -i PATH=/usr/bin:/bin HOME="$pg_home" LC_ALL=C.UTF-8 TZ=UTC "$@")
}

# cluster_use NAME: points psql and the PG* variables at a running server; fails if there is none.
cluster_use() {
  local pid
  pg_home=$(cat "$clusters/$1" 2>/dev/null) || return 1
  pg_bin=$(echo "$pg_home"/usr/lib/postgresql/*/bin)
  pid=$(head -n 1 "$pg_home/data/postmaster.pid" 2>/dev/null) || return 1
  [[ $(as_server readlink "/proc/$pid/cwd") == "$pg_home/data" ]] || return 1
  unset PGHOSTADDR PGSERVICE PGOPTIONS PGTZ PGDATESTYLE PGSSLMODE PGTARGETSESSIONATTRS
  export PGHOST=$pg_home PGPORT=5432 PGUSER=postgres PGDATABASE=termstream PGCLIENTENCODING=UTF8
}

# For scripts: no pager, which would wait for a key; no ~/.psqlrc; stops at the first error.
psql() { "$pg_bin/psql" -X -P pager=off -v ON_ERROR_STOP=1 "$@"; }

# cluster_start NAME [SETTING=VALUE…]: a new server with a database "termstream", replacing the old one.
cluster_start() {
  local name=$1 setting
  shift
  cluster_stop "$name"
  say "Starting a private Postgres"
  pg_home=$(mktemp -d /tmp/termstream.XXXXXX)
  mkdir -p "$clusters"
  echo "$pg_home" >"$clusters/$name"
  cp -a "$pg_server/usr" "$pg_home/"
  [[ $EUID -ne 0 ]] || chown -R postgres: "$pg_home"
  pg_bin=$pg_home/usr/lib/postgresql/$pg_major/bin
  as_server "$pg_bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$pg_home/initdb.log" 2>&1 ||
    die "initdb failed: $(tail -n 3 "$pg_home/initdb.log")"
  for setting in "listen_addresses=''" "unix_socket_directories='$pg_home'" port=5432 "timezone='UTC'" "$@"; do
    echo "$setting"
  done >>"$pg_home/data/postgresql.conf"
  as_server "$pg_bin/pg_ctl" start -D data -w -s -l "$pg_home/server.log" ||
    die "the server did not start: $(tail -n 5 "$pg_home/server.log")"
  cluster_use "$name"
  PGDATABASE=postgres psql -qc 'CREATE DATABASE termstream'
}

# cluster_stop NAME: stops and removes the server of that name, if there is one.
cluster_stop() {
  if cluster_use "$1"; then
    as_server "$pg_bin/pg_ctl" stop -D data -m immediate -s || true
  fi
  [[ ${pg_home:-} != /tmp/termstream.* ]] || rm -rf "$pg_home"
  rm -f "$clusters/$1"
}

# cluster_file FILE: copies a file to where the server can read it and prints its place there.
cluster_file() {
  local copy
  copy=$pg_home/files/$(basename "$1")
  mkdir -p "$pg_home/files"
  cp "$1" "$copy"
  chmod -R a+rX "$pg_home/files"
  echo "$copy"
}

# cluster_refresh NAME: hands the extension as just built to a running server; new sessions load it.
cluster_refresh() {
  cluster_use "$1" || return 0
  local lib ext
  lib=$("$pg_config" --pkglibdir) ext=$("$pg_config" --sharedir)/extension
  lib=${lib#"$pg_server/"} ext=${ext#"$pg_server/"}
  cp --remove-destination "$pg_server/$lib"/termstream*.so "$pg_home/$lib/"
  cp --remove-destination "$pg_server/$ext"/termstream* "$pg_home/$ext/"
}
