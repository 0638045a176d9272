-- One round; the core's time has just been noted.

\set begin 'SELECT clock_timestamp() AS start, cpu() AS cpu \\gset'
\set note 'INSERT INTO run (part, place, what, base, rows, seconds, cpu, found, asked) VALUES (''match'', :place, :''what'', 30, (SELECT count(*) FROM input), extract(epoch FROM clock_timestamp() - :''start''), :cpu_used, :mentions, :''asked'');'
\set cpu_used 'cpu() - :cpu'

INSERT INTO run (part, place, what, base, rows, seconds, cpu, found)
  SELECT 'match', 30, 'the core alone', 30, rows, rows / rate, rows / rate, mentions FROM core_rate;
TRUNCATE core_rate;
SET max_parallel_workers_per_gather = 0;
\set asked '≤ 1.67'
\set place 31
\set what 'FROM input, LATERAL match(…)'
:begin
SELECT count(*) AS mentions FROM input, LATERAL termstream.match('brands', text) \gset
:note
\set place 32
\set what 'SELECT (match(…)).term_id FROM input'
\set asked ''
:begin
SELECT count(term_id) AS mentions FROM (SELECT (termstream.match('brands', text)).term_id FROM input) AS m \gset
:note
SET max_parallel_workers_per_gather = 2;
-- What the workers use is theirs.
\set cpu_used 'NULL'
\set place 33
\set what 'FROM input, LATERAL match(…), 2 parallel workers'
\set asked '≤ 1.67'
:begin
SELECT count(*) AS mentions FROM input, LATERAL termstream.match('brands', text) \gset
:note
