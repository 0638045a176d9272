-- Fails unless the example did what its README promises; run after menu.sql, gold.sql, broken.sql.

DO $$
DECLARE
  load record;
  got record;
BEGIN
  FOR load IN SELECT * FROM termstream.loads LOOP
    ASSERT load.read = load.taken + load.rejected,
      format('load %s: %s read, %s taken, %s rejected', load.load_id, load.read, load.taken, load.rejected);
    ASSERT load.rejected = (SELECT count(*) FROM menu_rejects WHERE load_id = load.load_id),
      format('load %s: its rejects are not all kept', load.load_id);
  END LOOP;

  SELECT array_agg(read ORDER BY load_id) AS read, array_agg(rejected ORDER BY load_id) AS rejected,
         sum(pairs) AS pairs
    INTO got FROM termstream.loads;
  ASSERT got.read = '{5200,401}', format('rows read: %s', got.read);
  ASSERT got.rejected = '{12,8}', format('rows rejected: %s', got.rejected);
  ASSERT got.pairs = (SELECT count(*) FROM menu_terms), format('%s pairs counted', got.pairs);

  ASSERT (SELECT count(*) FROM menu_terms WHERE menu_id >= 20001) > 200, 'load_file found no pairs';
  ASSERT NOT EXISTS (SELECT FROM menu_terms LEFT JOIN terms USING (term_id) WHERE term IS NULL), 'a pair without its term';

  SELECT * INTO got FROM accuracy;
  ASSERT got.f1 >= 0.97, format('precision %s, recall %s, F1 %s', got.precision, got.recall, got.f1);
END
$$;
