-- A stream that keeps every message it gets, twice if it gets it twice.
CREATE EXTENSION IF NOT EXISTS termstream;
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
INSERT INTO terms VALUES (1, 'term');
SELECT termstream.create_lexicon('words', 'terms');
SELECT termstream.create_match_stream('messages', columns => 'id bigint, name text',
         lexicon => 'words', key => 'id', text_columns => '{name}', pairs => 'pairs');
CREATE TABLE taken (id bigint, name text);
UPDATE termstream.stream SET statement = 'INSERT INTO public.taken SELECT id, name FROM batch'
 WHERE stream = 'messages'::regclass;
