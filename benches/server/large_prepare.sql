CREATE TABLE names (term_id bigint PRIMARY KEY, term text NOT NULL);
\copy names FROM 'names.csv' (FORMAT csv, HEADER)
CREATE TABLE large (place int, what text, ms float8, mib float8, asked text);

-- What this backend has of its own, above what all of them have once they have connected.
CREATE FUNCTION private_mib() RETURNS float8 VOLATILE LANGUAGE sql AS $$
  SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+) kB')::float8 / 1024 $$;
CREATE FUNCTION ms_since(timestamptz) RETURNS float8 VOLATILE LANGUAGE sql AS
  'SELECT extract(epoch FROM clock_timestamp() - $1) * 1000';

SELECT clock_timestamp() AS start \gset
SELECT termstream.create_lexicon('names', 'names') \g /dev/null
INSERT INTO large SELECT 1, 'create_lexicon, the terms read and the compiled form stored', ms_since(:'start'), NULL, '';
