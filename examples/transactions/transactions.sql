-- Payments into the database: what a row must be, what a batch must be, and an upsert by id.
CREATE EXTENSION IF NOT EXISTS termstream;

CREATE TABLE payment (
    id             bigint PRIMARY KEY,
    description    text,
    amount         numeric(12,2) NOT NULL,
    paid_at        timestamp NOT NULL,
    merchant       text,
    operation_type text,
    side           text NOT NULL,
    category       text
);

SELECT termstream.create_stream('transactions',
    columns => 'id bigint NOT NULL, description text, amount numeric(12,2), timestamp timestamp NOT NULL,
                merchant text, operation_type text, side text',
    formats => '{"amount": "1234,56"}',

    -- A row: each check that it fails is named in its reject.
    check_rows => $${
        "amount_present":  "amount IS NOT NULL",
        "side_present":    "side IS NOT NULL",
        "side_known":      "side IN ('debit', 'credit')",
        "debit_negative":  "side <> 'debit' OR amount < 0",
        "credit_positive": "side <> 'credit' OR amount > 0"
    }$$,

    -- A batch: few descriptions are missing, few operations are odd, and the amounts are not all over
    -- the place. Of fewer than 100 rows none of that can be said.
    quality_check => $${
        "descriptions": "count(*) < 100 OR count(description) >= 0.9 * count(*)",
        "operations":   "count(*) < 100 OR count(*) FILTER (WHERE operation_type NOT IN ('payment', 'transfer', 'direct_debit', 'refund')) <= 0.05 * count(*)",
        "amounts":      "count(*) < 100 OR 0.4 * count(*) >= (SELECT count(*) FROM batch, (SELECT avg(amount), stddev(amount) FROM batch) AS all_of_them WHERE abs(amount - avg) > stddev)"
    }$$,

    -- Twice the same payment changes nothing; of two that differ the later one counts, whichever comes first.
    statement => $$
        INSERT INTO payment AS p (id, description, amount, paid_at, merchant, operation_type, side)
        SELECT DISTINCT ON (id) id, description, amount, timestamp, merchant, operation_type, side
          FROM (SELECT *, row_number() OVER () AS number FROM batch) AS numbered
         ORDER BY id, timestamp DESC, number DESC
        ON CONFLICT (id) DO UPDATE
           SET (description, amount, paid_at, merchant, operation_type, side)
             = (excluded.description, excluded.amount, excluded.paid_at, excluded.merchant,
                excluded.operation_type, excluded.side)
         WHERE excluded.paid_at >= p.paid_at
           AND (p.description, p.amount, p.paid_at, p.merchant, p.operation_type, p.side)
            IS DISTINCT FROM (excluded.description, excluded.amount, excluded.paid_at, excluded.merchant,
                excluded.operation_type, excluded.side)$$);
