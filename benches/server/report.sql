-- The medians of the rounds.

\pset footer off
\pset border 1
\echo
SELECT door, round(percentile_disc(0.5) WITHIN GROUP (ORDER BY rows / extract(epoch FROM time))) AS "rows/s",
       round(percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM time)) /
             min(percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM time)))
               FILTER (WHERE door LIKE '%primary key') OVER (), 2) AS "time against COPY"
FROM door GROUP BY door ORDER BY 2 DESC;
SELECT peer, round(percentile_disc(0.5) WITHIN GROUP (ORDER BY rows / extract(epoch FROM time))) AS "rows/s",
       round(max(hit)::numeric / max(found), 3) AS precision, round(max(hit)::numeric / max(meant), 3) AS recall,
       round(2.0 * max(hit) / (max(found) + max(meant)), 3) AS "F1"
FROM peer GROUP BY peer ORDER BY 2 DESC;

SELECT way AS "match, the same rows and terms",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY rate)) AS "rows/s",
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) /
              min(percentile_cont(0.5) WITHIN GROUP (ORDER BY rate)) FILTER (WHERE place = 1) OVER ())::numeric, 2)
         AS "against the core",
       min(mentions) AS mentions
FROM speed GROUP BY place, way ORDER BY place;
