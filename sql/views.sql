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
