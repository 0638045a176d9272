-- Log-ins come in from a topic, are cleaned and counted, and go out to another topic.

-- What is kept of a log-in.
CREATE TABLE login (
    login_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     text NOT NULL,
    device_id   text,
    device_type text NOT NULL,
    app_version text,
    locale      text,
    ip          inet,
    at          timestamptz NOT NULL
);

-- The counts, kept as the messages pass.
CREATE TABLE login_count (
    hour        timestamptz,
    device_type text,
    locale      text,
    app_version text,
    logins      bigint NOT NULL,
    PRIMARY KEY (hour, device_type, locale, app_version)
);

-- What termfeed relay sends on.
CREATE TABLE clean_logins (
    id        bigint PRIMARY KEY,
    key       text NOT NULL,
    payload   jsonb NOT NULL,
    delivered timestamptz
);
CREATE INDEX ON clean_logins (id) WHERE delivered IS NULL;

-- The inbox. A message's fields become the columns of their names, old names of a field included; a field
-- that a message lacks is NULL. What is no JSON, has no address or fails a check is a reject.
SELECT termstream.create_stream('logins',
         columns => 'user_id text, "userId" text, device_id text, device_type text, "deviceType" text,
                     app_version text, locale text, ip inet, "timestamp" double precision',
         check_rows => '{"no user": "btrim(coalesce(user_id, \"userId\", '''')) <> ''''",
                         "no timestamp": "\"timestamp\" IS NOT NULL"}',
         statement => $$
WITH clean AS (
    INSERT INTO login (user_id, device_id, device_type, app_version, locale, ip, at)
    SELECT btrim(coalesce(user_id, "userId")), device_id,
           lower(coalesce(device_type, "deviceType", 'unknown')), app_version,
           nullif(lower(split_part(replace(locale, '-', '_'), '_', 1)) || '_' ||
                  upper(split_part(replace(locale, '-', '_'), '_', 2)), '_'),
           ip, to_timestamp("timestamp")
      FROM batch
    RETURNING *),
counted AS (
    -- Sorted, so that two feeders lock the counts in the same order.
    INSERT INTO login_count AS c (hour, device_type, locale, app_version, logins)
    SELECT date_trunc('hour', at, 'UTC') AS hour, device_type, coalesce(locale, ''), coalesce(app_version, ''),
           count(*)
      FROM clean GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (hour, device_type, locale, app_version) DO UPDATE SET logins = c.logins + excluded.logins)
INSERT INTO clean_logins (id, key, payload)
SELECT login_id, user_id, to_jsonb(clean) - 'login_id' FROM clean ORDER BY login_id
$$);

CREATE VIEW logins_per_device_type AS
SELECT device_type, sum(logins) AS logins FROM login_count GROUP BY 1 ORDER BY 2 DESC;
CREATE VIEW logins_per_locale AS
SELECT nullif(locale, '') AS locale, sum(logins) AS logins FROM login_count GROUP BY 1 ORDER BY 2 DESC;
CREATE VIEW logins_per_version AS
SELECT app_version, sum(logins) AS logins FROM login_count GROUP BY 1 ORDER BY 2 DESC;

-- How many of the messages were no log-ins, and why.
CREATE VIEW malformed_share AS
SELECT read AS messages, rejected AS malformed, round(100.0 * rejected / nullif(read, 0), 2) AS percent
  FROM termstream.stream_stats WHERE stream = 'logins'::regclass;
CREATE VIEW malformed_reasons AS
SELECT stage, err_message AS reason, count(*) AS messages
  FROM (SELECT stage, regexp_replace(err_message, ': "[^"]*"$| at line .*', '') AS err_message FROM logins_rejects) r
 GROUP BY 1, 2 ORDER BY 3 DESC;
