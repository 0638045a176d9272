-- Scoring functions on two texts, known values of the field.
SELECT termstream.levenshtein('kitten', 'sitting'), termstream.levenshtein('ca', 'abc'),
       termstream.osa('ca', 'abc'), termstream.damerau_levenshtein('ca', 'abc');
SELECT termstream.levenshtein('kitten', 'sitting', 3), termstream.levenshtein('kitten', 'sitting', 2),
       termstream.osa('abcd', 'acbd', 1), termstream.damerau_levenshtein('abcd', 'xyz', 1);
SELECT round(termstream.jaro('MARTHA', 'MARHTA')::numeric, 4) AS jaro,
       round(termstream.jaro_winkler('MARTHA', 'MARHTA')::numeric, 4) AS jaro_winkler,
       round(termstream.sorensen_dice('night', 'nacht')::numeric, 4) AS sorensen_dice,
       round(termstream.jaccard('night', 'nacht')::numeric, 4) AS jaccard;
SELECT termstream.similarity('Coca-Cola', 'coca cola'), termstream.similarity('', ''), termstream.similarity('a', '');
SELECT termstream.levenshtein(NULL, 'a') IS NULL AS null_in, termstream.levenshtein('', '') AS empty,
       termstream.levenshtein('日本', '日本語') AS characters;
SELECT termstream.levenshtein('a', 'b', -1);
SELECT p.oid::regprocedure, p.provolatile, p.proisstrict, p.proparallel
  FROM pg_proc p WHERE p.pronamespace = 'termstream'::regnamespace AND p.prorettype IN ('int4'::regtype, 'float8'::regtype)
 ORDER BY p.oid::regprocedure::text;
