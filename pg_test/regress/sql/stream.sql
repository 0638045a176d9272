-- A stream from its making to its end: what comes in, what is kept aside, what is said.
CREATE TABLE brand (term_id bigint PRIMARY KEY, term text);
INSERT INTO brand VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
SELECT termstream.create_lexicon('brands', 'brand');
SELECT termstream.create_match_stream('menu',
         columns => 'menu_id bigint, name text, price numeric(6,2)',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name}',
         pairs   => 'menu_brand');
\d menu
\d menu_brand
\d menu_rejects
SELECT stream, columns, statement, on_error, batch_rows, lexicon, pairs, rejects FROM termstream.streams;

COPY menu FROM STDIN (FORMAT csv);
1,a pepsi and a coca cola,3.50
2,tap water,0
x,pepsi,1
4,pepsi,free
,pepsi,1
5,Pepsi Max,2.5
\.
SELECT * FROM menu_brand ORDER BY 1, 2;
SELECT stage, lineno, line, colname, raw_field_value, err_message, err_detail, errorcode
  FROM menu_rejects ORDER BY reject_id;
SELECT stream, read, taken, rejected, pairs, state FROM termstream.loads;

-- COPY is all or nothing.
COPY menu FROM STDIN (FORMAT csv);
6,pepsi,1
7,pepsi
\.
INSERT INTO menu SELECT n::text, 'pepsi', 1 / (3 - n) FROM generate_series(1, 5) n;
SELECT count(*) FROM menu_brand;

-- A constraint of the user's rejects its rows alone.
ALTER TABLE menu_brand ADD CONSTRAINT below_100 CHECK (menu_id < 100);
INSERT INTO menu VALUES (99, 'pepsi'), (100, 'pepsi'), (101, 'water') RETURNING menu_id;
SELECT stage, line, err_message, errorcode FROM menu_rejects WHERE stage = 'statement';

-- What is said about mistakes.
SELECT termstream.create_match_stream('menu', 'a int, t text', 'brands', 'a', '{t}', 'p');
SELECT termstream.create_match_stream('s', 'a int, t text', 'brand', 'a', '{t}', 'p');
SELECT termstream.create_match_stream('s', 'a int, t text', 'brands', 'b', '{t}', 'p');
SELECT termstream.create_match_stream('s', 'a int, t txt', 'brands', 'a', '{t}', 'p');
SELECT termstream.create_match_stream('s', 'a int, t text,', 'brands', 'a', '{t}', 'p');
SELECT termstream.create_match_stream('s', 'a int PRIMARY KEY, t text', 'brands', 'a', '{t}', 'p');
SELECT termstream.create_match_stream('s', 'a int, t text', 'brands', 'a', '{t}', 'p', on_error => 'skip');
SELECT termstream.create_match_stream('s', 'a int, t text', 'brands', 'a', '{t}', 'p', batch_rows => 0);
SELECT termstream.create_match_stream('s', 'a int, t text', 'brands', 'a', '{t}', 'brand');
SELECT termstream.drop_stream('brand');
CALL termstream.load_file('menu', 'menu.csv');
CALL termstream.load_file('menu', '/no/such/file.csv');
BEGIN;
CALL termstream.load_file('menu', '/no/such/file.csv');
ROLLBACK;
UPDATE menu SET name = 'x';

SELECT termstream.drop_stream('menu');
SELECT termstream.drop_lexicon('brands');
DROP TABLE brand, menu_brand, menu_rejects;
