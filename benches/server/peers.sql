-- The same job (which brands does a row mention?) by what else a Postgres has, each at a sensible
-- threshold. Rows are lower case for the peers, which fold nothing but that.

\set note 'INSERT INTO peer SELECT :''peer'', (SELECT count(*) FROM :rows), clock_timestamp() - :''start'', count(*), (SELECT count(*) FROM found JOIN gold USING (menu_id, term_id)), (SELECT count(*) FROM gold JOIN :rows USING (menu_id)) FROM found; DROP TABLE found;'

\set peer 'termstream.match'
\set rows menus
SELECT clock_timestamp() AS start \gset
CREATE TEMP TABLE found AS
  SELECT DISTINCT menu_id, term_id FROM menus, termstream.match('brands', text);
:note

\set peer 'position(term in text)'
SELECT clock_timestamp() AS start \gset
CREATE TEMP TABLE found AS
  SELECT menu_id, term_id FROM menus JOIN terms ON position(lower(term) IN lower(text)) > 0;
:note

\set peer 'pg_trgm word_similarity ≥ 0.6'
\set rows some_menus
SELECT clock_timestamp() AS start \gset
CREATE TEMP TABLE found AS
  SELECT menu_id, term_id FROM some_menus JOIN terms ON word_similarity(term, text) >= 0.6;
:note

\set peer 'fuzzystrmatch levenshtein ≤ 1, windows of as many words'
SELECT clock_timestamp() AS start \gset
CREATE TEMP TABLE found AS
  SELECT DISTINCT menu_id, term_id
  FROM (SELECT term_id, lower(term) AS term, array_length(string_to_array(term, ' '), 1) AS words FROM terms) AS t
  JOIN (SELECT menu_id, words, array_to_string(word[at : at + words - 1], ' ') AS text
        FROM (SELECT menu_id, regexp_split_to_array(lower(text), '[^[:alnum:]&''’]+') AS word FROM some_menus) AS split,
             generate_series(1, 3) AS words, generate_series(1, array_length(word, 1) - words + 1) AS at) AS piece
    USING (words)
  WHERE levenshtein_less_equal(piece.text, t.term, 1) <= 1 AND length(t.term) > 3;
:note
