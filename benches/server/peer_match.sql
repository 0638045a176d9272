:begin
CREATE TEMP TABLE found AS
  SELECT DISTINCT menu_id, term_id FROM :menus, termstream.match(:'lexicon', text);
:note
