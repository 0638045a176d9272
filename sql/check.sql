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
