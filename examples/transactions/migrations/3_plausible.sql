-- Payments of a million and more are looked at by a person first: one more check of those there are.
SELECT termstream.alter_stream('transactions', check_rows =>
    (SELECT (s.check_rows::jsonb || '{"amount_plausible": "abs(amount) < 1000000"}')::text
       FROM termstream.streams s WHERE s.stream = 'transactions'::regclass));
CREATE INDEX ON payment (category);
