-- What a person wants to see after menu.sql, gold.sql and broken.sql.
-- Takes the psql variables "on" and "off": what to write before and after a mention.

\pset footer off
\echo
\echo What was loaded, by which door
SELECT CASE WHEN source IS NULL THEN 'COPY' ELSE 'load_file' END AS door, read, taken, rejected, pairs, bytes,
       round(1000 * extract(epoch FROM finished - started), 1) || ' ms' AS time
FROM termstream.loads ORDER BY load_id;

\echo Rows that could not be taken, and why (menu_rejects keeps them whole)
SELECT stage, regexp_replace(err_message, ': ["0].*', '') AS reason, count(*) AS rows,
       min(lineno) AS "first at", coalesce(string_agg(DISTINCT raw_field_value, '  '), '') AS values
FROM menu_rejects
GROUP BY 1, 2 ORDER BY rows DESC, reason;

\pset format unaligned
\pset tuples_only on
\echo Misspelled mentions
SELECT '  ' || termstream.highlight('brands', text, :'on', :'off') || '  →  ' || term
FROM (SELECT DISTINCT ON (m.term_id) m.term, t.text
      FROM (SELECT menu_id, concat_ws(' | ', name, description) AS text FROM typed) AS t,
           termstream.match('brands', t.text) AS m
      WHERE m.kind = 'fuzzy' AND length(t.text) < 70
      ORDER BY m.term_id, m.distance DESC, md5(t.menu_id)) AS one_of_each_brand
ORDER BY md5(text) LIMIT 12;

\echo
\echo Brands on most menus
SELECT format('  %s %s %s', rpad(term, 22), repeat('█', (40 * menus / max(menus) OVER ())::int), menus)
FROM (SELECT term, count(*) AS menus FROM menu_terms JOIN terms USING (term_id) GROUP BY term) AS counted
ORDER BY menus DESC, term LIMIT 10;

\echo
\echo Found, but not meant
SELECT format('  %s times %s, as in: %s', count(*), term, min(concat_ws(' | ', name, description)))
FROM menu_terms JOIN terms USING (term_id) JOIN typed ON typed.menu_id = menu_terms.menu_id::text
WHERE NOT EXISTS (SELECT FROM gold WHERE (gold.menu_id, gold.term_id) = (menu_terms.menu_id, menu_terms.term_id))
GROUP BY term ORDER BY count(*) DESC, term LIMIT 3;

\echo Meant, but not found
SELECT format('  %s in: %s', term, concat_ws(' | ', name, description))
FROM gold JOIN terms USING (term_id) JOIN typed ON typed.menu_id = gold.menu_id::text
WHERE NOT EXISTS (SELECT FROM menu_terms WHERE (gold.menu_id, gold.term_id) = (menu_terms.menu_id, menu_terms.term_id))
ORDER BY md5(typed.menu_id) LIMIT 3;

\echo
SELECT format('Found %s of the %s pairs that were meant, %s in all: precision %s, recall %s, F1 %s',
              round((recall * meant)::numeric), meant, found,
              round(precision::numeric, 3), round(recall::numeric, 3), round(f1::numeric, 3))
FROM accuracy;
