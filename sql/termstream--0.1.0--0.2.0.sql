-- From 0.1.0 to 0.2.0: streams of any statement, rejects that can be retried, loads by workers.

\echo Use "ALTER EXTENSION termstream UPDATE TO '0.2.0'" to load this file. \quit

-- Who owns the schema can put functions beside ours, which fit a call better and would run as whoever makes
-- that call; CREATE EXTENSION takes a schema that is there already, whoever has made it. All operators here
-- are of pg_catalog, for both sides are of one type.
DO $$
BEGIN
    PERFORM FROM pg_catalog.pg_namespace n
      WHERE n.nspname = 'termstream'
        AND ((SELECT NOT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = n.nspowner)
             OR EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a
                         WHERE a.privilege_type = 'CREATE'
                           AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r
                                            WHERE r.oid = a.grantee AND r.rolsuper)));
    IF FOUND THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'schema "termstream" is not safe for the extension',
            DETAIL = 'A role that is not a superuser owns it or may create objects in it.',
            HINT = 'Look at what it contains besides the extension, REVOKE CREATE ON SCHEMA termstream, and ALTER SCHEMA termstream OWNER TO a superuser.';
    END IF;
END
$$;

ALTER TABLE termstream.stream
    ADD COLUMN reject_limit  bigint CHECK (reject_limit > 0),
    ADD COLUMN reject_ratio  double precision CHECK (reject_ratio BETWEEN 0 AND 1),
    ADD COLUMN check_rows    json,
    ADD COLUMN quality_check json,
    ADD COLUMN on_quality    text NOT NULL DEFAULT 'table' CHECK (on_quality IN ('table', 'stop', 'ignore')),
    ADD COLUMN formats       jsonb;
COMMENT ON TABLE termstream.stream IS
    'streams: inboxes whose rows run a statement batch by batch; written by termstream.create_stream';

DROP VIEW termstream.progress, termstream.loads, termstream.streams;

ALTER TABLE termstream.load
    ALTER COLUMN userid TYPE name USING pg_catalog.pg_get_userbyid(userid),
    ADD COLUMN stream_name   text,
    ADD COLUMN parse         bigint NOT NULL DEFAULT 0,
    ADD COLUMN convert       bigint NOT NULL DEFAULT 0,
    ADD COLUMN "check"       bigint NOT NULL DEFAULT 0,
    ADD COLUMN statement     bigint NOT NULL DEFAULT 0,
    ADD COLUMN quality       bigint NOT NULL DEFAULT 0,
    ADD COLUMN predict       bigint NOT NULL DEFAULT 0,
    ADD COLUMN busy          double precision NOT NULL DEFAULT 0,
    ADD COLUMN file_begin    bigint,
    ADD COLUMN file_position bigint;
CREATE INDEX ON termstream.load (stream, load_id);
UPDATE termstream.load l SET stream_name = l.stream::text
 WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = l.stream);

-- Ranges of files that loads have handed out to their workers. A range has no counts until the worker commits them
-- with its rows, and is deleted when the load has added them to its own.
CREATE TABLE termstream.load_range (
    load_id    bigint NOT NULL REFERENCES termstream.load ON DELETE CASCADE,
    begin_byte bigint NOT NULL,
    begin_line bigint NOT NULL,
    end_byte   bigint NOT NULL,
    end_line   bigint NOT NULL,
    counts     jsonb,
    PRIMARY KEY (load_id, begin_byte)
);
COMMENT ON TABLE termstream.load_range IS
    'ranges of files that the workers of load_file still have to load, or have loaded but not yet counted';

-- What the workers of a load need to know, including settings of the session; no other role may read it.
CREATE TABLE termstream.load_job (
    load_id bigint PRIMARY KEY REFERENCES termstream.load ON DELETE CASCADE,
    job     jsonb NOT NULL,
    -- SQLSTATE, message, detail and hint of a worker that gave up.
    failure text[]
);
COMMENT ON TABLE termstream.load_job IS 'what the workers of running loads have to do';

-- Sums of loads that are too old to be kept one by one. Each row is the sum of some loads, so that sessions that
-- remove loads at the same time never wait for each other.
CREATE TABLE termstream.load_past (
    stream    regclass NOT NULL,
    loads     bigint NOT NULL,
    read      bigint NOT NULL,
    taken     bigint NOT NULL,
    rejected  bigint NOT NULL,
    parse     bigint NOT NULL,
    convert   bigint NOT NULL,
    "check"   bigint NOT NULL,
    statement bigint NOT NULL,
    quality   bigint NOT NULL,
    predict   bigint NOT NULL,
    pairs     bigint NOT NULL,
    bytes     bigint NOT NULL,
    busy      double precision NOT NULL,
    last_load timestamptz NOT NULL
);
CREATE INDEX ON termstream.load_past (stream);
COMMENT ON TABLE termstream.load_past IS
    'sums of loads that are no longer in termstream.load; see termstream.stream_stats';

REVOKE ALL ON termstream.stream, termstream.load FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('termstream.load',
    'WHERE stream IN (SELECT stream FROM termstream.stream)');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_past',
    'WHERE stream IN (SELECT stream FROM termstream.stream)');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_range',
    'WHERE load_id IN (SELECT load_id FROM termstream.load WHERE stream IN (SELECT stream FROM termstream.stream))');

-- The rejects of the streams that there are, which are their owners'.
DO $$
DECLARE
    rejects regclass;
BEGIN
    FOR rejects IN SELECT s.rejects FROM termstream.stream s JOIN pg_catalog.pg_class c ON c.oid = s.rejects LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s
            ADD COLUMN IF NOT EXISTS failed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
            ADD COLUMN IF NOT EXISTS origin jsonb, ADD COLUMN IF NOT EXISTS line_format jsonb,
            ADD COLUMN IF NOT EXISTS line_size bigint, ADD COLUMN IF NOT EXISTS checks text[]', rejects);
        EXECUTE pg_catalog.format('CREATE INDEX ON %s (load_id)', rejects);
        -- Of a row that was not kept whole the head stands in line_bytes alone now.
        EXECUTE pg_catalog.format($sql$UPDATE %s
            SET line = NULL, line_size = (pg_catalog.regexp_match(err_detail, 'of (\d+) bytes are kept\.$'))[1]::bigint
            WHERE err_detail LIKE '%% bytes are kept.'$sql$, rejects);
    END LOOP;
END
$$;

CREATE VIEW termstream.streams AS
SELECT s.stream, c.relowner::regrole AS owner, s.columns, s.statement, s.check_rows, s.quality_check,
       s.formats, s.on_error, s.on_quality, s.reject_limit, s.reject_ratio, s.batch_rows,
       s.lexicon, s.pairs, s.rejects, s.search_path, s.created
  FROM termstream.stream s JOIN pg_catalog.pg_class c ON c.oid = s.stream;
COMMENT ON VIEW termstream.streams IS 'streams: their columns, the statement that runs for each batch, their conditions, options and tables';

-- The error of a load can contain values of its rows; its source is a file of the server, or a name that a feeder
-- gives. The error, the source and the position in it are shown to the role of the load, to the owner of the stream,
-- and to roles that may read all data; counts and states are shown to all roles.
CREATE VIEW termstream.loads AS
SELECT l.load_id,
       CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = l.stream)
            THEN l.stream::text ELSE l.stream_name END AS stream,
       l.stream AS relation,
       CASE WHEN w.may_see THEN l.source END AS source,
       l.userid, l.pid, l.read, l.taken, l.rejected, l.parse, l.convert, l."check", l.statement,
       l.quality, l.predict, l.pairs, l.bytes, l.busy, l.started, l.finished,
       -- The session that runs a load holds its lock, of the kind Load in src/pg/lock.rs.
       CASE WHEN l.state = 'running'
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks k
                              WHERE k.locktype = 'userlock' AND k.objsubid = 3
                                AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                                   WHERE d.datname = pg_catalog.current_database())
                                AND (k.classid::bigint << 32) | k.objid::bigint = l.load_id)
            THEN 'interrupted' ELSE l.state END AS state,
       CASE WHEN w.may_see THEN l.error END AS error,
       -- The position is that of the first range that the workers have not loaded.
       CASE WHEN w.may_see THEN COALESCE(r.begin_byte, l.position) END AS position,
       CASE WHEN w.may_see THEN COALESCE(r.begin_line, l.line) END AS line
  FROM termstream.load l
  LEFT JOIN LATERAL (SELECT o.begin_byte, o.begin_line FROM termstream.load_range o
                      WHERE o.load_id = l.load_id AND o.counts IS NULL
                      ORDER BY o.begin_byte LIMIT 1) r ON true,
       LATERAL (SELECT pg_catalog.pg_has_role('pg_read_all_data'::name, 'USAGE')
                    OR EXISTS (SELECT FROM pg_catalog.pg_roles u
                                WHERE u.rolname = l.userid AND pg_catalog.pg_has_role(u.oid, 'USAGE'))
                    OR EXISTS (SELECT FROM pg_catalog.pg_class c
                                WHERE c.oid = l.stream AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
                       AS may_see) w;
COMMENT ON VIEW termstream.loads IS
    'runs of ingestion: rows read, taken and rejected (by stage), rows written, bytes, seconds spent on batches, state and last committed position; the last termstream.loads_keep loads of each stream. source, error and position are shown to the load''s role and the stream''s owner';

CREATE VIEW termstream.progress AS
SELECT l.load_id, l.stream, s.source, l.pid, r.bytes, l.total_bytes,
       pg_catalog.round(100.0 * r.bytes / NULLIF(l.total_bytes, 0), 1) AS percent,
       l.read AS rows, pg_catalog.round(l.read / r.seconds) AS rows_per_second,
       pg_catalog.make_interval(secs => ((l.total_bytes - r.bytes) * r.seconds
           / NULLIF(r.bytes - l.file_begin, 0))::double precision) AS eta
  FROM termstream.load l JOIN termstream.loads s USING (load_id)
  LEFT JOIN LATERAL (SELECT pg_catalog.min(o.begin_byte) AS begin_byte FROM termstream.load_range o
                      WHERE o.load_id = l.load_id AND o.counts IS NULL) o ON true,
       LATERAL (SELECT NULLIF(EXTRACT(epoch FROM l.updated - l.started), 0) AS seconds,
                       -- Ranges that workers still have to load do not count.
                       CASE WHEN l.file_position = l.position THEN COALESCE(o.begin_byte, l.position)
                            ELSE l.file_position END AS bytes) r
 WHERE s.state = 'running' AND l.total_bytes IS NOT NULL;
COMMENT ON VIEW termstream.progress IS
    'running loads of load_file: bytes of the file and rows committed so far, their speed, and the estimated time left';

CREATE VIEW termstream.stream_stats AS
WITH parts AS (
    SELECT p.stream, p.loads, p.read, p.taken, p.rejected, p.parse, p.convert, p."check", p.statement,
           p.quality, p.predict, p.pairs, p.bytes, p.busy, p.last_load
      FROM termstream.load_past p
    UNION ALL
    SELECT l.stream, 1, l.read, l.taken, l.rejected, l.parse, l.convert, l."check", l.statement,
           l.quality, l.predict, l.pairs, l.bytes, l.busy, l.started
      FROM termstream.load l)
SELECT s.stream, coalesce(pg_catalog.sum(p.loads), 0)::bigint AS loads,
       coalesce(pg_catalog.sum(p.read), 0)::bigint AS read,
       coalesce(pg_catalog.sum(p.taken), 0)::bigint AS taken,
       coalesce(pg_catalog.sum(p.rejected), 0)::bigint AS rejected,
       coalesce(pg_catalog.sum(p.parse), 0)::bigint AS parse,
       coalesce(pg_catalog.sum(p.convert), 0)::bigint AS convert,
       coalesce(pg_catalog.sum(p."check"), 0)::bigint AS "check",
       coalesce(pg_catalog.sum(p.statement), 0)::bigint AS statement,
       coalesce(pg_catalog.sum(p.quality), 0)::bigint AS quality,
       coalesce(pg_catalog.sum(p.predict), 0)::bigint AS predict,
       coalesce(pg_catalog.sum(p.pairs), 0)::bigint AS pairs,
       coalesce(pg_catalog.sum(p.bytes), 0)::bigint AS bytes,
       coalesce(pg_catalog.sum(p.busy), 0) AS busy, pg_catalog.max(p.last_load) AS last_load
  FROM termstream.stream s LEFT JOIN parts p USING (stream)
 GROUP BY s.stream;
COMMENT ON VIEW termstream.stream_stats IS
    'totals of each stream since it was created: loads, rows read, taken and rejected (by stage), rows written, bytes, seconds spent on batches, and when its last load began';

GRANT SELECT ON termstream.stream_stats, termstream.streams, termstream.loads, termstream.progress TO PUBLIC;

DROP FUNCTION termstream.create_match_stream(text, text, text, text, name[], text, text, integer);
DROP FUNCTION termstream.drop_stream(text);
DROP FUNCTION termstream.note_rejects(text, text, bigint[], bytea[], text[], text[]);
DROP PROCEDURE termstream.load_file(text, text, text, text, text, text, text, text, name[],
    boolean, bigint, bigint, bigint, bigint, bigint, bigint);
DROP PROCEDURE termstream.load_file(text, text, boolean, text, text, text, text, text, name[],
    boolean, bigint, bigint, bigint, bigint, bigint, bigint);

CREATE FUNCTION termstream.alter_stream(stream text, statement text DEFAULT NULL,
        on_error text DEFAULT NULL, batch_rows integer DEFAULT NULL, check_rows text DEFAULT NULL,
        reject_limit bigint DEFAULT NULL, reject_ratio double precision DEFAULT NULL,
        quality_check text DEFAULT NULL, on_quality text DEFAULT NULL, formats jsonb DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'alter_stream_wrapper';

CREATE FUNCTION termstream.create_match_stream(stream text, columns text, lexicon text, key text,
        text_columns name[], pairs text, on_error text DEFAULT 'table',
        batch_rows integer DEFAULT 5000, check_rows text DEFAULT NULL, reject_limit bigint DEFAULT NULL,
        reject_ratio double precision DEFAULT NULL, quality_check text DEFAULT NULL,
        on_quality text DEFAULT 'table', formats jsonb DEFAULT NULL) RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'create_match_stream_v0_2_wrapper';

CREATE FUNCTION termstream.create_stream(stream text, columns text, statement text,
        on_error text DEFAULT 'table', batch_rows integer DEFAULT 5000, check_rows text DEFAULT NULL,
        reject_limit bigint DEFAULT NULL, reject_ratio double precision DEFAULT NULL,
        quality_check text DEFAULT NULL, on_quality text DEFAULT 'table', formats jsonb DEFAULT NULL)
    RETURNS void
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'create_stream_wrapper';

CREATE FUNCTION termstream.drop_stream(stream text, keep_rejects boolean DEFAULT true) RETURNS void
    VOLATILE STRICT PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'drop_stream_v0_2_wrapper';

CREATE PROCEDURE termstream.load_file(stream text, path text, format text DEFAULT 'csv',
        header text DEFAULT NULL,
        delimiter text DEFAULT NULL, quote text DEFAULT NULL, escape text DEFAULT NULL,
        null_string text DEFAULT NULL, columns name[] DEFAULT NULL, encoding text DEFAULT NULL,
        resume boolean DEFAULT true, parallel integer DEFAULT 1, notify interval DEFAULT NULL,
        INOUT load_id bigint DEFAULT NULL, INOUT read bigint DEFAULT NULL,
        INOUT taken bigint DEFAULT NULL, INOUT rejected bigint DEFAULT NULL,
        INOUT pairs bigint DEFAULT NULL, INOUT bytes bigint DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'load_file_v0_2_wrapper';

CREATE PROCEDURE termstream.load_file(stream text, path text, header boolean,
        format text DEFAULT 'csv',
        delimiter text DEFAULT NULL, quote text DEFAULT NULL, escape text DEFAULT NULL,
        null_string text DEFAULT NULL, columns name[] DEFAULT NULL, encoding text DEFAULT NULL,
        resume boolean DEFAULT true, parallel integer DEFAULT 1, notify interval DEFAULT NULL,
        INOUT load_id bigint DEFAULT NULL, INOUT read bigint DEFAULT NULL,
        INOUT taken bigint DEFAULT NULL, INOUT rejected bigint DEFAULT NULL,
        INOUT pairs bigint DEFAULT NULL, INOUT bytes bigint DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'load_file_with_header_v0_2_wrapper';

CREATE FUNCTION termstream.match_ids(lexicon text, VARIADIC documents text[]) RETURNS SETOF bigint
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', 'match_ids_wrapper';

CREATE FUNCTION termstream.note_rejects(stream text, source text, lines bigint[], rows bytea[],
        errorcodes text[], messages text[], stage text DEFAULT 'parse', origins jsonb[] DEFAULT NULL,
        details text[] DEFAULT NULL, line_format jsonb DEFAULT NULL, load_id bigint DEFAULT NULL)
    RETURNS bigint
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'note_rejects_v0_2_wrapper';

CREATE FUNCTION termstream.place_rejects(load_id bigint, sources text[], lines bigint[],
        origins jsonb[] DEFAULT NULL) RETURNS bigint
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'place_rejects_wrapper';

CREATE FUNCTION termstream.retry_rejects(stream text, condition text DEFAULT NULL,
        INOUT load_id bigint DEFAULT NULL, OUT read bigint, OUT taken bigint, OUT rejected bigint)
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'retry_rejects_wrapper';

CREATE FUNCTION termstream.takes_rows() RETURNS boolean
    -- STABLE: depends on session_replication_role.
    STABLE PARALLEL SAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'takes_rows_wrapper';
CREATE FUNCTION termstream.left_out() RETURNS text
    -- STABLE: depends on a setting, and is drawn by each session; RESTRICTED: a worker would draw another one.
    STABLE PARALLEL RESTRICTED
    LANGUAGE c AS 'MODULE_PATHNAME', 'left_out_wrapper';
CREATE DOMAIN termstream.field AS text CHECK (termstream.takes_rows());
COMMENT ON DOMAIN termstream.field IS
    'a field of a row for a stream; an error in a session in which the triggers of the stream do not fire';

COMMENT ON FUNCTION termstream.learn(text, text) IS
    'learns from the texts of a query how common their words are, so that a common word is not taken for a misspelling; returns the numbers of documents read and of words kept';
COMMENT ON FUNCTION termstream."match"(text, text, text) IS
    'finds the terms of a lexicon in a document; overlap chooses among overlapping mentions: longest, nested or all; one row per mention';
COMMENT ON FUNCTION termstream.left_out() IS
    'the text that marks a value as left out, in rows of this session, so that the column gets its default: the setting termstream.left_out, or a random text if it is empty';
COMMENT ON FUNCTION termstream.takes_rows() IS
    'check of the domain termstream.field: raises an error while session_replication_role is replica, since streams then take no rows';
COMMENT ON FUNCTION termstream.match_ids(text, text[]) IS
    'the ids of the terms that the documents mention, each id once, nested mentions included: the fastest form of match';
COMMENT ON FUNCTION termstream.create_stream(text, text, text, text, integer, text, bigint,
        double precision, text, text, jsonb) IS
    'creates a stream: a view for whose inserted rows, some thousands at a time, a statement runs that sees them as the relation batch with the declared columns. check_rows: a boolean expression over a row, or a JSON object of several expressions by name; a row for which one is false is rejected. quality_check: the same over a batch, with aggregates; on_quality: what happens to a batch that fails it. on_error, on_quality: table, stop or ignore. reject_limit, reject_ratio (after 300 rows): more rejects than that end the load. formats: how the values of a column are written, for example 1.234,56 or DD/MM/YYYY';
COMMENT ON FUNCTION termstream.create_match_stream(text, text, text, text, name[], text, text, integer, text,
        bigint, double precision, text, text, jsonb) IS
    'creates a stream that searches its rows for the terms of a lexicon, and stores the pairs of key and term_id; the options are those of create_stream';
COMMENT ON FUNCTION termstream.alter_stream(text, text, text, integer, text, bigint, double precision,
        text, text, jsonb) IS
    'changes the given options of a stream; those that are NULL stay. An empty text removes conditions, {} removes formats, reject_limit 0 and reject_ratio 1 remove the limits. Waits for running loads';
COMMENT ON FUNCTION termstream.drop_stream(text, boolean) IS
    'drops a stream; what it has written stays, and its rejects too unless keep_rejects is false';
COMMENT ON FUNCTION termstream.note_rejects(text, text, bigint[], bytea[], text[], text[], text, jsonb[],
        text[], jsonb, bigint) IS
    'stores rows that a feeder could not take as rejects of a stream: rows[i] as it came, at lines[i] of the source, with its error; needs INSERT on the stream. stage: parse (the feeder could not parse it) or predict (a service gave no answer for it). origins[i]: where it came from, as the feeder describes it. line_format: the format of the rows, for termstream.retry_rejects: {"format": "jsonl"}, or {"format": "csv"} and COPY''s delimiter, quote, escape, null, columns; NULL stands for CSV of all the columns. load_id: the load that counts them, which must be of the same stream, transaction and role; NULL for a new load. The stream''s on_error and reject limits apply. Returns the load_id';
COMMENT ON FUNCTION termstream.place_rejects(bigint, text[], bigint[], jsonb[]) IS
    'records where the rows of a COPY came from: sources[i], lines[i] and origins[i] become filename, lineno and origin of the reject of the load''s row i, counted from 1. The load must be of the same transaction and role; no right on the rejects table is needed. A reject that has a filename or origin keeps it. Returns how many rejects were changed';
COMMENT ON FUNCTION termstream.retry_rejects(text, text, bigint) IS
    'retries rejects of a stream, as their column line has them now: those for which the condition holds (an expression over the columns of the rejects table, with the rights of the caller), those of a load, or all; but not those of the stage predict, which their feeder retries. Rejects that pass are deleted from the table, those that fail stay with the new error. Needs INSERT on the stream, and SELECT, UPDATE and DELETE on its rejects table';
COMMENT ON PROCEDURE termstream.load_file(text, text, text, text, text, text, text, text, name[],
        text, boolean, integer, interval, bigint, bigint, bigint, bigint, bigint, bigint) IS
    'loads a file of the server (csv, text or jsonl, possibly compressed by gzip or zstd) into a stream, committing batch by batch; called again, it goes on where it stopped';
COMMENT ON PROCEDURE termstream.load_file(text, text, boolean, text, text, text, text, text, name[],
        text, boolean, integer, interval, bigint, bigint, bigint, bigint, bigint, bigint) IS
    'loads a file of the server into a stream as the other load_file does, with header => true or false as a boolean';

DROP POLICY feeders ON termstream.feed_position;
ALTER TABLE termstream.feed_position DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON termstream.feed_position FROM PUBLIC;
COMMENT ON TABLE termstream.feed_position IS
    'how far sources outside the database have been read into a stream; see termstream.feed_positions';

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

CREATE OR REPLACE FUNCTION termstream.move_position(stream regclass, source text, part text, expected bigint,
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

CREATE FUNCTION termstream.word_count(document text) RETURNS integer
    IMMUTABLE STRICT PARALLEL SAFE COST 20
    LANGUAGE c AS 'MODULE_PATHNAME', 'word_count_wrapper';

CREATE FUNCTION termstream.count_terms(lexicon text, document text, OUT term_id bigint,
        OUT mentions bigint) RETURNS SETOF record
    -- STABLE: depends on the terms that the statement sees.
    STABLE STRICT PARALLEL SAFE COST 100 ROWS 2
    LANGUAGE c AS 'MODULE_PATHNAME', 'count_terms_wrapper';

COMMENT ON FUNCTION termstream.word_count(text) IS
    'the number of words in a document: runs of letters and digits (330ml is one), and single characters of scripts that are written without spaces; & is a word';
COMMENT ON FUNCTION termstream.count_terms(text, text) IS
    'how often a document mentions each term of a lexicon, by id; synonyms that match the same words are one mention';

-- A lexicon belongs to the owner of its source.
DROP VIEW termstream.lexicons;
ALTER TABLE termstream.lexicon DROP COLUMN owner;
CREATE OR REPLACE FUNCTION termstream.create_lexicon(lexicon text, source regclass,
        id_column name DEFAULT 'term_id', term_column name DEFAULT 'term',
        max_distance integer DEFAULT NULL, whole_words boolean DEFAULT true,
        overlap text DEFAULT 'longest', common_words text DEFAULT 'english',
        learn_from text DEFAULT NULL, guard_column name DEFAULT NULL,
        distance_column name DEFAULT NULL) RETURNS bigint
    VOLATILE PARALLEL UNSAFE
    LANGUAGE c AS 'MODULE_PATHNAME', 'create_lexicon_v0_2_wrapper';
ALTER FUNCTION termstream.lexicon_report(text) PARALLEL UNSAFE;
CREATE VIEW termstream.lexicons AS
SELECT l.lexicon, l.source, l.id_column, l.term_column, c.relowner::regrole AS owner,
       l.max_distance, l.whole_words, l.overlap, l.common_words, l.learn_from, l.learned,
       l.guard_column, l.distance_column,
       r.terms, r.skipped, r.skipped_ids, r.bytes, r.state, l.created
  FROM termstream.lexicon l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.source,
       LATERAL termstream.lexicon_report(l.lexicon) r;
COMMENT ON VIEW termstream.lexicons IS
    'lexicons, with the terms that this session sees: how many there are, and which were skipped; bytes is the size of the compiled form, which all sessions share if its terms are committed, and of the changes since it was compiled';
GRANT SELECT ON termstream.lexicons TO PUBLIC;

-- Changes are noted with the rights of the source's owner.
ALTER FUNCTION termstream.note_change() SECURITY INVOKER RESET ALL;

-- What was noted is folded, small lexicons have a stored form too, and triggers fit the kind of the source.
DELETE FROM termstream.lexicon_base;
DELETE FROM termstream.lexicon_chunk;
DELETE FROM termstream.lexicon_delta;
ALTER TABLE termstream.lexicon_change ADD COLUMN seen pg_snapshot;
ALTER TABLE termstream.lexicon_base
    ADD COLUMN terms bigint NOT NULL,
    ADD COLUMN xid   xid8 NOT NULL,
    ADD COLUMN seen  pg_snapshot NOT NULL;
COMMENT ON TABLE termstream.lexicon_base IS 'compiled forms of lexicons; their bytes are in lexicon_chunk';
DROP INDEX termstream.lexicon_delta_lexicon_idx;
CREATE INDEX ON termstream.lexicon_delta (lexicon, xid);
COMMENT ON FUNCTION termstream.lexicon_report(text) IS
    'the numbers of terms of a lexicon that this session sees, and of terms skipped because nothing in them can match; bytes of its compiled form, with the changes since it was compiled';
COMMENT ON FUNCTION termstream.refresh_lexicon(text) IS
    'compiles a lexicon again for all sessions, and creates its triggers again if they are missing, disabled or not of the kind that its table needs; an error says when that is necessary';
DO $$
DECLARE
    lexicon text;
BEGIN
    FOR lexicon IN SELECT l.lexicon FROM termstream.lexicon l LOOP
        BEGIN
            PERFORM termstream.refresh_lexicon(lexicon);
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'lexicon "%" is not refreshed: %', lexicon, SQLERRM;
        END;
    END LOOP;
END
$$;

CREATE FUNCTION termstream.lexicon_problem(lexicon text, OUT problem text, OUT hint text)
    STABLE STRICT PARALLEL UNSAFE COST 1000
    LANGUAGE c AS 'MODULE_PATHNAME', 'lexicon_problem_wrapper';
COMMENT ON FUNCTION termstream.lexicon_problem(text) IS
    'what prevents a lexicon from being used, or makes it slow: a part of termstream.check';
CREATE FUNCTION termstream.stale_files(OUT path text, OUT reason text) RETURNS SETOF record
    STABLE PARALLEL RESTRICTED COST 10000 ROWS 1
    LANGUAGE c AS 'MODULE_PATHNAME', 'stale_files_wrapper';
COMMENT ON FUNCTION termstream.stale_files() IS
    'files of compiled lexicons that will never be used again, for members of pg_monitor: a part of termstream.check';
-- What is wrong with lexicons, streams, loads and files, and what to do about it.
CREATE FUNCTION termstream.check(OUT kind text, OUT object text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL UNSAFE COST 10000 ROWS 1
    SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'lexicon', l.lexicon, p.problem, p.hint
  FROM termstream.lexicon l, LATERAL termstream.lexicon_problem(l.lexicon) p
 WHERE p.problem IS NOT NULL
UNION ALL
-- A restore of a schema alone brings the triggers back without the lexicon.
SELECT DISTINCT 'table', t.tgrelid::regclass::text,
       format('has triggers of lexicon "%s", which %s', a.lexicon,
              CASE WHEN l.lexicon IS NULL THEN 'does not exist' ELSE 'has another source' END),
       CASE WHEN l.lexicon IS NULL
            THEN format('Create it with termstream.create_lexicon(%L, %L), then drop it if it is not needed.',
                        a.lexicon, t.tgrelid::regclass)
            ELSE format('DROP TRIGGER %I ON %s.', t.tgname, t.tgrelid::regclass) END
  FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
 CROSS JOIN LATERAL convert_from(substr(t.tgargs, 1, length(t.tgargs) - 1), getdatabaseencoding()) AS a (lexicon)
  LEFT JOIN termstream.lexicon l ON l.lexicon = a.lexicon
 WHERE t.tgfoid = 'termstream.note_change()'::regprocedure AND t.tgnargs = 1 AND t.tgparentid = 0
   AND (l.lexicon IS NULL OR l.source <> t.tgrelid)
   AND (pg_has_role(c.relowner, 'USAGE') OR pg_has_role('pg_monitor', 'USAGE'))
UNION ALL
SELECT 'stream', s.stream::text, f.problem, f.hint
  FROM termstream.streams s
 CROSS JOIN LATERAL (VALUES
       ((SELECT string_agg(concat_ws(' ', t.tgname, t.tgtype, t.tgenabled IN ('O', 'A')), ',' ORDER BY t.tgname)
           FROM pg_trigger t
          WHERE t.tgrelid = s.stream AND t.tgfoid = 'termstream.take_rows()'::regprocedure)
        IS DISTINCT FROM 'termstream_begin 6 t,termstream_end 4 t,termstream_row 69 t',
        'triggers of its view are missing, disabled or not as they were made',
        format('Call termstream.drop_stream(%L), and create it anew.', s.stream::text)),
       (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = s.stream AND a.attnum > 0 AND NOT a.attisdropped
                   AND a.atttypid NOT IN ('text'::regtype, 'termstream.field'::regtype)),
        'its view has a column that is not text',
        format('Call termstream.drop_stream(%L), and create it anew.', s.stream::text)),
       (NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = s.rejects),
        'its table of rejects was dropped',
        format('Call termstream.drop_stream(%L), and create it anew.', s.stream::text)),
       (s.pairs IS NOT NULL AND NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = s.pairs),
        'its table of pairs was dropped',
        format('Call termstream.drop_stream(%L), and create it anew.', s.stream::text)),
       (s.lexicon IS NOT NULL AND NOT EXISTS (SELECT FROM termstream.lexicon l WHERE l.lexicon = s.lexicon),
        format('its lexicon "%s" was dropped', s.lexicon),
        'Create a lexicon of this name with termstream.create_lexicon.')
       ) AS f (is_so, problem, hint)
 WHERE f.is_so AND (pg_has_role(s.owner, 'USAGE') OR pg_has_role('pg_monitor', 'USAGE'))
UNION ALL
SELECT 'load', l.load_id::text,
       format('the load of %s into %s was interrupted', l.source, l.stream),
       format('Call termstream.load_file(%L, %L) again, which goes on where it stopped.', l.stream, l.source)
  FROM termstream.loads l
 WHERE l.state = 'interrupted' AND l.source IS NOT NULL
   AND NOT EXISTS (SELECT FROM termstream.loads later
                    WHERE later.stream = l.stream AND later.source = l.source AND later.load_id > l.load_id)
UNION ALL
SELECT 'table', t.name, format('%s deleted rows are kept for process %s (%s)', t.dead, o.pid, o.usename),
       format('End its transaction, which began at %s: pg_terminate_backend(%s).', o.xact_start, o.pid)
  FROM (SELECT name, pg_stat_get_dead_tuples(name::regclass) AS dead
          FROM unnest('{termstream.lexicon_change,termstream.lexicon_delta}'::text[]) AS name) t,
       LATERAL (SELECT a.pid, a.usename, a.xact_start FROM pg_stat_activity a
                 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
                   AND (age(a.backend_xmin) > 1000 OR age(a.backend_xid) > 1000)
                 ORDER BY GREATEST(age(a.backend_xmin), age(a.backend_xid)) DESC, a.xact_start LIMIT 1) o
 WHERE t.dead > 1000
UNION ALL
SELECT 'file', f.path, f.reason, 'It is removed when a compiled lexicon is next written; or remove it by hand.'
  FROM termstream.stale_files() f
$$;
COMMENT ON FUNCTION termstream.check() IS
    'what is wrong with your lexicons, streams and loads, and what to do about it; members of pg_monitor see those of all roles';

COMMENT ON FUNCTION termstream.levenshtein(text, text) IS
    'the number of characters that must be inserted, deleted or substituted to make one text of the other; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.levenshtein(text, text, integer) IS
    'the Levenshtein distance if it is at most max, otherwise max + 1; faster than without max; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.osa(text, text) IS
    'the optimal string alignment distance: the Levenshtein distance where swapping two adjacent characters is one edit; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.osa(text, text, integer) IS
    'the optimal string alignment distance if it is at most max, otherwise max + 1; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.damerau_levenshtein(text, text) IS
    'the Damerau-Levenshtein distance: like osa, but characters between two that were swapped may be edited too; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.damerau_levenshtein(text, text, integer) IS
    'the Damerau-Levenshtein distance if it is at most max, otherwise max + 1; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.jaro(text, text) IS
    'the Jaro similarity, from 0 to 1 (equal); for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.jaro_winkler(text, text) IS
    'the Jaro-Winkler similarity: the Jaro similarity raised for a common beginning, from 0 to 1 (equal); for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.similarity(text, text) IS
    '1 - osa / letters of the longer one, of the folded texts: the similarity that match computes, from 0 to 1; for texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.sorensen_dice(text, text) IS
    'the Sørensen-Dice coefficient of the multisets of character bigrams, from 0 to 1; for texts of at most 1,048,576 characters';
COMMENT ON FUNCTION termstream.jaccard(text, text) IS
    'the Jaccard index of the multisets of character bigrams, from 0 to 1; for texts of at most 1,048,576 characters';

-- Comments in other words.
COMMENT ON TABLE termstream.lexicon_change IS
    'changes of the sources of lexicons; the visible rows determine which compiled form is the right one';
COMMENT ON TABLE termstream.lexicon_delta IS 'terms added and removed since the compiled form was made';
COMMENT ON TABLE termstream.lexicon_word IS
    'common words of a lexicon, and words that it has learned, with the number of documents that contain them';
COMMENT ON FUNCTION termstream.create_lexicon(text, regclass, name, name, integer, boolean, text,
        text, text, name, name) IS
    'creates a lexicon of the terms in a table; returns the number of its terms';
COMMENT ON FUNCTION termstream.tune_lexicon(text, text) IS
    'measures combinations of settings on labelled documents, given by a query that returns (document, term_id): precision, recall and F1, the best first';
COMMENT ON FUNCTION termstream.note_change() IS
    'trigger on the source of a lexicon: records that its terms have changed';
COMMENT ON FUNCTION termstream.best_match(text, text) IS
    'the most similar mention in a document; of equally similar ones the longest, then the first; NULL if there is none';
COMMENT ON FUNCTION termstream.explain_match(text, text) IS
    'every run of words that is within the allowed distance of a term, and the rule that accepted or refused it; slow, for interactive use';
COMMENT ON FUNCTION termstream.highlight(text, text, text, text) IS
    'the document with each mention between the texts before and after; nothing is escaped';
COMMENT ON FUNCTION termstream.move_position(regclass, text, text, bigint, bigint, jsonb) IS
    'moves the position of a source, in the transaction of its rows; fails with 40001 if the position is not the expected one (NULL: there is none yet)';
COMMENT ON TYPE termstream.mention IS
    'a term found in a document: which term, the words that match it, where they are, and how far they are from the term';
