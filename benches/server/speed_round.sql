\set note 'INSERT INTO speed SELECT :place, :''way'', (SELECT count(*) FROM input) / extract(epoch FROM clock_timestamp() - :''start''), :mentions;'

SET max_parallel_workers_per_gather = 0;
\set place 2
\set way 'in Postgres, FROM input, LATERAL match(…)'
SELECT clock_timestamp() AS start \gset
SELECT count(*) AS mentions FROM input, LATERAL termstream.match('lexicon', text) \gset
:note
\set place 3
\set way 'in Postgres, SELECT (match(…)).term_id FROM input'
SELECT clock_timestamp() AS start \gset
SELECT count(term_id) AS mentions FROM (SELECT (termstream.match('lexicon', text)).term_id FROM input) AS m \gset
:note
SET max_parallel_workers_per_gather = 2;
\set place 4
\set way 'in Postgres, FROM input, LATERAL match(…), 2 workers'
SELECT clock_timestamp() AS start \gset
SELECT count(*) AS mentions FROM input, LATERAL termstream.match('lexicon', text) \gset
:note
