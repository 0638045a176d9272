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
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n' >&3
( # A line now and then, for as long as it is let.
  trap - EXIT
  while printf 'X: y\r\n' >&3 2>/dev/null; do sleep 1; done
) &
drip=$!
same 'a header that takes too long is not waited for' '' "$(timeout 300 cat <&3 2>/dev/null | grep -a ' 200' || true)"
same 'but its connection is closed' yes "$(kill -0 $drip 2>/dev/null && until_so eval "! kill -0 $drip"; echo yes)"
exec 3>&-
same 'and it still answers' 200 "$(status "$url/healthz")"

# More connections than there is room for, each with half a header; and then an honest client, who is not
# kept until those time out. A busy machine may be as slow: not five times.
beside_halves() {
  local halves answered
  rm -f "$folder/halves"
  (
    trap - EXIT
    ulimit -n 4096 2>/dev/null || true
    for _ in {1..600}; do
      exec {half}<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n' >&"$half" || break
    done 2>/dev/null
    touch "$folder/halves"
    exec sleep 300
  ) &
  halves=$!
  until_so test -e "$folder/halves"
  answered=$(curl -s -o /dev/null -w '%{http_code} %{time_total}' -m 300 "$url/healthz")
  kill "$halves"
  wait "$halves" 2>/dev/null || true
  awk '$1 == 200 && $2 < 15 { ok = 1 } END { exit !ok }' <<<"$answered"
}
kept_out=yes
for _ in {1..5}; do
  ! beside_halves || { kept_out=no && break; }
done
same 'half-sent headers keep nobody out: the oldest makes room' no "$kept_out"
stop_serve
cp "$folder/termfeed.log" "$folder/debug.log"

# Without a token, on this machine alone.
serve open.log --listen 127.0.0.1:0 --database "$database"
same 'without a token' 200 "$(status "$url/streams")"
same 'by the name of this machine' 200 "$(status -H "Host: localhost:${url##*:}" "$url/streams")"
same 'by a name that points here' 403 "$(status -H "Host: rebound.example:${url##*:}" "$url/streams")"
stop_serve

# Beyond this machine it does not start without one, but by that name.
refused() { timeout 300 "$termfeed" serve "$@" 2>&1 | grep -o '^termfeed: .*' || true; }
same 'without a token, for all' 'yes yes' \
  "$(refused --listen 0.0.0.0:0 --database "$database" | sed -E 's/.*(TERMFEED_TOKEN).*(--allow-anonymous).*/yes yes/')"
: >"$folder/all.log"
"$termfeed" serve --listen 0.0.0.0:0 --allow-anonymous --database "$database" 2>"$folder/all.log" &
server=$!
until_so grep 'listening on http' "$folder/all.log"
same 'if that is meant it is told' 1 "$(grep -c 'without a token' "$folder/all.log")"
stop_serve

# A name that is no setting: the door would be open.
for name in TERMFEED_TOKN TERMFEED_TOKEN_FIEL TERMFEED_LISTEN_FILE; do
  same "$name is told" "$name" "$(env "$name=hush" "$termfeed" serve --listen 127.0.0.1:0 --database "$database" 2>&1 | grep -o "$name is no setting" | cut -d ' ' -f 1)"
done
printf 'tokn = "hush"\n' >"$folder/typo.toml"
same 'in a settings file, too' '"tokn" token' \
  "$(refused --config "$folder/typo.toml" --database "$database" | sed -E 's/.*has ("tokn").*did you mean (.*)\?/\1 \2/')"
printf 'hush\n' >"$folder/token"
for given in "TERMFEED_TOKEN_FILE=$folder/token" "TERMFEED_PORT=tcp://10.0.0.1:8080 TERMFEED_SERVICE_HOST=10.0.0.1 TERMFEED_PORT_8080_TCP_PORT=8080 TERMFEED_TOKEN=hush"; do
  # shellcheck disable=SC2086,SC2163
  export $given
  serve links.log --listen 127.0.0.1:0 --database "$database"
  same "the token of ${given%%=*} … counts" '401 200' "$(status "$url/streams") $(status -H "$hush" "$url/streams")"
  stop_serve
  [[ $given != *_FILE=* ]] || same 'and is given once' 1 "$(TERMFEED_TOKEN=hush refused --database "$database" | grep -c 'both TERMFEED_TOKEN and TERMFEED_TOKEN_FILE')"
  for name in $given; do unset "${name%%=*}"; done
done

# Where a setting comes from: the file says 1 MB, the environment 2 MB, the flag 3 MB.
printf 'database = "%s"\n[serve]\nlisten = "127.0.0.1:0"\nmax_body = 1000000\n' "$database" >"$folder/order.toml"
longest() { # longest OPTION…: MB of the longest body that is taken.
  local mb
  serve order.log --config "$folder/order.toml" "$@"
  for mb in 1 2 3 4; do
    head -c "${mb}000000" /dev/zero >"$folder/long"
    [[ $(status -X POST -H 'Content-Type: text/csv' --data-binary @"$folder/long" "$url/streams/x") != 413 ]] || break
  done
  echo $((mb - 1))
  stop_serve
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
  timeout 300 "$termfeed" $words >>"$folder/secrets.log" 2>&1 || true
done
same 'no secret in logs, errors, help and metrics' '' \
  "$(grep -lE 'sesame|hush' "$folder/debug.log" "$folder/open.log" "$folder/secrets.log" "$folder/body" || true)"
same 'though there was much to tell' yes "$([[ $(wc -l <"$folder/secrets.log") -gt 60 ]] && echo yes)"
finish
