-- What the star schema must be, by gold.csv (:gold): prints "ok N - what" for each.
CREATE TEMP TABLE gold (article bigint, saga text, entity text, mentions bigint);
\copy gold FROM PSTDIN (FORMAT csv, HEADER, NULL '')
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
     (SELECT sum(readers) FROM readers_per_saga)
     = (SELECT sum(readers) FROM article a JOIN (SELECT DISTINCT article FROM gold WHERE saga <> 'none') g USING (article))),
    (7, 'the foremost entities of a saga are those with the most readers',
     (SELECT bool_and(t.readers = (SELECT sum(f.readers) FROM facts f WHERE f.saga = t.saga AND f.entity = t.entity))
             AND count(*) = 15 FROM top_entities_per_saga t)
     AND NOT EXISTS (SELECT FROM top_entities_per_saga a JOIN top_entities_per_saga b USING (saga)
                      WHERE a.place < b.place AND a.readers < b.readers)),
    (8, 'readers per entity and day add up',
     (SELECT sum(readers) FROM readers_per_entity_and_day) = (SELECT sum(readers) FROM facts WHERE entity IS NOT NULL)))
  c (n, what, good) ORDER BY n;
