-- What ./run example menu must leave, by gold.csv (the pairs that input.csv was made to mention) and by what
-- the generator knows: prints "ok N - what" for each.
CREATE TEMP TABLE per_copy AS
SELECT menu_id / 100000 AS copy, count(*) AS pairs,
       md5(string_agg(menu_id % 100000 || ':' || term_id, ' ' ORDER BY menu_id % 100000, term_id)) AS which
  FROM menu_terms WHERE menu_id % 100000 <= (SELECT max(menu_id) FROM gold) GROUP BY 1;

-- By the name alone, beside name and description.
SELECT termstream.create_match_stream('named', 'menu_id bigint, name text, description text', 'brands', 'menu_id',
                                      '{name}', 'named_terms') \g /dev/null
INSERT INTO named SELECT * FROM typed;
-- How often the terms are read while all of the menus are searched.
CREATE TEMP TABLE reads (n bigint GENERATED ALWAYS AS IDENTITY, rows bigint);
CREATE FUNCTION pg_temp.read_terms() RETURNS bigint
RETURN (SELECT pg_stat_get_tuples_returned(oid) + pg_stat_get_tuples_fetched(oid) FROM pg_class WHERE oid = 'terms'::regclass);
SELECT pg_stat_force_next_flush() \g /dev/null
INSERT INTO reads (rows) SELECT pg_temp.read_terms();
SELECT count(*) FROM typed, termstream.match('brands', name) \g /dev/null
SELECT pg_stat_force_next_flush() \g /dev/null
INSERT INTO reads (rows) SELECT pg_temp.read_terms();

SELECT format('%s %s - %s', CASE WHEN good THEN 'ok' ELSE 'not ok' END, n, what)
  FROM (VALUES
    (1, 'each copy has the same pairs, whichever door it came by',
     (SELECT count(*) > 2 AND count(DISTINCT which) = 1 AND min(copy) = 0 AND max(copy) = count(*) - 1 FROM per_copy)),
    (2, 'the pairs are those that were meant',
     (SELECT precision >= 0.97 AND recall >= 0.95 FROM accuracy)),
    (3, 'two loaders took each file once, and each of its bad rows',
     (SELECT count(*) = 5 FROM termstream.feed_position WHERE stream = 'menu'::regclass AND source = 'file')
     AND (SELECT count(*) = 8 FROM menu_rejects WHERE load_id > 1 AND coalesce(line, '') !~ '^n/a,[0-9]+,$')),
    (4, 'of each load, what was read is taken or rejected, and each reject is kept',
     (SELECT bool_and(read = taken + rejected) AND sum(rejected) = (SELECT count(*) FROM menu_rejects)
        FROM termstream.load WHERE stream = 'menu'::regclass)),
    (5, 'a posted row that is none is a reject with its reason',
     (SELECT count(DISTINCT line) >= 5 AND bool_and(stage = 'convert' AND raw_field_value = 'n/a')
        FROM menu_rejects WHERE line LIKE 'n/a,%,')),
    (6, 'where the name alone is to be searched, what only the description says is not found',
     (SELECT count(*) FROM named_terms) BETWEEN 1000 AND (SELECT count(*) * 0.9 FROM gold)
     AND NOT EXISTS (SELECT FROM named_terms FULL JOIN (
                       SELECT DISTINCT menu_id::numeric AS menu_id, term_id
                         FROM typed, termstream.match('brands', name) WHERE menu_id ~ '^[0-9]{1,9}$') m USING (menu_id, term_id)
                      WHERE m.menu_id IS NULL OR named_terms.menu_id IS NULL)),
    (7, 'terms are not read again for every row, but once at the most',
     (SELECT max(rows) - min(rows) <= 2 * (SELECT count(*) FROM terms) FROM reads)))
  c (n, what, good) ORDER BY n;
