-- What the prediction must have done: prints "ok N - what" for each.
SELECT format('%s %s - %s', CASE WHEN good THEN 'ok' ELSE 'not ok' END, n, what)
  FROM (VALUES
    (1, 'each payment has the category that the service gives',
     (SELECT count(*) = 1918 AND count(category) = 1918 - (SELECT count(*) FROM categories_rejects) FROM payment)),
    (2, 'no question is left, and none was asked twice over',
     (SELECT count(*) = 0 FROM to_predict)
     AND (SELECT sum(taken) = 1918 - (SELECT count(*) FROM categories_rejects) FROM termstream.loads WHERE stream = 'categories')),
    (3, 'dead letters say when, at whom, at what stage, why, and what',
     (SELECT count(*) > 0 AND bool_and(failed_at IS NOT NULL AND service IS NOT NULL AND source IS NOT NULL AND stage IS NOT NULL
                AND error_type IS NOT NULL AND message <> '' AND payload IS NOT NULL AND "offset" IS NOT NULL) FROM dead_letters)))
  c (n, what, good) ORDER BY n;
