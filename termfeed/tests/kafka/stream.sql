-- A stream that keeps every message it gets, twice if it gets it twice. A batch takes its time, so that
-- kills hit transactions, and there is something left to read.
CREATE EXTENSION IF NOT EXISTS termstream;
CREATE TABLE taken (id bigint, name text);
SELECT termstream.create_stream('messages', 'id bigint, name text',
         'INSERT INTO taken SELECT id, name FROM batch, (SELECT pg_sleep(0.5)) s');
