-- The pairs that the rows of input.csv were made to mention, and the rows as they were typed:
-- what the result of menu.sql is looked at with.

CREATE TABLE gold (menu_id bigint, term_id bigint, PRIMARY KEY (menu_id, term_id));
\copy gold FROM 'gold.csv' (FORMAT csv, HEADER)

CREATE TABLE typed (menu_id text, name text, description text);
\copy typed FROM 'input.csv' (FORMAT csv, HEADER)

CREATE VIEW accuracy AS
  WITH n AS (
    SELECT (SELECT count(*) FROM menu_terms JOIN gold USING (menu_id, term_id)) AS hit,
           (SELECT count(*) FROM menu_terms WHERE menu_id::text IN (SELECT menu_id FROM typed)) AS found,
           (SELECT count(*) FROM gold) AS meant)
  SELECT found, meant, hit::float8 / nullif(found, 0) AS precision, hit::float8 / meant AS recall,
         2.0::float8 * hit / (found + meant) AS f1
  FROM n;
