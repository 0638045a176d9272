#!/usr/bin/env bash
# Whom termfeed serve lets in, and what it never tells: tokens, other origins, hostile headers, secrets.
# usage: guard.sh TERMFEED PSQL WORKFOLDER, with PG* set to an empty database with the extension.
set -euo pipefail
termfeed=$1 psql=$2 folder=$3
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

start_serve --stall-timeout 2 --log-level debug
trap 'kill -9 $server 2>/dev/null || true' EXIT
status() { curl -s -w '%{http_code}' -o "$folder/body" "$@" || true; }
hush='Authorization: Bearer hush'

same 'the token' 200 "$(status -H "$hush" "$url/streams")"
for wrong in 'Authorization: Bearer hus' 'Authorization: Bearer hush2' 'Authorization: Basic hush' 'Authorization: hush' 'Authorization: Bearer'; do
  same "not the token: $wrong" 401 "$(status -H "$wrong" "$url/streams")"
done
for route in /streams /streams/x /streams/x/rejects /loads /lexicons '/lexicons/x/match?text=x'; do
  same "no token for $route" 401 "$(status "$url$route")"
done
same 'no token to post rows' 401 "$(status -X POST -H 'Content-Type: text/csv' -d 'x' "$url/streams/x")"
same 'the answer says what is wanted' 'Bearer' "$(curl -s -o /dev/null -w '%header{www-authenticate}' "$url/streams")"
for route in / /page/main.js /healthz /readyz /metrics /openapi.json; do
  same "open to all: $route" 200 "$(status "$url$route")"
done
same 'the page may fetch from its server alone' yes \
  "$(curl -s -D - -o /dev/null "$url/" | grep -qi "content-security-policy: default-src 'none'" && echo yes)"

same 'a page of another origin' 403 "$(status -H "$hush" -H 'Origin: https://evil.example' -X POST "$url/streams/x")"
same 'its own page' 404 "$(status -H "$hush" -H "Origin: $url" "$url/streams/x")"

head -c 1000000 /dev/zero | tr '\0' x | sed 's/^/X-Long: /' >"$folder/header"
same 'a header of 1 MB' 431 "$(status -H @"$folder/header" "$url/streams")"
same 'an address of 60 kB' 414 "$(status "$url/$(head -c 66000 /dev/zero | tr '\0' x)" | sed 's/431/414/')"
port=${url##*:}
slow=$({
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n' >&3
  for _ in {1..20}; do
    sleep 0.5
    printf 'X: y\r\n' >&3 || break
  done
  timeout 1 cat <&3
} 2>/dev/null | head -n 1 | tr -d '\r') || true
same 'a header that takes too long is not waited for' no "$([[ $slow == *200* ]] && echo yes || echo no)"
same 'and it still answers' 200 "$(status "$url/healthz")"
kill -TERM "$server"
wait "$server" || true
cp "$folder/termfeed.log" "$folder/debug.log"

# Without a token, on this machine alone.
: >"$folder/open.log"
"$termfeed" serve --listen 127.0.0.1:0 --database "$database" 2>"$folder/open.log" &
server=$!
until url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/open.log" | head -n 1); do sleep 0.1; done
same 'without a token' 200 "$(status "$url/streams")"
same 'by the name of this machine' 200 "$(status -H "Host: localhost:${url##*:}" "$url/streams")"
same 'by a name that points here' 403 "$(status -H "Host: rebound.example:${url##*:}" "$url/streams")"
kill -TERM "$server"
wait "$server" || true

# Where a setting comes from: the file says 1 MB, the environment 2 MB, the flag 3 MB.
printf 'database = "%s"\n[serve]\nlisten = "127.0.0.1:0"\nmax_body = 1000000\n' "$database" >"$folder/order.toml"
longest() { # longest OPTION…: MB of the longest body that is taken.
  local mb
  "$termfeed" serve --config "$folder/order.toml" "$@" 2>"$folder/order.log" &
  server=$!
  until url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/order.log" | head -n 1); do sleep 0.1; done
  for mb in 1 2 3 4; do
    [[ $(status -m 9 -X POST -H 'Content-Type: text/csv' -H "Content-Length: ${mb}000000" -d x "$url/streams/x") != 413 ]] || break
  done
  echo $((mb - 1))
  kill -TERM "$server"
  wait "$server" || true
}
same 'settings come from a file' 1 "$(longest)"
same 'the environment goes before the file' 2 "$(TERMFEED_MAX_BODY=2000000 longest)"
same 'and a flag before the environment' 3 "$(TERMFEED_MAX_BODY=2000000 longest --max-body 3000000)"

# The database is away, or its settings are wrong: nothing of the secrets is told.
export PGPASSWORD=sesame TERMFEED_TOKEN=hush
printf 'database = "postgresql://x:sesame@/x?host=/nowhere&port=1"\n[serve]\ntoken = "hush"\nmax_body = "sesame"\n' >"$folder/settings.toml"
for words in "serve --config $folder/settings.toml" 'serve --database sesame --listen 127.0.0.1:0' '--help' 'serve --help' 'load --help' \
  'load --database postgresql://x:sesame@/x?host=/nowhere --stream s /etc/hostname' 'load --database host=/nowhere,password=sesame --stream s /etc/hostname'; do
  # shellcheck disable=SC2086
  timeout 20 "$termfeed" $words >>"$folder/secrets.log" 2>&1 || true
done
same 'no secret in logs, errors, help and metrics' '' \
  "$(grep -lE 'sesame|hush' "$folder/debug.log" "$folder/open.log" "$folder/secrets.log" "$folder/body" || true)"
same 'though there was much to tell' yes "$([[ $(wc -l <"$folder/secrets.log") -gt 60 ]] && echo yes)"
finish
