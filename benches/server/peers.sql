-- One round. Each at a sensible threshold; precision and recall against what was meant.

SET search_path = peers, public;
\set begin 'SELECT clock_timestamp() AS start \\gset'
\set note 'INSERT INTO run (part, place, what, base, rows, seconds, hit, found, meant) SELECT ''peers'', :place, :''what'', :base, (SELECT count(*) FROM :menus), extract(epoch FROM clock_timestamp() - :''start''), CASE WHEN :base = 40 THEN (SELECT count(*) FROM found JOIN gold USING (menu_id, term_id)) END, count(*), (SELECT count(*) FROM gold JOIN :menus USING (menu_id)) FROM found; DROP TABLE found;'

SET max_parallel_workers_per_gather = 0;
SELECT format('%s terms', count(*)) AS few FROM terms \gset
\set base 40
\set terms peers.terms
\set lexicon peers
\set menus menus
\set place 40
\set what 'termstream.match, ' :few
\ir peer_match.sql
\set menus some_menus
\set place 41
\set what 'position(term IN text), ' :few
:begin
CREATE TEMP TABLE found AS
  SELECT menu_id, term_id FROM some_menus JOIN terms ON position(lower(term) IN lower(text)) > 0;
:note
\set place 42
\set what 'pg_trgm, ' :few ': GIN, term <% text'
\ir peer_trgm.sql
\set place 43
\set what 'fuzzystrmatch, ' :few ': levenshtein ≤ 1, windows of words'
\ir peer_levenshtein.sql

SELECT format('%s terms', count(*)) AS many FROM public.terms \gset
\set base 45
\set terms public.terms
\set lexicon brands
\set menus all_menus
\set place 45
\set what 'termstream.match, ' :many
\ir peer_match.sql
\set menus many_menus
\set place 46
\set what 'pg_trgm, ' :many
\ir peer_trgm.sql
\set place 47
\set what 'fuzzystrmatch, ' :many
\ir peer_levenshtein.sql
