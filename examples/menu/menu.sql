-- The whole example: finds the brands of terms.csv in the menus of input.csv.
-- Run by psql in a folder that has both files:  psql -f menu.sql

CREATE EXTENSION termstream;

-- The brands to look for; several terms may share an id if the key is left out.
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text NOT NULL);
\copy terms FROM 'terms.csv' (FORMAT csv, HEADER)
SELECT termstream.create_lexicon('brands', 'terms');

-- The inbox "menu", and the table "menu_terms" (menu_id, term_id) that it fills.
SELECT termstream.create_match_stream('menu',
         columns => 'menu_id bigint, name text, description text',
         lexicon => 'brands', key => 'menu_id', text_columns => '{name,description}',
         pairs   => 'menu_terms');

\copy menu FROM 'input.csv' (FORMAT csv, HEADER)
