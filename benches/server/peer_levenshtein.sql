-- Windows of as many words as the term has, each against all such terms.
:begin
CREATE TEMP TABLE found AS
  WITH piece AS MATERIALIZED (
    SELECT menu_id, words, array_to_string(word[at : at + words - 1], ' ') AS text
    FROM (SELECT menu_id, regexp_split_to_array(lower(text), '[^[:alnum:]&''’]+') AS word FROM :menus) AS split,
         generate_series(1, 3) AS words, generate_series(1, array_length(word, 1) - words + 1) AS at),
  t AS MATERIALIZED (
    SELECT term_id, lower(term) AS term, array_length(string_to_array(term, ' '), 1) AS words
    FROM :terms WHERE length(term) > 3)
  SELECT DISTINCT menu_id, term_id FROM t JOIN piece USING (words)
  WHERE levenshtein_less_equal(piece.text, t.term, 1) <= 1;
:note
