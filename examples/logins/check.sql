-- Whether all came out as the generator knows it (gold.csv on standard input), and went out as it came
-- in (in the table sent). Prints a line for each test, and fails if one does.
CREATE TEMP TABLE truth (number bigint, kind text);
\copy truth FROM PSTDIN (FORMAT csv)
CREATE TEMP TABLE kinds AS SELECT kind, count(*) AS messages FROM truth GROUP BY 1;
CREATE TEMP TABLE test (name text, wanted text, got text, number int GENERATED ALWAYS AS IDENTITY);

INSERT INTO test (name, wanted, got)
SELECT 'each message is a log-in or a reject, once', count(*)::text,
       ((SELECT count(*) FROM login) + (SELECT count(*) FROM logins_rejects))::text FROM truth;
INSERT INTO test (name, wanted, got)
SELECT 'batches have the chosen size at the most', 'true', bool_and(read <= 1000)::text
  FROM termstream.load WHERE stream = 'logins'::regclass;
INSERT INTO test (name, wanted, got)
SELECT 'single bad messages are looked at one by one: ' || stage, sum(messages)::text,
       (SELECT count(*) FROM logins_rejects r WHERE r.stage = k.stage)::text
  FROM kinds JOIN (VALUES ('cut off', 'parse'), ('no JSON', 'parse'), ('no address', 'convert'),
                   ('no time', 'convert'), ('no user', 'check')) k (kind, stage) USING (kind)
 GROUP BY stage;
INSERT INTO test (name, wanted, got)
SELECT 'fields by their old names are found, missing ones stand as unknown', messages::text,
       (SELECT count(*) FROM login WHERE device_type = 'unknown')::text
  FROM kinds WHERE kind = 'no device type';
INSERT INTO test (name, wanted, got)
SELECT 'a reject says which message it was', '0', count(*)::text FROM logins_rejects
 WHERE origin ->> 'topic' IS DISTINCT FROM 'logins' OR (origin ->> 'offset')::bigint <> lineno
    OR NOT origin ? 'key';
INSERT INTO test (name, wanted, got)
SELECT 'metrics kept as messages pass are those of the whole: per ' || what, whole, kept FROM (
    SELECT 'device type' AS what,
           (SELECT string_agg(concat_ws(':', device_type, n), ' ' ORDER BY device_type)
              FROM (SELECT device_type, count(*) AS n FROM login GROUP BY 1) l) AS whole,
           (SELECT string_agg(concat_ws(':', device_type, logins), ' ' ORDER BY device_type)
              FROM logins_per_device_type) AS kept
    UNION ALL
    SELECT 'locale',
           (SELECT string_agg(concat_ws(':', locale, n), ' ' ORDER BY locale)
              FROM (SELECT locale, count(*) AS n FROM login GROUP BY 1) l),
           (SELECT string_agg(concat_ws(':', locale, logins), ' ' ORDER BY locale) FROM logins_per_locale)
    UNION ALL
    SELECT 'version',
           (SELECT string_agg(concat_ws(':', app_version, n), ' ' ORDER BY app_version)
              FROM (SELECT app_version, count(*) AS n FROM login GROUP BY 1) l),
           (SELECT string_agg(concat_ws(':', app_version, logins), ' ' ORDER BY app_version)
              FROM logins_per_version)) m;
INSERT INTO test (name, wanted, got)
SELECT 'the share of malformed messages', sum(messages)::text, (SELECT malformed::text FROM malformed_share)
  FROM kinds WHERE kind IN ('cut off', 'no JSON', 'no address', 'no time', 'no user');
INSERT INTO test (name, wanted, got)
SELECT 'each cleaned message is in the outgoing topic, again only under the same id, and marked',
       format('%s, %s wrong', count(*), 0),
       format('%s, %s wrong', (SELECT count(DISTINCT id) FROM sent),
              (SELECT count(*) FROM sent s LEFT JOIN clean_logins c
                   ON s.id = 'termfeed-id=clean_logins/' || c.id AND c.key = s.key AND c.payload = s.payload
                WHERE c.delivered IS NULL))
  FROM login;

SELECT CASE WHEN wanted IS NOT DISTINCT FROM got THEN format('ok %s - %s', number, name)
            ELSE format(E'not ok %s - %s\n  wanted %s\n  got    %s', number, name, wanted, got) END
  FROM test ORDER BY number;
SELECT 1 / count(*)::int AS tests FROM (SELECT bool_and(wanted IS NOT DISTINCT FROM got) AS all_ok FROM test) t
 WHERE all_ok \g /dev/null
