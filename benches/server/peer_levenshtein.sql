:begin
CREATE TEMP TABLE found AS
  SELECT DISTINCT menu_id, term_id
  FROM (SELECT term_id, lower(term) AS term, array_length(string_to_array(term, ' '), 1) AS words FROM :terms) AS t
  JOIN (SELECT menu_id, words, array_to_string(word[at : at + words - 1], ' ') AS text
        FROM (SELECT menu_id, regexp_split_to_array(lower(text), '[^[:alnum:]&''’]+') AS word FROM :menus) AS split,
             generate_series(1, 3) AS words, generate_series(1, array_length(word, 1) - words + 1) AS at) AS piece
    USING (words)
  WHERE levenshtein_less_equal(piece.text, t.term, 1) <= 1 AND length(t.term) > 3;
:note
