-- A comment on every function: what it returns, and what its numbers mean.

COMMENT ON FUNCTION termstream.create_lexicon(text, regclass, name, name, integer, boolean, text,
        text, text, name, name) IS
    'creates a lexicon of the terms in a table; returns the number of its terms';
COMMENT ON FUNCTION termstream.learn(text, text) IS
    'learns from the texts of a query how common their words are, so that a common word is not taken for a misspelling; returns the numbers of documents read and of words kept';
COMMENT ON FUNCTION termstream.tune_lexicon(text, text) IS
    'measures combinations of settings on labelled documents, given by a query that returns (document, term_id): precision, recall and F1, the best first';
COMMENT ON FUNCTION termstream.drop_lexicon(text) IS
    'drops a lexicon; its table stays';
COMMENT ON FUNCTION termstream.refresh_lexicon(text) IS
    'compiles a lexicon again for all sessions, and creates its triggers again if they are missing, disabled or not of the kind that its table needs; an error says when that is necessary';
COMMENT ON FUNCTION termstream.lexicon_report(text) IS
    'the numbers of terms of a lexicon that this session sees, and of terms skipped because nothing in them can match; bytes of its compiled form, with the changes since it was compiled';
COMMENT ON FUNCTION termstream.lexicon_problem(text) IS
    'what prevents a lexicon from being used, or makes it slow: a part of termstream.check';
COMMENT ON FUNCTION termstream.stale_files() IS
    'files of compiled lexicons that will never be used again, for members of pg_monitor: a part of termstream.check';
COMMENT ON FUNCTION termstream.note_change() IS
    'trigger on the source of a lexicon: records that its terms have changed';
COMMENT ON FUNCTION termstream."match"(text, text) IS
    'finds the terms of a lexicon in a document, misspelled or not: one row per mention';
COMMENT ON FUNCTION termstream."match"(text, text, text) IS
    'finds the terms of a lexicon in a document; overlap chooses among overlapping mentions: longest, nested or all; one row per mention';
COMMENT ON FUNCTION termstream.match_ids(text, text[]) IS
    'the ids of the terms that the documents mention, each id once, nested mentions included: the fastest form of match';
COMMENT ON FUNCTION termstream.best_match(text, text) IS
    'the most similar mention in a document; of equally similar ones the longest, then the first; NULL if there is none';
COMMENT ON FUNCTION termstream.has_match(text, text) IS
    'whether a document mentions any term of a lexicon';
COMMENT ON FUNCTION termstream.explain_match(text, text) IS
    'every run of words that is within the allowed distance of a term, and the rule that accepted or refused it; slow, for interactive use';
COMMENT ON FUNCTION termstream.count_terms(text, text) IS
    'how often a document mentions each term of a lexicon, by id; synonyms that match the same words are one mention';
COMMENT ON FUNCTION termstream.word_count(text) IS
    'the number of words in a document: runs of letters and digits (330ml is one), and single characters of scripts that are written without spaces; & is a word';
COMMENT ON FUNCTION termstream.highlight(text, text, text, text) IS
    'the document with each mention between the texts before and after; nothing is escaped';
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
COMMENT ON FUNCTION termstream.take_rows() IS
    'trigger on a stream: takes its rows';
COMMENT ON FUNCTION termstream.left_out() IS
    'the text that marks a value as left out, in rows of this session, so that the column gets its default: the setting termstream.left_out, or a random text if it is empty';
COMMENT ON FUNCTION termstream.takes_rows() IS
    'check of the domain termstream.field: raises an error while session_replication_role is replica, since streams then take no rows';
COMMENT ON PROCEDURE termstream.load_file(text, text, text, text, text, text, text, text, name[],
        text, boolean, integer, interval, bigint, bigint, bigint, bigint, bigint, bigint) IS
    'loads a file of the server (csv, text or jsonl, possibly compressed by gzip or zstd) into a stream, committing batch by batch; called again, it goes on where it stopped';
COMMENT ON PROCEDURE termstream.load_file(text, text, boolean, text, text, text, text, text, name[],
        text, boolean, integer, interval, bigint, bigint, bigint, bigint, bigint, bigint) IS
    'loads a file of the server into a stream as the other load_file does, with header => true or false as a boolean';

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
COMMENT ON FUNCTION termstream.sorensen_dice(text, text) IS
    'the Sørensen-Dice coefficient of the multisets of character bigrams, from 0 to 1; for texts of at most 1,048,576 characters';
COMMENT ON FUNCTION termstream.jaccard(text, text) IS
    'the Jaccard index of the multisets of character bigrams, from 0 to 1; for texts of at most 1,048,576 characters';
COMMENT ON FUNCTION termstream.similarity(text, text) IS
    '1 - osa / letters of the longer one, of the folded texts: the similarity that match computes, from 0 to 1; for texts of at most 4,096 characters';
