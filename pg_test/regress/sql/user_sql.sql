-- A mistake in a query, an expression or a condition of the caller's is told at its place, with a hint.
SET client_min_messages = warning;
CREATE TABLE brand (term_id bigint, term text);
INSERT INTO brand VALUES (1, 'Pepsi');
SELECT termstream.create_lexicon('brand', 'brand') IS NULL AS made;

-- Queries to learn from.
SELECT termstream.learn('brand', 'SELEC term FROM brand');
SELECT termstream.learn('brand', 'SELECT trem FROM brand');
SELECT termstream.learn('brand', 'SELECT nothing FROM brand');
SELECT termstream.learn('brand', 'SELECT term FROM nowhere');
SELECT termstream.learn('brand', 'SELECT 1; SELECT 2');
SELECT termstream.learn('brand', 'SELECT term_id FROM brand');
SELECT termstream.learn('brand', 'SELECT (1 / (term_id - 1))::text FROM brand');

-- Lists of ordinary words.
SELECT termstream.create_lexicon('other', 'brand', common_words => 'SELECT word FROM brand');
SELECT termstream.create_lexicon('other', 'brand', common_words => 'nowhere');
SELECT termstream.create_lexicon('other', 'brand', common_words => 'SELECT FROM');

-- Labels to tune by.
SELECT * FROM termstream.tune_lexicon('brand', 'SELECT term, id FROM brand');
SELECT * FROM termstream.tune_lexicon('brand', 'SELECT term FROM brand GROUP');
SELECT * FROM termstream.tune_lexicon('brand', 'SELECT term_id, term FROM brand');

-- Conditions on rejects, even where there are none yet.
CREATE TABLE taken (a int);
SELECT termstream.create_stream('numbers', 'a int', 'INSERT INTO taken SELECT a FROM batch') IS NULL AS made;
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'lin = ''x''');
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'line =');
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'line = 1');
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'length(line) > 1 AND no_function(line)');
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'true; DROP TABLE taken');
INSERT INTO numbers VALUES ('x');
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'sqlstat = ''22P02''');
SELECT taken, rejected FROM termstream.retry_rejects('numbers', condition => 'errorcode = ''22P02''');
-- A mistake inside of a function that the condition calls is not told as one of the condition.
CREATE FUNCTION asks(line text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT nothing FROM brand); END';
SELECT taken FROM termstream.retry_rejects('numbers', condition => 'line IS NOT NULL AND asks(line)');
DROP FUNCTION asks;

-- What a stream is made of.
SELECT termstream.create_stream('more', 'a int DEFAULT nothing', 'INSERT INTO taken SELECT a FROM batch');
SELECT termstream.create_stream('more', 'a int', 'INSERT INTO taken SELECT b FROM batch');
SELECT termstream.create_stream('more', 'a int', 'INSERT INTO taken SELECT a FROM batch', check_rows => '{"positive": "a > nothing"}');
SELECT termstream.create_stream('more', 'a inte', 'INSERT INTO taken SELECT a FROM batch');
SELECT termstream.create_stream('more', 'a int, b', 'INSERT INTO taken SELECT a FROM batch');
SELECT termstream.create_stream('more', 'a int)', 'INSERT INTO taken SELECT a FROM batch');
SELECT termstream.drop_stream('numbers');
SELECT termstream.drop_lexicon('brand');
DROP TABLE brand, taken;
