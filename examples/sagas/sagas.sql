-- Who is mentioned where, by how many readers: from messages to a star schema.
CREATE EXTENSION IF NOT EXISTS termstream;

-- Names as the list has them; names that differ in case, spaces or signs are one entity.
CREATE TABLE dim_entity (entity_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entity text NOT NULL UNIQUE);
CREATE TABLE entity_name (term_id bigint NOT NULL REFERENCES dim_entity, term text PRIMARY KEY);
CREATE TEMP TABLE listed (n bigint GENERATED ALWAYS AS IDENTITY, name text);
\copy listed (name) FROM PSTDIN
WITH plain AS (
    SELECT n, trim(name) AS name, lower(regexp_replace(name, '[^[:alnum:]]+', '', 'g')) AS letters
      FROM listed WHERE name ~ '[[:alnum:]]'),
firsts AS (
    INSERT INTO dim_entity (entity)
    SELECT name FROM (SELECT DISTINCT ON (letters) n, name FROM plain ORDER BY letters, n) f ORDER BY n
    RETURNING entity_id, entity)
INSERT INTO entity_name
SELECT f.entity_id, p.name
  FROM firsts f JOIN plain q ON q.name = f.entity JOIN plain p USING (letters)
 GROUP BY f.entity_id, p.name;
SELECT termstream.create_lexicon('entities', 'entity_name');

CREATE TABLE dim_saga (saga_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, saga text NOT NULL UNIQUE);
CREATE TABLE article (article bigint PRIMARY KEY, time timestamptz NOT NULL, readers bigint NOT NULL, text text NOT NULL);
CREATE TABLE empty_text (article bigint PRIMARY KEY, time timestamptz NOT NULL, readers bigint NOT NULL);
CREATE TABLE mention (article bigint, entity_id bigint, mentions bigint NOT NULL, PRIMARY KEY (article, entity_id));
CREATE TABLE fact_readers (
    article        bigint NOT NULL,
    saga           bigint NOT NULL REFERENCES dim_saga,
    -- NULL: nobody of the list is mentioned.
    entity         bigint REFERENCES dim_entity,
    readers        bigint NOT NULL,
    entity_counter bigint NOT NULL,
    time           timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (article, entity)
);

-- What the classification service is to be asked about.
CREATE TABLE to_classify (id bigint PRIMARY KEY, payload jsonb NOT NULL, attempts integer NOT NULL DEFAULT 0);
CREATE INDEX ON to_classify (attempts, id);

-- A message: to the articles, or to the empty texts; its mentions; its question. Twice is once.
SELECT termstream.create_stream('messages',
         columns   => 'id bigint NOT NULL, time timestamptz NOT NULL, readers bigint NOT NULL, text text',
         statement => $$
             INSERT INTO public.empty_text
             SELECT id, time, readers FROM batch WHERE coalesce(text, '') !~ '\S' ON CONFLICT DO NOTHING;
             WITH fresh AS (
                 INSERT INTO public.article
                 SELECT id, time, readers, text FROM batch WHERE text ~ '\S' ON CONFLICT DO NOTHING
                 RETURNING article, text),
             mentioned AS (
                 INSERT INTO public.mention
                 SELECT f.article, c.term_id, c.mentions FROM fresh f, termstream.count_terms('entities', f.text) c)
             INSERT INTO public.to_classify
             SELECT article, jsonb_build_object('id', article, 'text', text) FROM fresh $$);

-- An answer: its facts.
SELECT termstream.create_stream('answers',
         columns   => 'id bigint NOT NULL, answer jsonb NOT NULL',
         statement => $$
             INSERT INTO public.dim_saga (saga)
             SELECT DISTINCT answer ->> 'saga' FROM batch ON CONFLICT DO NOTHING;
             INSERT INTO public.fact_readers
             SELECT a.article, s.saga_id, m.entity_id, a.readers, coalesce(m.mentions, 0), a.time
               FROM batch b
               JOIN public.article a ON a.article = b.id
               JOIN public.dim_saga s ON s.saga = b.answer ->> 'saga'
               LEFT JOIN public.mention m ON m.article = a.article
                 ON CONFLICT DO NOTHING $$);

CREATE VIEW readers_per_saga AS
SELECT s.saga, count(*) AS articles, sum(f.readers) AS readers
  FROM (SELECT DISTINCT article, saga, readers FROM fact_readers) f JOIN dim_saga s ON s.saga_id = f.saga
 GROUP BY s.saga;

CREATE VIEW top_entities_per_saga AS
SELECT saga, place, entity, readers, mentions
  FROM (SELECT s.saga, e.entity, sum(f.readers) AS readers, sum(f.entity_counter) AS mentions,
               rank() OVER (PARTITION BY s.saga ORDER BY sum(f.readers) DESC, e.entity) AS place
          FROM fact_readers f JOIN dim_saga s ON s.saga_id = f.saga JOIN dim_entity e ON e.entity_id = f.entity
         GROUP BY s.saga, e.entity) ranked
 WHERE place <= 5;

CREATE VIEW readers_per_entity_and_day AS
SELECT e.entity, (f.time AT TIME ZONE 'UTC')::date AS day, sum(f.readers) AS readers
  FROM fact_readers f JOIN dim_entity e ON e.entity_id = f.entity
 GROUP BY e.entity, day;
