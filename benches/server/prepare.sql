-- The brands, the menus and the pairs meant; and where the times go.

CREATE EXTENSION termstream;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION fuzzystrmatch;

CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
\copy terms FROM 'terms.csv' (FORMAT csv, HEADER)
SELECT termstream.create_lexicon('brands', 'terms') \g /dev/null

CREATE TABLE gold (menu_id bigint, term_id bigint, PRIMARY KEY (menu_id, term_id));
\copy gold FROM 'gold.csv' (FORMAT csv, HEADER)

CREATE TABLE typed (menu_id text, name text, description text);
\copy typed FROM 'input.csv' (FORMAT csv, HEADER)
CREATE TABLE menus AS
  SELECT menu_id::bigint, concat_ws(' | ', name, description) AS text
  FROM typed WHERE menu_id ~ '^[0-9]{1,5}$';
-- The slow peers get as many of the rows as they manage in a few seconds.
CREATE TABLE some_menus AS SELECT * FROM menus WHERE menu_id % 10 = 0;
ANALYZE;

CREATE TABLE door (door text, rows bigint, time interval);
CREATE TABLE peer (peer text, rows bigint, time interval, found bigint, hit bigint, meant bigint);

CREATE TABLE plain (menu_id bigint PRIMARY KEY, name text, description text);
SELECT termstream.create_match_stream('menu',
         columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}',
         pairs   => 'menu_terms') \g /dev/null
