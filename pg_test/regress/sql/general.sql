-- A stream of one's own statement: what comes in, what is kept aside and why, what is said of mistakes.
CREATE TABLE payment (id bigint PRIMARY KEY, amount numeric, side text, paid_at timestamp, note text);
SELECT termstream.create_stream('payments',
         'id bigint NOT NULL, amount numeric(12,2), side text, paid_at timestamp, note text DEFAULT ''none''',
         'INSERT INTO payment SELECT id, amount, side, paid_at, note FROM batch
          ON CONFLICT (id) DO UPDATE SET amount = excluded.amount',
         check_rows => '{"amount_present": "amount IS NOT NULL",
                         "side_known": "side IN (''debit'', ''credit'')",
                         "not_seven": "100 / (id - 7) > -1000"}',
         formats => '{"amount": "1.234,56", "paid_at": "DD/MM/YYYY HH24:MI"}', reject_limit => 100);
\d payments
SELECT columns, statement, check_rows, formats, search_path, reject_limit, batch_rows
  FROM termstream.streams \gx
COPY payments (id, amount, side, paid_at) FROM STDIN (FORMAT csv, DELIMITER ';');
1;1.234,50;debit;28/11/2023 10:30
2;1.5;debit;28/11/2023 10:30
3;1,5;refund;28/11/2023 10:30
4;;refund;28/11/2023 10:30
5;1,5;credit;2023-11-28 10:30
6;1,5;credit;31/02/2023 10:30
7;1,5;credit;28/02/2023 10:30
8;-1,5;credit;28/02/2023 10:30
;1;credit;
\.
TABLE payment;
SELECT lineno, stage, checks, colname, err_message, err_detail, errorcode
  FROM payments_rejects ORDER BY reject_id;
SELECT read, taken, rejected, parse, convert, "check", statement, quality, predict, pairs FROM termstream.loads;

-- Mistakes are told when the stream is made, at their place.
SELECT termstream.create_stream('s', 'a int', 'INSERT INTO payment SELECT b FROM batch');
SELECT termstream.create_stream('s', 'a int', 'INSERT INTO payment SELEC a FROM batch');
SELECT termstream.create_stream('s', 'a int', 'SELECT ''é'' FROM batch;
  INSERT INTO payment SELECT a + ''x'' FROM batch');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch; COMMIT');
SELECT termstream.create_stream('s', 'a int', ' ');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 / 0 FROM batch');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => 'a > count(*)');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => 'a >');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => 'a > b');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => 'a');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => 'true) OR (true');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => 'a > 1, a < 2');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => '{"a": "a > 1", "b": null}');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', check_rows => '{"a"}');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', quality_check => 'a > 1');
SELECT termstream.create_stream('s', 'a int DEFAULT now()', 'SELECT 1 FROM batch');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', formats => '{"a": "1;2"}');
SELECT termstream.create_stream('s', 'a date', 'SELECT 1 FROM batch', formats => '{"a": "Month YYYY"}');
SELECT termstream.create_stream('s', 'a text', 'SELECT 1 FROM batch', formats => '{"a": "1234,56"}');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', formats => '{"b": "1234,56"}');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', formats => '["a"]');
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', reject_limit => 0);
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', reject_ratio => 1.5);
SELECT termstream.create_stream('s', 'a int', 'SELECT 1 FROM batch', on_quality => 'skip');
SELECT to_regclass('s'), to_regclass('s_rejects');

-- A batch is judged as a whole.
SELECT termstream.alter_stream('payments', check_rows => '', formats => '{}', reject_limit => 0, batch_rows => 3,
         quality_check => '{"notes": "count(note) > 0.5 * count(*)", "spread": "stddev(amount) / avg(amount) < 2"}');
SELECT check_rows, quality_check, formats, reject_limit, batch_rows FROM termstream.streams;
INSERT INTO payments (id, amount, note)
VALUES (11, 1, 'x'), (12, 1, 'x'), (13, 2, NULL), (14, 1, NULL), (15, 1, NULL), (16, 1, 'x'),
       (17, 0, 'y'), (18, 0, 'y'), (19, 0, 'y'), (20, 2, 'y');
SELECT id, amount, note FROM payment WHERE id > 10;
SELECT lineno, stage, line, checks, err_message, err_detail, errorcode
  FROM payments_rejects WHERE stage = 'quality' ORDER BY reject_id;
-- A reject as a dead letter.
SELECT d.topic, d.partition, d."offset", d.failed_at <= now() AS failed, d.service, d.source, d.stage,
       d.error_type, d.message, d.payload, d.headers
  FROM payments_rejects r, termstream.dead_letter(r) d WHERE r.stage = 'quality' ORDER BY reject_id LIMIT 1;
SELECT termstream.alter_stream('payments', on_quality => 'stop');
INSERT INTO payments (id, amount) VALUES (21, 1), (22, 1);
INSERT INTO payments (id, amount, note) VALUES (21, 1, NULL), (22, 1, NULL);
SELECT id, note FROM payment WHERE id > 20;
SELECT termstream.alter_stream('payments', statement => 'INSERT INTO payment SELECT nothing FROM batch');
SELECT termstream.drop_stream('payments', keep_rejects => false);
SELECT to_regclass('payments'), to_regclass('payments_rejects'), count(*) FROM termstream.streams;
DROP TABLE payment;
DELETE FROM termstream.load;
