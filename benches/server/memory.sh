# What a backend takes of its own (RssAnon) above its start while it loads 100,000 and 5,000,000 rows.

# Prints a line of /proc/PID/status in KiB; nothing once the process has gone.
anonymous() { sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null; }

# memory PLACE ROWS ASKED: loads so many rows in a session of its own and notes the most it took.
memory() {
  local place=$1 many=$2 asked=$3 pid start most=0 now
  say "Loading $many rows and watching the memory"
  psql -qc 'TRUNCATE memory_terms'
  mkfifo rows.fifo
  # The session tells its pid, then waits for the rows.
  psql -q -o memory.pid -c 'SELECT pg_backend_pid()' -c '\copy memory FROM rows.fifo (FORMAT csv)' &
  local loading=$!
  until pid=$(grep -Eo '^ *[0-9]+$' memory.pid 2>/dev/null | tr -d ' '); do sleep 0.1; done
  start=$(anonymous "$pid")
  psql -qc "\\copy (SELECT * FROM rows($many)) TO rows.fifo (FORMAT csv)" &
  while now=$(anonymous "$pid") && [[ -n $now ]]; do
    [[ $now -le $most ]] || most=$now
    sleep 0.05
  done
  wait
  rm rows.fifo memory.pid
  psql -qc "INSERT INTO run (part, place, what, rows, mib, asked)
            VALUES ('memory', $place, 'COPY of $many rows into a match stream', $many, ($most - $start) / 1024.0, '$asked')"
}

psql -q <<'SQL'
SELECT termstream.create_match_stream('memory',
         columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}',
         pairs   => 'memory_terms') \g /dev/null
SQL
memory 20 $((rows / 10)) '≤ 64 MiB'
memory 21 $((rows * 5)) 'as above'
psql -qc 'TRUNCATE memory_terms'
