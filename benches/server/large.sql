-- One round, in a session that has matched nothing yet.

SELECT private_mib() AS private, ms_since(now()) AS warm \gset
SELECT term AS known FROM names WHERE term_id = 1000 * :round + 17 \gset
SELECT clock_timestamp() AS start \gset
SELECT count(*) AS found FROM termstream.match('names', 'a plate of ' || :'known' || ' and chips') \gset
INSERT INTO large SELECT 2, 'the first match of a new session', ms_since(:'start'), private_mib() - :private, '≤ 10 ms, ≤ 5 MiB'
  WHERE :found > 0;

SELECT clock_timestamp() AS start \gset
INSERT INTO names VALUES (10000000 + :round, 'Quorlzyx Nr ' || repeat('vw', :round));
INSERT INTO large SELECT 3, 'INSERT of one term, committed', ms_since(:'start'), NULL, '';
SELECT clock_timestamp() AS start \gset
SELECT count(*) AS found FROM termstream.match('names', 'one qourlzyx nr ' || repeat('vw', :round)) \gset
INSERT INTO large SELECT 4, 'the next statement, which finds it misspelled', ms_since(:'start'), NULL, '≤ 50 ms with the INSERT'
  WHERE :found = 1;
