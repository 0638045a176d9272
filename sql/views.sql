CREATE VIEW termstream.lexicons AS
SELECT l.lexicon, l.source, l.id_column, l.term_column, l.owner,
       l.max_distance, l.whole_words, l.overlap,
       r.terms, r.skipped, r.skipped_ids, r.bytes, r.state, l.created
  FROM termstream.lexicon l, LATERAL termstream.lexicon_report(l.lexicon) r;
COMMENT ON VIEW termstream.lexicons IS
    'lexicons, with the terms this session sees: how many, which were skipped, their memory in this session';
GRANT SELECT ON termstream.lexicons TO PUBLIC;
