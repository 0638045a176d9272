-- What must be stored, by gold.csv and by what was read back from S3: prints "ok N - what" for each.
CREATE TEMP TABLE gold (article_id bigint, words integer);
CREATE TEMP TABLE on_s3 (path text, article_id bigint, words integer, n bigint GENERATED ALWAYS AS IDENTITY);
\copy gold FROM 'gold.csv' (FORMAT csv, HEADER)
\copy on_s3 (path, article_id, words) FROM 'read.csv' (FORMAT csv, HEADER)
CREATE TEMP TABLE printed (n bigint GENERATED ALWAYS AS IDENTITY, line text);
\copy printed (line) FROM 'averages.txt'

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
        FROM termstream.feed_position WHERE source = 'kinesis:articles')),
    (5, 'the average is printed while it runs, and in the end it is that of all',
     (SELECT count(DISTINCT line) > 2 FROM printed WHERE line NOT LIKE '0 texts%')
     AND (SELECT line FROM printed ORDER BY n DESC LIMIT 1)
       = (SELECT format('%s texts, %s words on average', count(*), round(avg(words), 2)) FROM gold)),
    (6, 'what is on S3 is read in a fixed order: files of a day by their numbers, texts of a file by their ids',
     NOT EXISTS (SELECT FROM (SELECT path, article_id, lag(path) OVER day AS last_path, lag(article_id) OVER day AS last_id
                                FROM on_s3 WINDOW day AS (PARTITION BY split_part(path, '/', 1) ORDER BY n)) r
                  WHERE path < last_path OR path = last_path AND article_id <= last_id)))
  c (n, what, good) ORDER BY n;
