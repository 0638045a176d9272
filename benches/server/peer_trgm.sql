SET pg_trgm.word_similarity_threshold = 0.6;
SET enable_seqscan = off;
:begin
CREATE TEMP TABLE found AS SELECT menu_id, term_id FROM :terms AS t JOIN :menus AS m ON t.term <% m.text;
:note
RESET enable_seqscan;
