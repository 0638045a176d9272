-- What the star schema must be, by gold.csv on standard input, and what was made of it in this folder: prints
-- "ok N - what" for each.
CREATE TEMP TABLE gold (article bigint, saga text, entity text, mentions bigint);
\copy gold FROM PSTDIN (FORMAT csv, HEADER, NULL '')
-- Those that the service has classified.
CREATE TEMP VIEW meant AS SELECT * FROM gold WHERE saga <> 'none';
\set manifest `cat facts/_manifest.json`
\set chart `cat readers.svg`
CREATE TEMP VIEW facts AS
SELECT f.article, s.saga, e.entity, f.entity_counter, f.readers, f.time
  FROM fact_readers f JOIN dim_saga s ON s.saga_id = f.saga LEFT JOIN dim_entity e ON e.entity_id = f.entity;

SELECT format('%s %s - %s', CASE WHEN good THEN 'ok' ELSE 'not ok' END, n, what)
  FROM (VALUES
    (1, 'mentions of each entity are those that were written, the longest name counting alone',
     NOT EXISTS ((SELECT article, saga, entity, entity_counter FROM facts
                  EXCEPT SELECT article, saga, entity, mentions FROM gold WHERE saga <> 'none')
                 UNION ALL
                 (SELECT article, saga, entity, mentions FROM gold WHERE saga <> 'none'
                  EXCEPT SELECT article, saga, entity, entity_counter FROM facts))),
    (2, 'duplicates of an entity are one entity',
     (SELECT count(*) = 30 FROM dim_entity) AND (SELECT count(*) > 30 FROM entity_name)),
    (3, 'empty texts have a place of their own, and are counted',
     (SELECT count(*) FROM empty_text) = (SELECT count(*) FROM gold WHERE saga IS NULL)
     AND NOT EXISTS (SELECT FROM empty_text JOIN gold USING (article) WHERE saga IS NOT NULL)),
    (4, 'what the service never classifies is a dead letter, with the answer and the attempts',
     -- The last answer may be one of the failures that strike anybody.
     (SELECT array_agg(DISTINCT article ORDER BY article) FROM gold WHERE saga = 'none')
     IS NOT DISTINCT FROM
     (SELECT array_agg(lineno ORDER BY lineno) FROM answers_rejects
       WHERE stage = 'predict' AND (origin ->> 'attempts')::int = 6)
     AND EXISTS (SELECT FROM answers_rejects WHERE origin ->> 'status' = '422' AND origin ->> 'body' LIKE '%cannot be read%')),
    (5, 'each article has the readers and the time of its message',
     NOT EXISTS (SELECT FROM facts f JOIN article a USING (article)
                  WHERE (f.readers, f.time) IS DISTINCT FROM (a.readers, a.time))),
    (6, 'readers per saga count each article once',
     NOT EXISTS (SELECT FROM readers_per_saga r FULL JOIN (
                   SELECT saga, count(*) AS articles, sum(readers) AS readers
                     FROM (SELECT DISTINCT article, saga FROM meant) g JOIN article USING (article) GROUP BY 1) m
                  USING (saga) WHERE (r.articles, r.readers) IS DISTINCT FROM (m.articles, m.readers))),
    (7, 'the foremost entities of a saga are those with the most readers',
     (SELECT count(*) = 15 AND count(DISTINCT (saga, place)) = 15 FROM top_entities_per_saga)
     AND NOT EXISTS (
       SELECT FROM top_entities_per_saga t FULL JOIN (
         SELECT saga, entity, sum(readers) AS readers, sum(mentions) AS mentions,
                row_number() OVER (PARTITION BY saga ORDER BY sum(readers) DESC, entity) AS place
           FROM meant JOIN article USING (article) WHERE entity IS NOT NULL GROUP BY 1, 2) m USING (saga, entity)
        WHERE m.place <= 5 AND (t.readers, t.mentions, t.place) IS DISTINCT FROM (m.readers, m.mentions, m.place))),
    (8, 'readers per entity and day are those of the articles that mention it on that day',
     NOT EXISTS (SELECT FROM readers_per_entity_and_day r FULL JOIN (
                   SELECT entity, (time AT TIME ZONE 'UTC')::date AS day, sum(readers) AS readers
                     FROM meant JOIN article USING (article) WHERE entity IS NOT NULL GROUP BY 1, 2) m
                  USING (entity, day) WHERE r.readers IS DISTINCT FROM m.readers)),
    (9, 'the facts are written in columns too, all of them, a folder a day',
     (SELECT (manifest ->> 'rows')::bigint = (SELECT count(*) FROM fact_readers)
             AND (SELECT count(DISTINCT f ->> 'partition') FROM json_array_elements(manifest -> 'files') f)
               = (SELECT count(DISTINCT (time AT TIME ZONE 'UTC')::date) FROM fact_readers)
        FROM CAST(:'manifest' AS json) manifest)),
    (10, 'the chart has a bar for each saga and each of its foremost entities, with their readers',
     xml_is_well_formed_document(:'chart')
     AND (SELECT count(*) = 18 FROM regexp_matches(:'chart', '<rect x=', 'g'))
     AND NOT EXISTS (SELECT FROM (SELECT saga AS name, readers FROM readers_per_saga
                                  UNION ALL SELECT entity, readers FROM top_entities_per_saga) shown
                      WHERE position('>' || name || '<' IN :'chart') = 0
                         OR position('>' || to_char(readers, 'FM999,999,999,999') || '<' IN :'chart') = 0)))
  c (n, what, good) ORDER BY n;
