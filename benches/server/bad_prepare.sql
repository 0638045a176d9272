-- Pairs that refuse a negative key: that is how a row fails in the statement.
SELECT termstream.create_match_stream('strict',
         columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}',
         pairs   => 'strict_terms') \g /dev/null
ALTER TABLE strict_terms ADD CHECK (menu_id >= 0);

CREATE VIEW bad_rows AS
  SELECT menu_id::text, name, description, menu_id % 100 = 7 AS bad, term
  FROM big, (SELECT term FROM terms ORDER BY term_id LIMIT 1) AS any_term;
\copy (SELECT CASE WHEN bad THEN 'no. ' || menu_id ELSE menu_id END, name, description FROM bad_rows) TO 'bad_convert.csv' (FORMAT csv, HEADER)
\copy (SELECT CASE WHEN NOT bad THEN menu_id END, name, description FROM bad_rows) TO 'bad_check.csv' (FORMAT csv, HEADER)
-- A term makes sure that the row has a pair.
\copy (SELECT CASE WHEN bad THEN '-' || menu_id ELSE menu_id END, CASE WHEN bad THEN term ELSE name END, description FROM bad_rows) TO 'bad_statement.csv' (FORMAT csv, HEADER)
CREATE VIEW bad_lines AS
  SELECT format(CASE WHEN bad THEN '%s,"%s","%s",more' ELSE '%s,"%s","%s"' END,
                menu_id, replace(name, '"', '""'), replace(description, '"', '""')) AS line
  FROM bad_rows;
