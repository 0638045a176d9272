CREATE TABLE plain (menu_id bigint PRIMARY KEY, name text, description text);
CREATE TABLE copied (LIKE plain INCLUDING ALL);
CREATE TABLE pairs_after (menu_id bigint, term_id bigint, PRIMARY KEY (menu_id, term_id));
SELECT termstream.create_match_stream('menu',
         columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}',
         pairs   => 'menu_terms') \g /dev/null
