-- The best of the rounds.

\pset footer off
\pset border 1
\echo
SELECT door, round(max(rows / extract(epoch FROM time))) AS "rows/s",
       round(min(extract(epoch FROM time)) /
             min(min(extract(epoch FROM time))) FILTER (WHERE door LIKE '%primary key') OVER (), 2) AS "time against COPY"
FROM door GROUP BY door ORDER BY 2 DESC;
SELECT peer, round(max(rows / extract(epoch FROM time))) AS "rows/s",
       round(max(hit)::numeric / max(found), 3) AS precision, round(max(hit)::numeric / max(meant), 3) AS recall,
       round(2.0 * max(hit) / (max(found) + max(meant)), 3) AS "F1"
FROM peer GROUP BY peer ORDER BY 2 DESC;
