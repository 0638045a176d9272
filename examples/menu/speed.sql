-- Rows per second through each door, on big.csv: the example's rows many times over.
-- Run in the folder of big.csv; "path" is that file as the server sees it.

SELECT termstream.create_match_stream('speed',
         columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}',
         pairs   => 'speed_terms') \g /dev/null

SELECT clock_timestamp() AS start \gset
\copy speed FROM 'big.csv' (FORMAT csv, HEADER)
SELECT clock_timestamp() - :'start' AS copy_time, count(DISTINCT menu_id) AS menus FROM speed_terms \gset
TRUNCATE speed_terms;
SELECT clock_timestamp() AS start \gset
CALL termstream.load_file('speed', :'path');
SELECT clock_timestamp() - :'start' AS file_time \gset

\pset format unaligned
\pset tuples_only on
SELECT format('%s menu rows with misspelled brands: COPY %s rows/s, load_file %s rows/s (both with the pairs written)',
              :rows,
              round(:rows / extract(epoch FROM :'copy_time'::interval)),
              round(:rows / extract(epoch FROM :'file_time'::interval)));
SELECT termstream.drop_stream('speed') \g /dev/null
