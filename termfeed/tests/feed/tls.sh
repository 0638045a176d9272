#!/usr/bin/env bash
# usage: termfeed/tests/feed/tls.sh      (from the repository; after ./run build and the build of termfeed)
#
# TLS to the database: what libpq's words mean to termfeed, beside what they mean to psql, with a server
# that has TLS and with one that has none; right, wrong and no certificates.
source "$(dirname "${BASH_SOURCE[0]}")/../../../pg_test/open.sh"
source termfeed/tests/feed/harness.sh
install_packages openssl
set_up
# An address of loopback of its own: the port may be anybody's elsewhere.
address=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
cluster_settings=("listen_addresses='$address'")
harness_start tls

certificates=$folder/certificates
mkdir -p "$certificates"
# authority NAME, certificate NAME AUTHORITY SUBJECT: keys and certificates by these names.
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$certificates/$1.key" -out "$certificates/$1.crt"
}
certificate() {
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$3" -keyout "$certificates/$1.key" -out "$certificates/$1.csr"
  openssl x509 -req -days 2 -in "$certificates/$1.csr" -CA "$certificates/$2.crt" -CAkey "$certificates/$2.key" -CAcreateserial \
    -extfile <(echo "subjectAltName=DNS:$3") -out "$certificates/$1.crt"
  chmod 600 "$certificates/$1.key"
}
{
  authority right
  authority wrong
  certificate server right db.example
  certificate client right postgres
} 2>"$folder/openssl.log"
cp "$certificates"/{server.crt,server.key,right.crt} "$pg_home/data/"
[[ $EUID -ne 0 ]] || chown postgres: "$pg_home"/data/{server.crt,server.key,right.crt}
right=$certificates/right.crt wrong=$certificates/wrong.crt

psql -q -o /dev/null <<'SQL'
CREATE TABLE seen (ssl boolean);
SELECT termstream.create_stream('inbox', 'id int',
  'INSERT INTO seen SELECT (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()) FROM batch');
SQL
printf 'id\n1\n' >"$folder/one.csv"
unset PGHOST PGPORT PGUSER PGDATABASE
export HOME=$folder # Nobody's ~/.postgresql.
local_sql() { "$pg_bin/psql" -XqAt -h "$pg_home" -U postgres -d termstream -c "$1"; }
# server on|off RULE: with TLS or without, and who is let in.
server() {
  local_sql "ALTER SYSTEM SET ssl = $1" && local_sql "ALTER SYSTEM SET ssl_ca_file = 'right.crt'"
  printf 'local all all trust\n%s\n' "$2" >"$folder/hba"
  cat "$folder/hba" >"$pg_home/data/pg_hba.conf"
  # Sessions that begin from now on have it: the server has read it when it says so.
  local before
  before=$(local_sql 'SELECT pg_conf_load_time()')
  local_sql 'SELECT pg_reload_conf()' >/dev/null
  until [[ $(local_sql 'SELECT pg_conf_load_time()') != "$before" && $(local_sql 'SHOW ssl') == "$1" ]]; do sleep 0.1; done
}
all='host all all 127.0.0.0/8 trust'
place="hostaddr=$address port=5432 user=postgres dbname=termstream password=sesame"

# loaded OPTION…: t with TLS, f without, refused, or wrong settings.
loaded() {
  local status=0
  local_sql 'TRUNCATE seen'
  "$termfeed" load --quiet --restart --stream inbox "$@" "$folder/one.csv" >>"$folder/load.log" 2>&1 || status=$?
  case $status in
    0) local_sql 'TABLE seen' ;;
    64 | 74) echo settings ;;
    *) echo refused ;;
  esac
}
asked() { # asked CONNINFO: the same, by psql
  "$pg_bin/psql" -XqAt "$1" -c 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()' 2>>"$folder/psql.log" || echo refused
}
# as_psql WANTED CONNINFO: termfeed and psql do the same, which is what is wanted.
as_psql() {
  local what=${2//"$certificates/"/}
  same "$kind: ${what/"$place"/} ${PGSSLMODE:-}" "$1 $1" "$(loaded --database "$2") $(asked "$2")"
}

kind='a server with TLS'
server on "$all"
for name in db.example other.example; do
  here="host=$name $place"
  as_psql t "$here"
  as_psql f "$here sslmode=disable"
  as_psql f "$here sslmode=allow"
  as_psql t "$here sslmode=prefer"
  as_psql t "$here sslmode=require"
  as_psql t "$here sslmode=verify-ca sslrootcert=$right"
  as_psql refused "$here sslmode=verify-ca sslrootcert=$wrong"
  as_psql refused "$here sslmode=verify-full sslrootcert=$wrong"
  as_psql refused "$here sslmode=require sslrootcert=$wrong"
  as_psql f "$here sslmode=prefer sslrootcert=$wrong"
done
here="host=db.example $place"
as_psql t "$here sslmode=verify-full sslrootcert=$right"
as_psql refused "host=other.example $place sslmode=verify-full sslrootcert=$right"
url="postgresql://postgres:sesame@db.example/termstream?hostaddr=$address"
as_psql t "$url&sslmode=verify-full&sslrootcert=$right"
as_psql refused "$url&sslmode=verify-full&sslrootcert=$wrong"
PGSSLMODE=disable as_psql f "$here"
PGSSLMODE=verify-full PGSSLROOTCERT=$right as_psql t "$here"
PGSSLMODE=verify-full PGSSLROOTCERT=$wrong as_psql refused "$here"
PGSSLMODE=disable as_psql t "$here sslmode=require"
same '--database-ca asks for a certificate' 't refused' "$(loaded --database "$here" --database-ca "$right") $(loaded --database "$here" --database-ca "$wrong")"
same 'in the name of the host' refused "$(loaded --database "host=other.example $place" --database-ca "$right")"
same 'whatever the environment says' refused "$(PGSSLMODE=disable loaded --database "$here" --database-ca "$wrong")"
same 'and suffers no weaker word' settings "$(loaded --database "$here sslmode=prefer" --database-ca "$right")"
same 'to verify takes a root' settings "$(loaded --database "$here sslmode=verify-full")"
same 'a root that is there' settings "$(loaded --database "$here sslmode=verify-full sslrootcert=/nowhere")"
same 'a mode that is none' settings "$(loaded --database "$here sslmode=verify_full sslrootcert=$right")"
same 'a certificate that nobody asks the machine to trust' refused "$(loaded --database "$here sslrootcert=system")"
mkdir -p "$folder/.postgresql"
cp "$wrong" "$folder/.postgresql/root.crt"
as_psql refused "$here sslmode=require"
rm -r "$folder/.postgresql"

kind='a server without TLS'
server off "$all"
as_psql f "$here"
as_psql f "$here sslmode=allow"
as_psql refused "$here sslmode=require"
as_psql refused "$here sslmode=verify-ca sslrootcert=$right"
as_psql refused "$here sslmode=verify-full sslrootcert=$right"
PGSSLMODE=require as_psql refused "$here"
same '--database-ca does not do without' refused "$(loaded --database "$here" --database-ca "$right")"
same 'a socket has none, whatever is asked for' f "$(loaded --database "host=$pg_home user=postgres dbname=termstream sslmode=require")"

kind='a server that asks for TLS'
server on 'hostssl all all 127.0.0.0/8 trust'
as_psql t "$here sslmode=allow"
as_psql refused "$here sslmode=disable"
kind='a server that does not want it'
server on 'hostnossl all all 127.0.0.0/8 trust'
as_psql f "$here sslmode=prefer"
as_psql refused "$here sslmode=require"
kind='a server that asks for a certificate'
server on 'hostssl all all 127.0.0.0/8 cert'
as_psql t "$here sslmode=require sslcert=$certificates/client.crt sslkey=$certificates/client.key"
as_psql refused "$here sslmode=require"
PGSSLMODE=require PGSSLCERT=$certificates/client.crt PGSSLKEY=$certificates/client.key as_psql t "$here"

same 'no password in what was said' 0 "$(grep -c sesame "$folder/load.log")"
harness_verdict
