-- What each payment was for: asked of a service, by termfeed predict. Run after transactions.sql.

CREATE TABLE to_predict (id bigint PRIMARY KEY, payload jsonb NOT NULL, attempts integer NOT NULL DEFAULT 0);
CREATE INDEX ON to_predict (attempts, id);

-- A payment that is new, or says something new, is to be asked about. The same one again is not.
CREATE FUNCTION ask_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.to_predict (id, payload)
    VALUES (NEW.id, jsonb_build_object('id', NEW.id, 'description', NEW.description, 'amount', NEW.amount,
                                       'merchant', NEW.merchant, 'operation_type', NEW.operation_type))
        ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, attempts = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER ask_category AFTER INSERT OR UPDATE OF description, amount, merchant, operation_type ON payment
    FOR EACH ROW EXECUTE FUNCTION ask_category();

SELECT termstream.create_stream('categories',
    columns    => 'id bigint NOT NULL, answer jsonb NOT NULL',
    check_rows => '{"category_present": "answer ->> ''category'' <> ''''"}',
    statement  => $$
        UPDATE payment p SET category = b.answer ->> 'category' FROM batch b WHERE p.id = b.id$$);

-- Payments that were there before are asked about, too.
UPDATE payment SET description = description WHERE category IS NULL;

-- All that was set aside, wherever it came from. termfeed relay --rejects brings the same to a topic.
CREATE VIEW dead_letters AS
SELECT d.* FROM transactions_rejects r CROSS JOIN LATERAL termstream.dead_letter(r) d
 UNION ALL
SELECT d.* FROM categories_rejects r CROSS JOIN LATERAL termstream.dead_letter(r) d;
