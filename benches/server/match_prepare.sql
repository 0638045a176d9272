-- Rows for the core and the server alike: number and text.

-- Large enough for a parallel plan with the settings as they are.
CREATE TABLE input AS
  SELECT menu_id AS id, concat_ws(E'\x1f', name, description) AS text FROM rows(:match_rows);
VACUUM ANALYZE input;
\copy input TO 'match.csv' (FORMAT csv, HEADER)
CREATE TABLE core_rate (rows bigint, rate float8, mentions bigint);
