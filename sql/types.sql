-- The row type of match and best_match.

CREATE TYPE termstream.mention AS (
    term_id    bigint,
    term       text,
    matched    text,
    start      integer,
    length     integer,
    distance   integer,
    similarity real,
    kind       text
);
COMMENT ON TYPE termstream.mention IS
    'a term found in a document: which term, the words that match it, where they are, and how far they are from the term';
COMMENT ON COLUMN termstream.mention.term_id IS 'id of the term';
COMMENT ON COLUMN termstream.mention.term IS 'the term as its table has it';
COMMENT ON COLUMN termstream.mention.matched IS 'the mention as the document has it';
COMMENT ON COLUMN termstream.mention.start IS 'first character of the mention, from 1, as substr counts';
COMMENT ON COLUMN termstream.mention.length IS 'length of the mention in characters of the document';
COMMENT ON COLUMN termstream.mention.distance IS 'edits between the folded term and the folded mention; 0 when they are equal';
COMMENT ON COLUMN termstream.mention.similarity IS '1 - distance / letters of the longer of both; from 0 to 1';
COMMENT ON COLUMN termstream.mention.kind IS 'exact (as written), folded (equal after folding) or fuzzy (misspelled)';
