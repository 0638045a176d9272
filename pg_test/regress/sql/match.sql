-- Terms in documents: what match and its short forms answer.
CREATE TABLE brand (term_id bigint PRIMARY KEY, term text);
INSERT INTO brand VALUES (1, 'Coca-Cola'), (2, 'Pepsi'), (3, 'Ben & Jerry''s'), (4, 'Nestlé'), (5, '!?');
SELECT termstream.create_lexicon('brands', 'brand');

SELECT * FROM termstream.match('brands', 'COCA COLA, pepsii and nestle');
SELECT d, m.term, m.matched, m.kind
  FROM (VALUES ('ben and jerrys'), ('Ben & Jerry''s'), ('cocacola'), ('pep si'), ('a pepper'), (NULL)) v (d),
       termstream.match('brands', d) m;
SELECT termstream.best_match('brands', 'pepsi or coca colla');
SELECT termstream.has_match('brands', 'water'), termstream.has_match('brands', 'a coca cola');
SELECT termstream.highlight('brands', 'one Pepsi, two Coca Colas');
SELECT termstream.highlight('brands', 'one Pepsi', '<<', '>>');

-- One lexicon per way of reading the same table.
SELECT termstream.create_lexicon('exactly', 'brand', max_distance => 0),
       termstream.create_lexicon('anywhere', 'brand', whole_words => false);
SELECT l, termstream.has_match(l, 'pepsii') AS misspelled, termstream.has_match(l, 'xpepsix') AS inside
  FROM unnest(array['anywhere', 'brands', 'exactly']) l;
SELECT lexicon, source, max_distance, whole_words, overlap, terms, skipped, skipped_ids, state
  FROM termstream.lexicons ORDER BY lexicon;

-- Terms change, the lexicon with them.
INSERT INTO brand VALUES (6, 'Heinz');
SELECT term_id FROM termstream.match('brands', 'heinz beans');
BEGIN;
DELETE FROM brand;
SELECT count(*) FROM termstream.match('brands', 'heinz beans');
ROLLBACK;
SELECT count(*) FROM termstream.match('brands', 'heinz beans');

-- What is said about mistakes.
SELECT termstream.has_match('brand', 'x');
SELECT termstream.create_lexicon('more', 'brand', 'id');
SELECT termstream.create_lexicon('more', 'brand', 'term');
SELECT termstream.create_lexicon('brands', 'brand');
SELECT termstream.create_lexicon('more', 'brand', max_distance => 9);
SELECT termstream.create_lexicon('more', 'brand', overlap => 'none');
ALTER TABLE brand RENAME term TO name;
SELECT termstream.has_match('brands', 'x');

SELECT termstream.drop_lexicon(lexicon) FROM termstream.lexicons ORDER BY lexicon;
DROP TABLE brand;
