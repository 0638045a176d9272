-- Texts as they come, and their feature beside them: how many words they have.
CREATE EXTENSION IF NOT EXISTS termstream;

CREATE TABLE article (
    article_id bigint PRIMARY KEY,
    published  timestamptz NOT NULL,
    dt         date NOT NULL,
    title      text,
    body       text NOT NULL,
    words      integer NOT NULL,
    -- The transaction that stored it: what the export goes by.
    tx         xid8 NOT NULL DEFAULT pg_current_xact_id()
);

SELECT termstream.create_stream('articles',
         columns   => 'article_id bigint NOT NULL, published timestamptz NOT NULL, title text, body text NOT NULL',
         statement => $$
             INSERT INTO public.article (article_id, published, dt, title, body, words)
             SELECT article_id, published, (published AT TIME ZONE 'UTC')::date, title, body,
                    termstream.word_count(body)
               FROM batch
                 ON CONFLICT DO NOTHING $$);
