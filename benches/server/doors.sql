-- One round. The plain table with a primary key is what all are held against.

\set begin 'CHECKPOINT; SELECT clock_timestamp() AS start, cpu() AS cpu \\gset'
\set note 'INSERT INTO run (part, place, what, base, rows, seconds, cpu, asked) VALUES (''doors'', :place, :''what'', 1, :rows, extract(epoch FROM clock_timestamp() - :''start''), :cpu_used, :''asked'');'
\set cpu_used 'cpu() - :cpu'
\set asked ''

TRUNCATE plain, menu_terms, pairs_after, copied;
\set place 1
\set what 'COPY into a plain table with a primary key'
:begin
\copy plain FROM 'big.csv' (FORMAT csv, HEADER)
:note

\set place 2
\set what 'COPY into a match stream'
\set asked '≤ 3.5, target 2.5'
:begin
\copy menu FROM 'big.csv' (FORMAT csv, HEADER)
:note

\set place 3
\set what 'the same rows again: all pairs are there'
\set asked ''
:begin
\copy menu FROM 'big.csv' (FORMAT csv, HEADER)
:note

TRUNCATE menu_terms;
\set place 4
\set what 'load_file into a match stream'
:begin
CALL termstream.load_file('menu', :'path', resume => false) \g /dev/null
:note

SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'load_file' AND 'parallel' = ANY (proargnames)) AS parallel,
       EXISTS (SELECT FROM pg_proc WHERE proname = 'create_stream') AS general \gset
\if :parallel
TRUNCATE menu_terms;
\set place 5
\set what 'load_file into a match stream, parallel => 2'
\set asked '≤ 2.0, target 1.0'
-- What the workers use is theirs.
\set cpu_used NULL
:begin
CALL termstream.load_file('menu', :'path', resume => false, parallel => 2) \g /dev/null
:note
\set cpu_used 'cpu() - :cpu'
\endif

\if :general
SELECT to_regclass('copying') IS NULL AS missing \gset
\if :missing
SELECT termstream.create_stream('copying', 'menu_id bigint, name text, description text',
         'INSERT INTO public.copied SELECT menu_id, name, description FROM batch') \g /dev/null
\endif
\set place 6
\set what 'COPY into a stream whose statement is INSERT … SELECT'
\set asked '≤ 1.6'
:begin
\copy copying FROM 'big.csv' (FORMAT csv, HEADER)
:note
\endif

\set place 7
\set what 'plain COPY, then INSERT … SELECT match(…)'
\set asked ''
TRUNCATE plain;
:begin
\copy plain FROM 'big.csv' (FORMAT csv, HEADER)
INSERT INTO pairs_after
  SELECT menu_id, term_id
  FROM plain, termstream.match('brands', concat_ws(chr(31), name, description))
  ON CONFLICT DO NOTHING;
:note
TRUNCATE plain, menu_terms, pairs_after, copied;
