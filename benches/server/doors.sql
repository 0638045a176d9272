-- The same file through each door. The plain table with a primary key is what they are held against.

\set note 'INSERT INTO door VALUES (:''door'', :rows, clock_timestamp() - :''start'');'

TRUNCATE plain;
\set door 'COPY into a plain table with a primary key'
SELECT clock_timestamp() AS start \gset
\copy plain FROM 'big.csv' (FORMAT csv, HEADER)
:note

\set door 'the same, then matched by INSERT … SELECT match(…)'
CREATE TABLE pairs_after (menu_id bigint, term_id bigint, PRIMARY KEY (menu_id, term_id));
TRUNCATE plain;
SELECT clock_timestamp() AS start \gset
\copy plain FROM 'big.csv' (FORMAT csv, HEADER)
INSERT INTO pairs_after
  SELECT menu_id, term_id
  FROM plain, unnest(ARRAY[name, description]) AS text, termstream.match('brands', text)
  ON CONFLICT DO NOTHING;
:note
DROP TABLE pairs_after;

\set door 'COPY into a stream: matched, pairs written'
TRUNCATE menu_terms;
SELECT clock_timestamp() AS start \gset
\copy menu FROM 'big.csv' (FORMAT csv, HEADER)
:note

\set door 'load_file into a stream: matched, pairs written'
TRUNCATE menu_terms;
SELECT clock_timestamp() AS start \gset
CALL termstream.load_file('menu', :'path', resume => false);
:note
