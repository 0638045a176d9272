-- How far sources outside the database have been read: files, partitions of a topic. A feeder moves the position in
-- the transaction of the rows, so that each row is taken exactly once.

CREATE TABLE termstream.feed_position (
    stream  regclass NOT NULL,
    source  text NOT NULL,
    part    text NOT NULL,
    -- Where to go on: an offset in bytes, or an offset in a topic.
    next    bigint NOT NULL,
    detail  jsonb,
    updated timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (stream, source, part)
);
COMMENT ON TABLE termstream.feed_position IS
    'how far sources outside the database have been read into a stream; see termstream.feed_positions';
REVOKE ALL ON termstream.feed_position FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('termstream.feed_position', '');

-- Roles that may insert into a stream see and move its positions. The table has no row-level security, so that any
-- role that may read all data can run pg_dump.
CREATE VIEW termstream.feed_positions WITH (security_barrier) AS
SELECT stream, source, part, next, detail, updated
  FROM termstream.feed_position
 WHERE pg_catalog.has_table_privilege(stream, 'INSERT')
  WITH CASCADED CHECK OPTION;
COMMENT ON VIEW termstream.feed_positions IS
    'positions of the streams that the current role may insert into; moved by termstream.move_position';
GRANT SELECT, INSERT, UPDATE, DELETE ON termstream.feed_positions TO PUBLIC;

CREATE FUNCTION termstream.move_position(stream regclass, source text, part text, expected bigint,
        next bigint, detail jsonb DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT has_table_privilege($1, 'INSERT') THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('permission denied for stream %s', $1),
            HINT = 'Moving a position needs INSERT on the stream.';
    END IF;
    IF $4 IS NULL THEN
        INSERT INTO termstream.feed_positions (stream, source, part, next, detail)
        VALUES ($1, $2, $3, $5, $6) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE termstream.feed_positions p
           SET next = $5, detail = coalesce($6, p.detail), updated = clock_timestamp()
         WHERE p.stream = $1 AND p.source = $2 AND p.part = $3 AND p.next = $4;
    END IF;
    IF NOT FOUND THEN
        RAISE serialization_failure USING
            MESSAGE = format('the position of "%s", part "%s", in stream %s is not %s', $2, $3, $1,
                             coalesce($4::text, 'new')),
            DETAIL = 'Another session has moved it.',
            HINT = 'Roll back, and read the position again.';
    END IF;
END
$$;
COMMENT ON FUNCTION termstream.move_position(regclass, text, text, bigint, bigint, jsonb) IS
    'moves the position of a source, in the transaction of its rows; fails with 40001 if the position is not the expected one (NULL: there is none yet)';

-- How far incremental exports of `termfeed export` are. Each is visible only to the role that runs it: an export needs
-- the right to read, and no right on a stream.
CREATE TABLE termstream.export_position (
    -- A name, so that a dump can be restored where the role does not exist.
    role    name NOT NULL DEFAULT CURRENT_USER,
    export  text NOT NULL,
    -- The number of runs so far. The rows of the last one come after `after`, up to `upto`, which is NULL when its
    -- files are complete.
    run     bigint NOT NULL,
    after   text,
    upto    text,
    updated timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (role, export)
);
COMMENT ON TABLE termstream.export_position IS
    'how far incremental exports are: the cursor of the last exported row, and that of the running export; see termstream.export_positions';
SELECT pg_catalog.pg_extension_config_dump('termstream.export_position', '');

CREATE VIEW termstream.export_positions WITH (security_barrier) AS
SELECT role, export, run, after, upto, updated
  FROM termstream.export_position
 WHERE role OPERATOR(pg_catalog.=) CURRENT_USER
  WITH CASCADED CHECK OPTION;
COMMENT ON VIEW termstream.export_positions IS 'how far the incremental exports of the current role are';
GRANT SELECT, INSERT, UPDATE, DELETE ON termstream.export_positions TO PUBLIC;

-- A reject as a message for a dead letter topic.
CREATE FUNCTION termstream.dead_letter(reject anyelement)
    RETURNS TABLE (topic text, partition integer, "offset" bigint, failed_at timestamptz, service text,
                   source text, stage text, error_type text, message text, payload text, headers jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
SELECT r.origin OPERATOR(pg_catalog.->>) 'topic',
       (r.origin OPERATOR(pg_catalog.->>) 'partition')::pg_catalog.int4,
       COALESCE((r.origin OPERATOR(pg_catalog.->>) 'offset')::pg_catalog.int8, r.lineno), r.failed_at,
       COALESCE(r.origin OPERATOR(pg_catalog.->>) 'service', r.stream), r.filename, r.stage, r.errorcode,
       pg_catalog.concat_ws(': ', r.err_message, r.err_detail, r.origin OPERATOR(pg_catalog.->>) 'body'),
       COALESCE(r.origin OPERATOR(pg_catalog.->>) 'message', r.line, r.line_bytes),
       r.origin OPERATOR(pg_catalog.->) 'headers'
  FROM pg_catalog.jsonb_to_record(pg_catalog.to_jsonb(reject))
       AS r (origin pg_catalog.jsonb, lineno pg_catalog.int8, failed_at pg_catalog.timestamptz,
             stream pg_catalog.text, filename pg_catalog.text, stage pg_catalog.text,
             errorcode pg_catalog.text, err_message pg_catalog.text, err_detail pg_catalog.text,
             line pg_catalog.text, line_bytes pg_catalog.text)
$$;
COMMENT ON FUNCTION termstream.dead_letter(anyelement) IS
    'a row of a rejects table as a dead letter: SELECT d.* FROM menu_rejects r, termstream.dead_letter(r) d. service is the service that was asked, or the stream; payload is the message, or the row, in hex if it is not text';
