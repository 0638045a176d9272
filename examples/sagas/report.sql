\pset footer off
\echo 'Readers per saga'
SELECT * FROM readers_per_saga ORDER BY readers DESC;
\echo 'The three foremost entities of each'
SELECT saga, place, entity, readers, mentions FROM top_entities_per_saga WHERE place <= 3 ORDER BY saga, place;
\echo 'A week of one of them'
SELECT entity, day, readers FROM readers_per_entity_and_day
 WHERE entity = 'Mara Venn' ORDER BY day LIMIT 7;
\echo 'Set aside'
SELECT (SELECT count(*) FROM empty_text) AS empty_texts, count(*) AS never_classified,
       min(origin ->> 'status') AS status FROM answers_rejects WHERE stage = 'predict';
