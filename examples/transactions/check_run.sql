-- Whether all came out as the generators know it (gold.csv on standard input: what is in the messages, each of
-- which was sent twice). Prints a line for each test, and fails if one does.
CREATE TEMP TABLE truth (topic text, kind text, messages bigint);
\copy truth FROM PSTDIN (FORMAT csv)
CREATE TEMP TABLE test (name text, wanted text, got text, number int GENERATED ALWAYS AS IDENTITY);
CREATE TEMP VIEW topics AS SELECT DISTINCT topic FROM (VALUES ('json', 'payments'), ('avro', 'payments-avro')) t (short, topic);

INSERT INTO test (name, wanted, got)
SELECT 'batch and real time, JSON and Avro, in one stream: each payment once, as its last word was',
       format('%s, %s corrected', 1918 + sum(messages) FILTER (WHERE kind IN ('fine', 'unreadable'))
                                  + sum(messages / 2) FILTER (WHERE kind IN ('twice', 'corrected')),
              sum(messages / 2) FILTER (WHERE kind = 'corrected')),
       (SELECT format('%s, %s corrected', count(*), count(*) FILTER (WHERE id > 10000 AND amount = -1.5)) FROM payment)
  FROM truth;
INSERT INTO test (name, wanted, got)
SELECT 'a number of JSON or Avro is that number, though the file writes it with a comma', '2 -56.80, 10001 -37.33, 20001 -18.28',
       (SELECT string_agg(id || ' ' || amount, ', ' ORDER BY id) FROM payment WHERE id IN (2, 10001, 20001));
INSERT INTO test (name, wanted, got)
SELECT format('a payment without what it needs is rejected, with the reason: %s, %s', topic, kind),
       format('%s %s', 2 * messages, reason),
       (SELECT format('%s %s', count(*), min(concat_ws(' ', r.stage, CASE r.stage WHEN 'check' THEN r.checks[1] ELSE r.colname END)))
          FROM transactions_rejects r
         WHERE r.origin ->> 'topic' = CASE t.topic WHEN 'json' THEN 'payments' ELSE 'payments-avro' END
           AND CASE reason WHEN 'check side' THEN r.checks && '{debit_negative,credit_positive}'
                           WHEN 'parse' THEN r.stage = 'parse' AND r.err_message ~ pattern
                           ELSE concat_ws(' ', r.stage, CASE r.stage WHEN 'check' THEN r.checks[1] ELSE r.colname END) = reason END)
  FROM truth t JOIN (VALUES ('no amount', 'check amount_present', ''), ('no side', 'check side_present', ''),
                     ('wrong side', 'check side_known', ''), ('text for amount', 'convert amount', ''),
                     ('no date', 'convert timestamp', ''), ('cut off', 'parse', 'EOF|object'),
                     ('no Avro', 'parse', 'first byte'), ('unknown schema', 'parse', 'no schema 99999')) k (kind, reason, pattern)
       USING (kind);
UPDATE test SET got = replace(got, 'parse ', 'parse') WHERE name LIKE 'a payment without%' AND wanted LIKE '%parse';
INSERT INTO test (name, wanted, got)
SELECT 'a debit is below zero and a credit above: ' || topic, (2 * messages)::text,
       (SELECT count(*)::text FROM transactions_rejects r WHERE r.checks && '{debit_negative,credit_positive}'
           AND r.origin ->> 'topic' = CASE t.topic WHEN 'json' THEN 'payments' ELSE 'payments-avro' END)
  FROM truth t WHERE kind = 'opposite';
INSERT INTO test (name, wanted, got)
SELECT 'a batch over the threshold is refused as a whole', '300 batch violates quality check "descriptions"',
       (SELECT format('%s %s', count(*), min(err_message)) FROM transactions_rejects WHERE stage = 'quality');
INSERT INTO test (name, wanted, got)
SELECT 'each payment has the category that the service gives, but for those it cannot read',
       format('%s without, 0 other', sum(messages)),
       (SELECT format('%s without, %s other', count(*) FILTER (WHERE category IS NULL),
                      count(*) FILTER (WHERE description = 'Purchase at ' || merchant AND category <>
                          CASE merchant WHEN 'Harbour Pharmacy' THEN 'health' WHEN 'Northwind Rail' THEN 'transport'
                                        WHEN 'Orchard Foods' THEN 'groceries' ELSE category END)) FROM payment)
  FROM truth WHERE kind = 'unreadable';
INSERT INTO test (name, wanted, got)
SELECT 'the same file and the same messages twice change nothing, and nothing is asked again', '0 changed, 0 asked',
       (SELECT format('%s changed, %s asked',
                      (SELECT count(*) FROM ((SELECT to_jsonb(p) FROM payment p EXCEPT ALL SELECT to_jsonb(b) - 'asked' FROM before b)
                                             UNION ALL
                                             (SELECT to_jsonb(b) - 'asked' FROM before b EXCEPT ALL SELECT to_jsonb(p) FROM payment p)) d),
                      (SELECT sum(taken) FROM termstream.load WHERE stream = 'categories'::regclass) - (SELECT max(asked) FROM before)));
INSERT INTO test (name, wanted, got)
SELECT 'dead letters of messages say all: topic, partition, offset, when, service, source, stage, type, message, payload, headers',
       (SELECT format('%s with all', 2 * sum(messages)) FROM truth WHERE kind NOT IN ('fine', 'unreadable', 'twice', 'corrected', 'of the file')),
       (SELECT format('%s with all', count(*)) FROM dead_letters
         WHERE topic LIKE 'payments%' AND partition >= 0 AND "offset" >= 0 AND failed_at <= now() AND service = 'public.transactions'
           AND source = 'kafka:' || topic || '/' || partition AND stage IN ('parse', 'convert', 'check')
           AND error_type ~ '^(22|23)' AND message <> '' AND payload <> '' AND headers ->> 'bank' IN ('north', 'south'));
INSERT INTO test (name, wanted, got)
SELECT 'what the service cannot read is a dead letter, with the service and its answer', format('%s 422', sum(messages)),
       (SELECT format('%s 422', count(*)) FROM dead_letters, kills
         WHERE stage = 'predict' AND service LIKE 'http://127.0.0.1:%/predict' AND (message LIKE '%422%cannot be read%' OR kills > 0)
           AND payload LIKE '%description%' AND error_type = 'P0001')
  FROM truth WHERE kind = 'unreadable';
INSERT INTO test (name, wanted, got)
SELECT 'each dead letter is on the topic, again only under the same id, with the key and headers of its message',
       (SELECT format('%s, 0 other', count(*)) FROM dead_letters),
       (WITH rejects AS (
            SELECT 'transactions_rejects/' || reject_id AS id, to_jsonb(d) AS letter, origin ->> 'key' AS key
              FROM transactions_rejects r, termstream.dead_letter(r) d
             UNION ALL
            SELECT 'categories_rejects/' || reject_id, to_jsonb(d), origin ->> 'key' FROM categories_rejects r, termstream.dead_letter(r) d),
        sent AS (SELECT substring(header FROM 'termfeed-id=([^,]*)') AS id, letter, nullif(key, '') AS key,
                        substring(header FROM 'bank=([^,]*)') AS bank FROM dead)
        SELECT format('%s, %s other', count(DISTINCT s.id),
                      count(*) FILTER (WHERE r.id IS NULL OR r.letter <> s.letter OR r.key IS DISTINCT FROM s.key
                                          OR s.bank IS DISTINCT FROM r.letter -> 'headers' ->> 'bank'))
          FROM sent s LEFT JOIN rejects r USING (id));
INSERT INTO test (name, wanted, got)
SELECT 'migrations are applied once, each', '1_payments 2_categories 3_plausible',
       (SELECT string_agg(name, ' ' ORDER BY name) FROM migration);
INSERT INTO test (name, wanted, got)
SELECT 'logs are structured: each line has time, level and message', '0 of some',
       (SELECT format('%s of %s', count(*) FILTER (WHERE NOT line ?& '{timestamp,level,message}'),
                      CASE WHEN count(*) > 10 THEN 'some' ELSE count(*)::text END) FROM said);
-- What was killed counts from zero again.
INSERT INTO test (name, wanted, got)
SELECT 'metrics: rows, rejects by stage, and both of them as they are in the database', format('%s rows, %s rejects', m, r),
       (SELECT format('%s rows, %s rejects', sum(value) FILTER (WHERE series = 'termfeed_rows_total{stream="transactions"}'),
                      sum(value) FILTER (WHERE series LIKE 'termfeed\_rejects\_total{stream="transactions"%')) FROM metric)
  FROM kills, (SELECT 2 * sum(messages) AS m FROM truth) a, (SELECT count(*) AS r FROM transactions_rejects WHERE origin ? 'topic') b
 WHERE kills = 0;
INSERT INTO test (name, wanted, got)
SELECT 'metrics: latency of the service, time in the database, the circuit',
       'circuit_state commit_duration_seconds_count copy_duration_seconds_count service_duration_seconds_count',
       (SELECT string_agg(DISTINCT substring(series FROM 'termfeed_([a-z_]*)'), ' ' ORDER BY substring(series FROM 'termfeed_([a-z_]*)'))
          FROM metric WHERE feeder LIKE 'predict%' AND series LIKE '%stream="categories"%'
           AND (value > 0 AND series ~ '(service|copy|commit)_duration_seconds_count' OR series LIKE '%circuit_state%'));

SELECT CASE WHEN wanted IS NOT DISTINCT FROM got THEN format('ok %s - %s', number, name)
            ELSE format(E'not ok %s - %s\n  wanted %s\n  got    %s', number, name, wanted, got) END
  FROM test ORDER BY number;
SELECT 1 / count(*)::int AS tests FROM (SELECT bool_and(wanted IS NOT DISTINCT FROM got) AS all_ok FROM test) t
 WHERE all_ok \g /dev/null
