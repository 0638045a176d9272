\pset footer off
\echo Payments by what they were for:
SELECT category, count(*) AS payments, sum(amount) AS amount FROM payment GROUP BY 1 ORDER BY 2 DESC;
\echo Dead letters:
SELECT coalesce(topic, substring(source FROM '[^/]*$')) AS source, stage, error_type, count(*), min(message) AS message
  FROM dead_letters GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
\echo 'Time, by the metrics:'
SELECT feeder, substring(series FROM 'termfeed_(.*)_duration') AS what,
       round(sum(value) FILTER (WHERE series LIKE '%\_count{%')) AS times,
       round(1000 * (sum(value) FILTER (WHERE series LIKE '%\_sum{%')
                     / nullif(sum(value) FILTER (WHERE series LIKE '%\_count{%'), 0))) AS milliseconds
  FROM metric WHERE series LIKE '%\_duration\_seconds%' GROUP BY 1, 2 ORDER BY 1, 2;
