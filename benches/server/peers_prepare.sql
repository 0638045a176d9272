-- The brands, the menus and the pairs meant. Menus are lower case for the peers, which fold nothing
-- but that; the slow ones get as many as they manage in a few seconds.

CREATE EXTENSION pg_trgm;
CREATE EXTENSION fuzzystrmatch;

CREATE SCHEMA peers;
SET search_path = peers, public;
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
\copy terms FROM 'terms.csv' (FORMAT csv, HEADER)
SELECT termstream.create_lexicon('peers', 'terms') \g /dev/null
CREATE TABLE gold (menu_id bigint, term_id bigint, PRIMARY KEY (menu_id, term_id));
\copy gold FROM 'gold.csv' (FORMAT csv, HEADER)
CREATE TABLE typed (menu_id text, name text, description text);
\copy typed FROM 'input.csv' (FORMAT csv, HEADER)
CREATE TABLE menus AS
  SELECT menu_id::bigint, concat_ws(' | ', name, description) AS text
  FROM typed WHERE menu_id ~ '^[0-9]{1,5}$';
CREATE TABLE some_menus AS SELECT * FROM menus WHERE menu_id % 10 = 0;
CREATE INDEX ON some_menus USING gin (text gin_trgm_ops);
-- As many terms as the other parts have; what was meant there nobody has written down.
CREATE TABLE all_menus AS
  SELECT menu_id, concat_ws(' | ', name, description) AS text FROM public.rows(20000);
CREATE TABLE many_menus AS
  SELECT menu_id, concat_ws(' | ', name, description) AS text FROM public.rows(50);
CREATE INDEX ON many_menus USING gin (text gin_trgm_ops);
ANALYZE;
