-- What must be stored, by gold.csv and by what was read back from S3: prints "ok N - what" for each.
CREATE TEMP TABLE gold (article_id bigint, words integer);
CREATE TEMP TABLE on_s3 (LIKE gold);
\copy gold FROM 'gold.csv' (FORMAT csv, HEADER)
\copy on_s3 FROM 'result.csv' (FORMAT csv, HEADER)

SELECT format('%s %s - %s', CASE WHEN good THEN 'ok' ELSE 'not ok' END, n, what)
  FROM (VALUES
    (1, 'each text is stored once, with the words that were written',
     NOT EXISTS (SELECT FROM gold FULL JOIN article a USING (article_id) WHERE gold.words IS DISTINCT FROM a.words)),
    (2, 'what is on S3 is what is stored, each once',
     NOT EXISTS (SELECT FROM on_s3 FULL JOIN article a USING (article_id) WHERE on_s3.words IS DISTINCT FROM a.words)
     AND (SELECT count(*) = count(DISTINCT article_id) FROM on_s3)),
    (3, 'a record that is no text is a reject, with its shard and its sequence number',
     (SELECT bool_and(origin ->> 'shard' LIKE 'shardId-%' AND origin ->> 'sequence_number' ~ '^[0-9]+$')
             AND array_agg(DISTINCT stage ORDER BY stage) = '{check,parse}' FROM articles_rejects)),
    (4, 'three shards were read to the last record',
     (SELECT count(*) = 3 AND sum(next) = (SELECT count(*) FROM article) + (SELECT count(*) FROM articles_rejects)
        FROM termstream.feed_position WHERE source = 'kinesis:articles')))
  c (n, what, good) ORDER BY n;
