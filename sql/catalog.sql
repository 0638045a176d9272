-- The extension's own tables: what lexicons and streams there are, and what was loaded. Only the
-- extension's functions write them. What is no more secret than a view's definition or a function's body
-- is in Postgres, everybody may read: a stream's statement and checks, a lexicon's settings and the query
-- it learned from, the random tokens of changes. What holds values of somebody's rows, or names files of
-- the server, is seen through the views, by whom it concerns: see termstream.loads.

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
                                            WHERE r.oid = a.grantee AND r.rolsuper))
             -- A restore makes the schema, and the extension before all else.
             OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid
                           AND d.refobjid = n.oid
                           AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid));
    IF FOUND THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'schema "termstream" is not safe to make the extension in',
            DETAIL = 'It belongs to a role that is no superuser, or such a role may create in it, or it holds something.',
            HINT = 'Look at what it holds, and DROP SCHEMA termstream: the extension makes it.';
    END IF;
END
$$;

CREATE TABLE termstream.lexicon (
    lexicon      text PRIMARY KEY CHECK (lexicon <> ''),
    -- Its owner is the lexicon's.
    source       regclass NOT NULL,
    id_column    name NOT NULL,
    term_column  name NOT NULL,
    max_distance integer CHECK (max_distance BETWEEN 0 AND 2),
    whole_words  boolean NOT NULL,
    overlap      text NOT NULL CHECK (overlap IN ('longest', 'nested', 'all')),
    -- 'english', 'none', or where the words of termstream.lexicon_word came from.
    common_words text NOT NULL,
    learn_from   text,
    learned      bigint NOT NULL DEFAULT 0,
    guard_column name,
    distance_column name,
    -- Tells a lexicon from an earlier one of the same name.
    generation   bigint NOT NULL,
    created      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE termstream.lexicon IS
    'lexicons: named sets of terms, each fed from a table; written by termstream.create_lexicon';

-- One row for each transaction that changed a lexicon's source, with a random token. The tokens that a
-- snapshot sees, folded by XOR, are the fingerprint of the terms it sees: no two sessions ever wait for
-- each other here, and a rolled back change is gone like any other row.
--
-- Now and then a transaction folds the rows that it sees into its own (src/lexicons/noted.rs).
CREATE TABLE termstream.lexicon_change (
    lexicon  text NOT NULL,
    xid      xid8 NOT NULL,
    token    bigint NOT NULL,
    -- Whether every change of the transaction stands in lexicon_delta, or in a new base.
    detailed boolean NOT NULL,
    -- What the transaction saw when it folded: rows of transactions that were over then are no more.
    seen     pg_snapshot,
    PRIMARY KEY (lexicon, xid)
);
COMMENT ON TABLE termstream.lexicon_change IS
    'changes of lexicons'' sources; what is visible here tells which compiled form is the right one';

-- The compiled form of a lexicon, and the terms that came and went since: a change of a few terms costs a
-- few rows, here as in every session that matches.
CREATE TABLE termstream.lexicon_base (
    lexicon text PRIMARY KEY,
    version bigint NOT NULL,
    -- The state of the source it was compiled from: its files, columns and triggers.
    files   bigint NOT NULL,
    terms   bigint NOT NULL,
    -- Which transaction compiled it, and what it saw: what others changed since stands in lexicon_delta.
    xid     xid8 NOT NULL,
    seen    pg_snapshot NOT NULL
);
COMMENT ON TABLE termstream.lexicon_base IS 'compiled forms of lexicons; their bytes are in lexicon_chunk';

CREATE TABLE termstream.lexicon_chunk (
    lexicon text NOT NULL,
    version bigint NOT NULL,
    number  integer NOT NULL,
    bytes   bytea NOT NULL,
    PRIMARY KEY (lexicon, version, number)
);
ALTER TABLE termstream.lexicon_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE termstream.lexicon_chunk IS 'bytes of compiled lexicons, a MiB each';

CREATE TABLE termstream.lexicon_delta (
    lexicon      text NOT NULL,
    xid          xid8 NOT NULL,
    term_id      bigint,
    term         text,
    guard        boolean,
    max_distance integer,
    -- 1 for a term that came, -1 for one that went.
    change       integer NOT NULL
);
CREATE INDEX ON termstream.lexicon_delta (lexicon, xid);
COMMENT ON TABLE termstream.lexicon_delta IS 'terms that came and went since the compiled form was made';

-- Words that are no misspellings: ordinary ones, and those learned from documents. They are words of
-- somebody's text, so that only the extension's owner reads them.
CREATE TABLE termstream.lexicon_word (
    lexicon   text NOT NULL,
    word      text NOT NULL,
    common    boolean NOT NULL,
    documents bigint NOT NULL,
    PRIMARY KEY (lexicon, word, common)
);
COMMENT ON TABLE termstream.lexicon_word IS
    'ordinary words of a lexicon, and words learned for it with the number of documents they stand in';

CREATE TABLE termstream.stream (
    stream       regclass PRIMARY KEY,
    columns      text NOT NULL,
    statement    text NOT NULL,
    search_path  text NOT NULL,
    rejects      regclass NOT NULL,
    on_error     text NOT NULL CHECK (on_error IN ('table', 'stop', 'ignore')),
    batch_rows   integer NOT NULL CHECK (batch_rows BETWEEN 1 AND 1000000),
    reject_limit bigint CHECK (reject_limit > 0),
    reject_ratio double precision CHECK (reject_ratio BETWEEN 0 AND 1),
    -- Conditions by name. json, because it keeps their order.
    check_rows    json,
    quality_check json,
    on_quality   text NOT NULL DEFAULT 'table' CHECK (on_quality IN ('table', 'stop', 'ignore')),
    -- How the values of a column are written, by its name.
    formats      jsonb,
    lexicon      text,
    pairs        regclass,
    created      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE termstream.stream IS
    'streams: inboxes whose rows run a statement batch by batch; written by termstream.create_stream';

CREATE SEQUENCE termstream.load_id AS bigint;
COMMENT ON SEQUENCE termstream.load_id IS 'numbers of loads';

CREATE TABLE termstream.load (
    load_id       bigint PRIMARY KEY,
    stream        regclass NOT NULL,
    -- The stream's name, for when it has been dropped.
    stream_name   text,
    source        text,
    -- The role that loads, by name, so that a dump can be restored where the role does not exist.
    userid        name NOT NULL,
    read          bigint NOT NULL DEFAULT 0,
    taken         bigint NOT NULL DEFAULT 0,
    rejected      bigint NOT NULL DEFAULT 0,
    -- The rejects by the stage that rejected them.
    parse         bigint NOT NULL DEFAULT 0,
    convert       bigint NOT NULL DEFAULT 0,
    "check"       bigint NOT NULL DEFAULT 0,
    statement     bigint NOT NULL DEFAULT 0,
    quality       bigint NOT NULL DEFAULT 0,
    predict       bigint NOT NULL DEFAULT 0,
    pairs         bigint NOT NULL DEFAULT 0,
    bytes         bigint NOT NULL DEFAULT 0,
    -- Seconds at work on batches; the rest of the time it waited for rows.
    busy          double precision NOT NULL DEFAULT 0,
    started       timestamptz NOT NULL,
    finished      timestamptz,
    state         text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    error         text,
    position      bigint,
    line          bigint,
    pid           integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    -- Of load_file: when it committed last, how long the file was, and hashes of its first 64 KiB and
    -- of the last 64 KiB before the position, by which it is known again.
    updated       timestamptz,
    total_bytes   bigint,
    head_hash     bigint,
    tail_hash     bigint,
    -- How far the file itself was read when the load began, and now: of a compressed file that is
    -- another place than the position, which counts the bytes that were compressed.
    file_begin    bigint,
    file_position bigint,
    CHECK (read = taken + rejected)
);
CREATE INDEX ON termstream.load (stream, load_id);
COMMENT ON TABLE termstream.load IS 'runs of ingestion, one row each: COPY, INSERT or load_file';

-- Parts of files that loads have given to their workers: without counts until the worker commits them
-- with its rows, and gone when the load has added them to its own.
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
    'parts of files that workers of load_file have still to load, or have loaded and not yet counted';

-- What the workers of a load must know, settings of the session among it; nobody else reads it.
CREATE TABLE termstream.load_job (
    load_id bigint PRIMARY KEY REFERENCES termstream.load ON DELETE CASCADE,
    job     jsonb NOT NULL,
    -- SQLSTATE, message, detail and hint of a worker that gave up.
    failure text[]
);
COMMENT ON TABLE termstream.load_job IS 'what the workers of running loads have to do';

-- What is left of loads that are too old to be kept one by one. Each row is the sum of some, so that
-- sessions that forget loads at the same time never wait for each other.
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
GRANT SELECT ON termstream.lexicon, termstream.lexicon_change, termstream.lexicon_base TO PUBLIC;
GRANT USAGE ON SCHEMA termstream TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('termstream.lexicon', '');
SELECT pg_catalog.pg_extension_config_dump('termstream.lexicon_word', '');
SELECT pg_catalog.pg_extension_config_dump('termstream.stream', '');
-- The number of a stream that was dropped could be another relation's elsewhere.
SELECT pg_catalog.pg_extension_config_dump('termstream.load',
    'WHERE stream IN (SELECT stream FROM termstream.stream)');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_past',
    'WHERE stream IN (SELECT stream FROM termstream.stream)');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_range',
    'WHERE load_id IN (SELECT load_id FROM termstream.load WHERE stream IN (SELECT stream FROM termstream.stream))');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_id', '');
