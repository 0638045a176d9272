-- A sentence for every function: what it answers, and what the numbers mean.

COMMENT ON FUNCTION termstream.create_lexicon(text, regclass, name, name, integer, boolean, text,
        text, text, name, name) IS
    'makes a lexicon of the terms in a table, and returns how many terms it has';
COMMENT ON FUNCTION termstream.learn(text, text) IS
    'learns from the texts of a query how common their words are, so that a common word is not taken for a misspelling; returns documents read and words kept';
COMMENT ON FUNCTION termstream.tune_lexicon(text, text) IS
    'measures combinations of settings on a query of (document, term_id): precision, recall and F1, the best first';
COMMENT ON FUNCTION termstream.drop_lexicon(text) IS
    'drops a lexicon; its table stays';
COMMENT ON FUNCTION termstream.refresh_lexicon(text) IS
    'compiles a lexicon anew in every session, and makes its triggers anew where they are missing, disabled or of another kind than its table needs; an error says when that is needed';
COMMENT ON FUNCTION termstream.lexicon_report(text) IS
    'terms of a lexicon that this session sees, terms skipped because nothing of them can match, bytes of its compiled form and of changes beside it';
COMMENT ON FUNCTION termstream.lexicon_problem(text) IS
    'what keeps a lexicon from being used, or from being used well: a part of termstream.check';
COMMENT ON FUNCTION termstream.stale_files() IS
    'files of compiled lexicons that nobody will ask for again, for members of pg_monitor: a part of termstream.check';
COMMENT ON FUNCTION termstream.note_change() IS
    'trigger on the source of a lexicon: notes that its terms changed';
COMMENT ON FUNCTION termstream."match"(text, text) IS
    'finds the terms of a lexicon in a document, misspelled or not: one row per mention';
COMMENT ON FUNCTION termstream."match"(text, text, text) IS
    'finds the terms of a lexicon in a document, with a choice among overlapping mentions of the call''s own: longest, nested or all; one row per mention';
COMMENT ON FUNCTION termstream.match_ids(text, text[]) IS
    'the ids of the terms that one of the documents mentions, each once, nested ones too: the fastest form of match';
COMMENT ON FUNCTION termstream.best_match(text, text) IS
    'the most similar mention in a document, of several the longest, of those the first; NULL if there is none';
COMMENT ON FUNCTION termstream.has_match(text, text) IS
    'whether a document mentions any term of a lexicon';
COMMENT ON FUNCTION termstream.explain_match(text, text) IS
    'every run of words within the edits of a term, and the rule that accepted or refused it; slow, for people';
COMMENT ON FUNCTION termstream.count_terms(text, text) IS
    'how often a document mentions each term of a lexicon, by id; synonyms in one place are one mention';
COMMENT ON FUNCTION termstream.word_count(text) IS
    'words of a document: runs of letters and digits (330ml is one), each character of a script written without spaces; & is a word';
COMMENT ON FUNCTION termstream.highlight(text, text, text, text) IS
    'the document with each mention between two marks; nothing is escaped';
COMMENT ON FUNCTION termstream.create_stream(text, text, text, text, integer, text, bigint,
        double precision, text, text, jsonb) IS
    'makes a stream: a view whose inserted rows run a statement, some thousands at once, which sees them as the relation batch with the declared columns. check_rows: a boolean expression over a row, or a JSON object of several by name; a row for which one is false is rejected. quality_check: the same over a batch, in aggregates; on_quality: what becomes of a batch that fails it. on_error, on_quality: table, stop or ignore. reject_limit, reject_ratio (after 300 rows): more rejects than that end the load. formats: how the values of a column are written, as 1.234,56 or DD/MM/YYYY';
COMMENT ON FUNCTION termstream.create_match_stream(text, text, text, text, name[], text, text, integer, text,
        bigint, double precision, text, text, jsonb) IS
    'makes a stream whose rows are searched for the terms of a lexicon, and the pairs of key and term stored; the options are those of create_stream';
COMMENT ON FUNCTION termstream.alter_stream(text, text, text, integer, text, bigint, double precision,
        text, text, jsonb) IS
    'changes what is given of a stream, and leaves what is NULL; an empty text takes conditions away, {} formats, reject_limit 0 and reject_ratio 1 the limits. Waits for the loads that run';
COMMENT ON FUNCTION termstream.drop_stream(text, boolean) IS
    'drops a stream; what it has written stays, and its rejects too unless keep_rejects is false';
COMMENT ON FUNCTION termstream.note_rejects(text, text, bigint[], bytea[], text[], text[], text, jsonb[],
        text[], jsonb, bigint) IS
    'stores what could not be read as rows among the rejects of a stream: rows[i] as it came, at lines[i] of the source, with its error; needs INSERT on the stream. stage: parse (a feeder could not take it apart) or predict (a service gave no answer for it). origins[i]: where it came from, in the feeder''s own terms. line_format: how the rows are written, for termstream.retry_rejects: {"format": "jsonl"}, or {"format": "csv"} and COPY''s delimiter, quote, escape, null, columns; NULL is CSV of all the columns. load_id: the load that counts them, one of the same stream, transaction and role; NULL makes one. The stream''s on_error and reject limits hold. Returns the load';
COMMENT ON FUNCTION termstream.place_rejects(bigint, text[], bigint[], jsonb[]) IS
    'tells where the rows of a COPY came from: sources[i], lines[i] and origins[i] become filename, lineno and origin of the reject of the load''s row i, from 1. The load must be one of the same transaction and role, which need no right on the rejects table; a reject that has a place keeps it. Returns how many rejects were placed';
COMMENT ON FUNCTION termstream.retry_rejects(text, text, bigint) IS
    'takes rejects of a stream through it again, as their column line has them now: those for which the condition holds (an expression over the columns of the rejects table, with the rights of the caller), those of a load, or all; but not those of the stage predict, which wait for their feeder. Those that pass leave the table, those that fail stay with the new error. Needs INSERT on the stream, and SELECT, UPDATE and DELETE on its rejects table';
COMMENT ON FUNCTION termstream.take_rows() IS
    'trigger on a stream: takes its rows';
COMMENT ON FUNCTION termstream.left_out() IS
    'the text that stands for a value left out, in rows of this session: the column gets its default. The setting termstream.left_out, or else one drawn by chance';
COMMENT ON FUNCTION termstream.takes_rows() IS
    'check of termstream.field: an error while session_replication_role is replica, for then no stream takes rows';
COMMENT ON PROCEDURE termstream.load_file(text, text, text, text, text, text, text, text, name[],
        text, boolean, integer, interval, bigint, bigint, bigint, bigint, bigint, bigint) IS
    'loads a file of the server (csv, text, jsonl; gzip and zstd as they are) into a stream, committing batch by batch; called again it goes on where it stopped';
COMMENT ON PROCEDURE termstream.load_file(text, text, boolean, text, text, text, text, text, name[],
        text, boolean, integer, interval, bigint, bigint, bigint, bigint, bigint, bigint) IS
    'loads a file of the server into a stream as the other load_file does, for header => true or false without quotes';

COMMENT ON FUNCTION termstream.levenshtein(text, text) IS
    'insertions, deletions and substitutions of characters from one text to the other; of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.levenshtein(text, text, integer) IS
    'levenshtein distance if it is at most max, else max + 1; faster than the whole distance; of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.osa(text, text) IS
    'optimal string alignment: levenshtein where swapping two neighbours is one edit; of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.osa(text, text, integer) IS
    'optimal string alignment distance if it is at most max, else max + 1; of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.damerau_levenshtein(text, text) IS
    'like osa, but characters may also be edited between two that were swapped; of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.damerau_levenshtein(text, text, integer) IS
    'damerau-levenshtein distance if it is at most max, else max + 1; of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.jaro(text, text) IS
    'Jaro similarity, from 0 to 1 (equal); of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.jaro_winkler(text, text) IS
    'Jaro similarity raised for a common beginning, from 0 to 1 (equal); of texts of at most 4,096 characters';
COMMENT ON FUNCTION termstream.sorensen_dice(text, text) IS
    'Sørensen-Dice coefficient of the bags of character bigrams, from 0 to 1; of texts of at most 1,048,576 characters';
COMMENT ON FUNCTION termstream.jaccard(text, text) IS
    'Jaccard index of the bags of character bigrams, from 0 to 1; of texts of at most 1,048,576 characters';
COMMENT ON FUNCTION termstream.similarity(text, text) IS
    '1 - osa / letters of the longer one, of the folded texts: how alike match finds them, from 0 to 1; of texts of at most 4,096 characters';
