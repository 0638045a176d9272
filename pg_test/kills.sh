# load_file, ended at random moments in every way there is, and called again until it is through: the
# pairs, the rejects and the counts must be those of a load that nobody disturbed. Sourced with the
# functions of cluster.sh and a server of its own; kills.sh [COUNT].

wanted=${1:-30}
rows=40000
ways=(cancel timeout terminate kill stop worker)
declare -A done_by=()

# Rows of which some lack a field, some have a number that is none, some have line ends in quotes.
awk -v rows=$rows 'BEGIN {
  print "id,name,price"
  for (id = 1; id <= rows; id++) {
    if (id % 97 == 0) print id ",pepsi"
    else if (id % 89 == 0) print "x" id ",pepsi,1"
    else if (id % 83 == 0) printf "%d,\"nestle\n%d,pepsi,1\n\",1\n", id, id
    else print id "," (id % 3 ? "a can of pepsi" : "nothing at all") " " id ",1"
  }
}' >"$pg_home/calm.csv"
cp "$pg_home/calm.csv" "$pg_home/rough.csv"
gzip -k "$pg_home/rough.csv"
chmod a+r "$pg_home"/*.csv*

psql -qAt >/dev/null <<'SQL'
CREATE EXTENSION termstream;
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi'), (3, 'Nestlé');
SELECT termstream.create_lexicon('brands', 'terms');
SELECT termstream.create_match_stream(name, 'id bigint, name text, price int', 'brands', 'id', '{name}',
         name || '_pairs', batch_rows => 200) FROM unnest('{calm,rough}'::text[]) name;
CREATE VIEW differences AS
  (SELECT 'pair', id::text, term_id::text FROM (TABLE calm_pairs EXCEPT ALL TABLE rough_pairs) a UNION ALL
   SELECT 'pair too much', id::text, term_id::text FROM (TABLE rough_pairs EXCEPT ALL TABLE calm_pairs) b UNION ALL
   SELECT 'reject', lineno::text, line FROM (SELECT lineno, line, stage, errorcode FROM calm_rejects EXCEPT ALL
                                             SELECT lineno, line, stage, errorcode FROM rough_rejects) c UNION ALL
   SELECT 'reject too much', lineno::text, line FROM (SELECT lineno, line, stage, errorcode FROM rough_rejects EXCEPT ALL
                                                      SELECT lineno, line, stage, errorcode FROM calm_rejects) d)
  UNION ALL
  SELECT 'counts', s::text, c::text
    FROM (SELECT sum(read), sum(taken), sum(rejected), sum(pairs), sum(bytes), max(position), max(line), sum(parse),
                 sum(convert) FROM termstream.load WHERE stream = 'calm'::regclass) c,
         (SELECT sum(read), sum(taken), sum(rejected), sum(pairs), sum(bytes), max(position), max(line), sum(parse),
                 sum(convert) FROM termstream.load WHERE stream = 'rough'::regclass) s
   WHERE c::text <> s::text
  UNION ALL
  SELECT 'left behind', load_id::text, begin_byte::text FROM termstream.load_range;
SQL
psql -qAtc "CALL termstream.load_file('calm', '$pg_home/calm.csv')" >/dev/null

# The process that leads the load, or one of its workers.
process_of() {
  psql -qAtc "SELECT pid FROM pg_stat_activity WHERE backend_type = '$1' AND query LIKE '%load_file%'
                 AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1" 2>/dev/null || true
}

alive() {
  until psql -qAtc 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
}

# end_it WAY: ends the load that runs.
end_it() {
  local pid
  case $1 in
    timeout) return ;; # it has its own end
    stop)
      as_server "$pg_bin/pg_ctl" stop -D data -m immediate -s
      as_server "$pg_bin/pg_ctl" start -D data -w -s -l "$pg_home/server.log"
      return
      ;;
    worker) pid=$(process_of 'termstream load') ;;
    *) pid=$(process_of 'client backend') ;;
  esac
  [[ -n $pid ]] || return 0
  case $1 in
    cancel) psql -qAtc "SELECT pg_cancel_backend($pid)" >/dev/null ;;
    terminate | worker) psql -qAtc "SELECT pg_terminate_backend($pid)" >/dev/null ;;
    kill) as_server kill -9 "$pid" || true ;;
  esac
}

kills=0 loads=0
log=$pg_home/load.log
while [[ $kills -lt $wanted ]]; do
  parallel=$((loads % 2 + 1))
  file=$pg_home/rough.csv
  [[ $((loads / 2 % 2)) -eq 0 ]] || file+=.gz
  psql -qc 'TRUNCATE rough_pairs, rough_rejects' \
    -c "DELETE FROM termstream.load WHERE stream = 'rough'::regclass"
  for ((calls = 1; ; calls++)); do
    [[ $calls -lt 200 ]] || { echo "no end of load $loads: $(tail -n 3 "$log")" && exit 1; }
    way=${ways[RANDOM % ${#ways[@]}]}
    moment=$((RANDOM % 900 + 20))
    options=''
    [[ $way != timeout ]] || options="-c statement_timeout=$moment"
    PGOPTIONS=$options psql -qAtc "CALL termstream.load_file('rough', '$file', parallel => $parallel)" \
      >"$log" 2>&1 &
    loader=$!
    sleep "$(printf '0.%03d' $moment)"
    end_it "$way"
    status=0
    wait $loader || status=$?
    # A backend that is killed behind its last word takes the server down all the same, a moment later.
    [[ $way != kill ]] || sleep 0.5
    alive
    [[ $status -ne 0 ]] || break
    if grep -qE 'canceling statement|terminating connection|server closed|ended unexpectedly|shutting down' "$log"; then
      kills=$((kills + 1))
      done_by[$way]=$((${done_by[$way]:-0} + 1))
    elif ! grep -qE 'is being loaded' "$log"; then
      echo "load $loads, parallel => $parallel, failed of itself: $(cat "$log")"
      exit 1
    fi
  done
  loads=$((loads + 1))
  psql -Atc 'SELECT * FROM differences LIMIT 20' >"$log"
  if [[ -s $log ]]; then
    echo "load $loads, $file, parallel => $parallel, $calls calls, is not what it must be:"
    cat "$log"
    psql -c "SELECT * FROM termstream.load WHERE stream = 'rough'::regclass ORDER BY load_id" -xAt
    exit 1
  fi
done
for way in "${!done_by[@]}"; do echo "$way: ${done_by[$way]}"; done
echo "$kills times ended, $loads loads went through, and nothing was lost or doubled"
