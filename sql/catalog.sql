-- The extension's own tables: lexicons, streams and loads. Only the extension's functions write them. All roles
-- may read what is no more secret than the definition of a view or the body of a function is in Postgres: the
-- statement and checks of a stream, the settings of a lexicon and the query it learned from, the random tokens of
-- changes. What contains values of rows, or names of files of the server, is shown only through views, to the
-- roles that it concerns: see termstream.loads.

-- The owner of the schema could add functions that match a call better than those of the extension, and would run
-- as the caller; and CREATE EXTENSION takes an existing schema, whoever has created it. All operators here are
-- those of pg_catalog, since both sides have the same type.
DO $$
BEGIN
    PERFORM FROM pg_catalog.pg_namespace n
      WHERE n.nspname = 'termstream'
        AND ((SELECT NOT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = n.nspowner)
             OR EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a
                         WHERE a.privilege_type = 'CREATE'
                           AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r
                                            WHERE r.oid = a.grantee AND r.rolsuper))
             -- Objects in the schema. A restore creates the schema, but the extension before anything in it.
             OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid
                           AND d.refobjid = n.oid
                           AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid));
    IF FOUND THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'schema "termstream" is not safe to create the extension in',
            DETAIL = 'A role that is not a superuser owns it or may create objects in it, or it is not empty.',
            HINT = 'Look at what it contains, and DROP SCHEMA termstream: the extension creates it.';
    END IF;
END
$$;

CREATE TABLE termstream.lexicon (
    lexicon      text PRIMARY KEY CHECK (lexicon <> ''),
    -- The owner of the source is the owner of the lexicon.
    source       regclass NOT NULL,
    id_column    name NOT NULL,
    term_column  name NOT NULL,
    max_distance integer CHECK (max_distance BETWEEN 0 AND 2),
    whole_words  boolean NOT NULL,
    overlap      text NOT NULL CHECK (overlap IN ('longest', 'nested', 'all')),
    -- 'english', 'none', or the table or query that the words of termstream.lexicon_word came from.
    common_words text NOT NULL,
    learn_from   text,
    learned      bigint NOT NULL DEFAULT 0,
    guard_column name,
    distance_column name,
    -- A random number that distinguishes a lexicon from an earlier one of the same name.
    generation   bigint NOT NULL,
    created      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE termstream.lexicon IS
    'lexicons: named sets of terms, each fed from a table; written by termstream.create_lexicon';

-- One row for each transaction that has changed a lexicon's source, with a random token. The XOR of the tokens that
-- a snapshot sees is the fingerprint of the terms that it sees. So sessions never wait for each other here, and the
-- row of a change that is rolled back vanishes like any other.
--
-- From time to time a transaction folds the rows that it sees into its own (src/lexicons/noted.rs).
CREATE TABLE termstream.lexicon_change (
    lexicon  text NOT NULL,
    xid      xid8 NOT NULL,
    token    bigint NOT NULL,
    -- Whether every change of the transaction is recorded in lexicon_delta, or contained in a new base.
    detailed boolean NOT NULL,
    -- The snapshot under which the transaction has folded rows: those of transactions that it saw are deleted.
    seen     pg_snapshot,
    PRIMARY KEY (lexicon, xid)
);
COMMENT ON TABLE termstream.lexicon_change IS
    'changes of the sources of lexicons; the visible rows determine which compiled form is the right one';

-- The base of a lexicon: its compiled form, which lexicon_chunk holds, and lexicon_delta the terms added and removed
-- since. So a change of a few terms costs a few rows, here and in every session that matches.
CREATE TABLE termstream.lexicon_base (
    lexicon text PRIMARY KEY,
    version bigint NOT NULL,
    -- A hash of the state of the source when it was compiled: its files, columns and triggers.
    files   bigint NOT NULL,
    terms   bigint NOT NULL,
    -- The transaction that compiled it, and its snapshot: changes that it did not see are in lexicon_delta.
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
    -- 1 for an added term, -1 for a removed one.
    change       integer NOT NULL
);
CREATE INDEX ON termstream.lexicon_delta (lexicon, xid);
COMMENT ON TABLE termstream.lexicon_delta IS 'terms added and removed since the compiled form was made';

-- Words that are not taken for misspellings: common words, and words learned from documents. They come from texts of
-- users, so only the extension's owner may read them.
CREATE TABLE termstream.lexicon_word (
    lexicon   text NOT NULL,
    word      text NOT NULL,
    common    boolean NOT NULL,
    documents bigint NOT NULL,
    PRIMARY KEY (lexicon, word, common)
);
COMMENT ON TABLE termstream.lexicon_word IS
    'common words of a lexicon, and words that it has learned, with the number of documents that contain them';

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
    -- Conditions by name; json, because it keeps their order.
    check_rows    json,
    quality_check json,
    on_quality   text NOT NULL DEFAULT 'table' CHECK (on_quality IN ('table', 'stop', 'ignore')),
    -- The formats of columns, by name.
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
    -- The name of the role that loads; not its oid, so that a dump can be restored where the role does not exist.
    userid        name NOT NULL,
    read          bigint NOT NULL DEFAULT 0,
    taken         bigint NOT NULL DEFAULT 0,
    rejected      bigint NOT NULL DEFAULT 0,
    -- The number of rejects of each stage.
    parse         bigint NOT NULL DEFAULT 0,
    convert       bigint NOT NULL DEFAULT 0,
    "check"       bigint NOT NULL DEFAULT 0,
    statement     bigint NOT NULL DEFAULT 0,
    quality       bigint NOT NULL DEFAULT 0,
    predict       bigint NOT NULL DEFAULT 0,
    pairs         bigint NOT NULL DEFAULT 0,
    bytes         bigint NOT NULL DEFAULT 0,
    -- Seconds spent on batches; for the rest of the time the load waited for rows.
    busy          double precision NOT NULL DEFAULT 0,
    started       timestamptz NOT NULL,
    finished      timestamptz,
    state         text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    error         text,
    position      bigint,
    line          bigint,
    pid           integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    -- For load_file: when it last committed, the size of the file, and hashes of its first 64 KiB and of the last
    -- 64 KiB before the position, by which the file is recognised.
    updated       timestamptz,
    total_bytes   bigint,
    head_hash     bigint,
    tail_hash     bigint,
    -- How many bytes of the file had been read when the load began, and how many now. In a compressed file that
    -- differs from the position, which counts decompressed bytes.
    file_begin    bigint,
    file_position bigint,
    CHECK (read = taken + rejected)
);
CREATE INDEX ON termstream.load (stream, load_id);
COMMENT ON TABLE termstream.load IS 'runs of ingestion, one row each: COPY, INSERT or load_file';

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
GRANT SELECT ON termstream.lexicon, termstream.lexicon_change, termstream.lexicon_base TO PUBLIC;
GRANT USAGE ON SCHEMA termstream TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('termstream.lexicon', '');
SELECT pg_catalog.pg_extension_config_dump('termstream.lexicon_word', '');
SELECT pg_catalog.pg_extension_config_dump('termstream.stream', '');
-- In another database the oid of a dropped stream could be that of another relation.
SELECT pg_catalog.pg_extension_config_dump('termstream.load',
    'WHERE stream IN (SELECT stream FROM termstream.stream)');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_past',
    'WHERE stream IN (SELECT stream FROM termstream.stream)');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_range',
    'WHERE load_id IN (SELECT load_id FROM termstream.load WHERE stream IN (SELECT stream FROM termstream.stream))');
SELECT pg_catalog.pg_extension_config_dump('termstream.load_id', '');
