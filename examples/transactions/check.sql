-- What the example must have done, from the rows themselves: run after transactions.sql and the loads of
-- both files.
DO $$
DECLARE
    sums record;
BEGIN
    SELECT sum(read) AS read, sum(taken) AS taken, sum(rejected) AS rejected, sum(quality) AS quality
      INTO sums FROM termstream.loads;
    ASSERT sums.read = sums.taken + sums.rejected, 'rows were lost: ' || sums::text;
    ASSERT sums.quality = 300, 'the suspicious batch was taken: ' || sums::text;
    ASSERT (SELECT count(*) = sums.rejected FROM transactions_rejects), 'rejects were lost';
    -- 2,001 rows, 82 wrong, one twice.
    ASSERT (SELECT count(*) FROM payment) = 1918, 'payments: ' || (SELECT count(*) FROM payment);
    ASSERT NOT EXISTS (SELECT FROM payment WHERE (side = 'debit') <> (amount < 0)), 'a sign is wrong';
    ASSERT (SELECT amount = -7 AND description = 'Purchase, corrected' FROM payment WHERE id = 7), 'not the later one';
    ASSERT (SELECT amount = -56.80 AND paid_at = '2024-10-05 08:13:02' FROM payment WHERE id = 2), 'a value is wrong';
    ASSERT (SELECT count(*) = 10 AND bool_and(errorcode = '23514') FROM transactions_rejects
             WHERE load_id = 1 AND checks = '{amount_present,side_known}'), 'a reason is missing';
END
$$;
