-- Rows and terms for the core and the server alike: two columns, number and text.

CREATE TABLE speed_terms (term_id bigint PRIMARY KEY, term text NOT NULL);
\copy speed_terms FROM 'speed_terms.csv' (FORMAT csv, HEADER)
SELECT termstream.create_lexicon('lexicon', 'speed_terms') \g /dev/null
CREATE TABLE speed_raw (id text, name text, description text);
\copy speed_raw FROM 'speed_rows.csv' (FORMAT csv, HEADER)
-- Large enough for a parallel plan with the settings as they are.
CREATE TABLE input AS
  SELECT row_number() OVER () AS id, concat_ws(E'\x1f', name, description) AS text
  FROM speed_raw, generate_series(1, :times);
VACUUM ANALYZE input;
\copy input TO 'speed_input.csv' (FORMAT csv, HEADER)
CREATE TABLE speed (place int, way text, rate double precision, mentions bigint);
