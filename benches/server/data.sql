CREATE EXTENSION termstream;

CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
\copy terms FROM 'terms.csv' (FORMAT csv, HEADER)
SELECT termstream.create_lexicon('brands', 'terms') \g /dev/null

CREATE UNLOGGED TABLE typed (menu_id text, name text, description text);
\copy typed FROM 'rows.csv' (FORMAT csv, HEADER)
-- The n-th of any number of rows.
CREATE UNLOGGED TABLE source AS
  SELECT row_number() OVER () AS n, name, description, count(*) OVER () AS many
  FROM typed WHERE menu_id ~ '^[0-9]{1,9}$';
ALTER TABLE source ADD PRIMARY KEY (n);
VACUUM ANALYZE source;
CREATE FUNCTION rows(bigint) RETURNS TABLE (menu_id bigint, name text, description text) STABLE LANGUAGE sql
  AS 'SELECT i, name, description FROM generate_series(1, $1) AS i
        JOIN source ON n = 1 + i % (SELECT many FROM source LIMIT 1)';
CREATE UNLOGGED TABLE big AS SELECT * FROM rows(:rows) ORDER BY menu_id;
\copy big TO 'big.csv' (FORMAT csv, HEADER)

-- What was measured. `base` is the run of the same round that it is held against.
CREATE TABLE run (part text, place int, what text, base int, rows bigint, seconds float8, cpu float8,
                  hit bigint, found bigint, meant bigint, mib float8, asked text);

-- Seconds of processor time that this backend has used.
CREATE FUNCTION cpu() RETURNS float8 VOLATILE LANGUAGE sql AS $$
  SELECT (f[14]::bigint + f[15]::bigint) / 100.0
  FROM string_to_array(pg_read_file('/proc/self/stat'), ' ') AS f $$;
