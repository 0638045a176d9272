-- The medians of the rounds. "time against" is that of the first line of its group, in the same round.

UPDATE run SET part = 'peers', place = 44, base = 40 WHERE what LIKE 'RapidFuzz%';
WITH round AS (
  SELECT *, row_number() OVER (PARTITION BY place ORDER BY at) AS number
  FROM (SELECT *, ctid AS at FROM run) AS run),
figure AS (
  SELECT r.part, r.place, r.what, max(r.asked) AS asked,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY r.rows / r.seconds) AS rate,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY (r.seconds / r.rows) / (b.seconds / b.rows)) AS against,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY (r.cpu / r.rows) / (b.cpu / b.rows)) AS cpu,
         max(r.hit) AS hit, max(r.found) AS found, max(r.meant) AS meant, max(r.mib) AS mib
  FROM round AS r LEFT JOIN round AS b ON b.place = r.base AND b.number = r.number
  GROUP BY 1, 2, 3)
SELECT part, what, round(rate) AS "rows/s", round(against::numeric, 2) AS "time against",
       round(cpu::numeric, 2) AS "processor", asked,
       round(2.0 * hit / (found + meant), 3) AS "F1", round(mib::numeric, 1) AS "MiB"
FROM figure ORDER BY place;
