-- One round: a clean file through a door, then the bad ones.

\set begin 'TRUNCATE strict_terms, strict_rejects; CHECKPOINT; SELECT clock_timestamp() AS start, cpu() AS cpu \\gset'
\set note 'INSERT INTO run (part, place, what, base, rows, seconds, cpu, asked) VALUES (''bad'', :place, :''what'', :base, :rows, extract(epoch FROM clock_timestamp() - :''start''), cpu() - :cpu, :''asked'');'
\set asked ''

\set base 10
\set place 10
\set what 'COPY into a match stream, no bad row'
:begin
\copy strict FROM 'big.csv' (FORMAT csv, HEADER)
:note

\set asked '≤ 2'
\set place 11
\set what '1% bad: convert'
:begin
\copy strict FROM 'bad_convert.csv' (FORMAT csv, HEADER)
:note
\set place 12
\set what '1% bad: check'
:begin
\copy strict FROM 'bad_check.csv' (FORMAT csv, HEADER)
:note
\set place 13
\set what '1% bad: statement'
:begin
\copy strict FROM 'bad_statement.csv' (FORMAT csv, HEADER)
:note

\set asked ''
\set base 14
\set place 14
\set what 'load_file into a match stream, no bad row'
\set path :folder '/big.csv'
:begin
CALL termstream.load_file('strict', :'path', resume => false) \g /dev/null
:note
\set asked '≤ 2'
\set place 15
\set what '1% bad: parse'
\set path :folder '/bad_parse.csv'
:begin
CALL termstream.load_file('strict', :'path', resume => false) \g /dev/null
:note

SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_stream') AS general \gset
\if :general
SELECT to_regclass('strict_copying') IS NULL AS missing \gset
\if :missing
CREATE TABLE strict_copied (menu_id bigint PRIMARY KEY CHECK (menu_id >= 0), name text, description text);
SELECT termstream.create_stream('strict_copying', 'menu_id bigint, name text, description text',
         'INSERT INTO public.strict_copied SELECT menu_id, name, description FROM batch') \g /dev/null
\endif
TRUNCATE strict_copied, strict_copying_rejects;
\set asked ''
\set base 16
\set place 16
\set what 'COPY into INSERT … SELECT, no bad row'
:begin
\copy strict_copying FROM 'big.csv' (FORMAT csv, HEADER)
:note
TRUNCATE strict_copied;
\set asked '≤ 2'
\set place 17
\set what '1% bad: statement'
:begin
\copy strict_copying FROM 'bad_statement.csv' (FORMAT csv, HEADER)
:note
TRUNCATE strict_copied, strict_copying_rejects;
\endif
TRUNCATE strict_terms, strict_rejects;
