-- The extension's own objects: each has a comment, says what it may do, and is nobody's to write.
SELECT p.oid::regprocedure
  FROM pg_proc p
 WHERE p.pronamespace = 'termstream'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass
  FROM pg_class c
 WHERE c.relnamespace = 'termstream'::regnamespace AND c.relkind IN ('r', 'v', 'S')
   AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT c.oid::regclass, a.grantee::regrole, a.privilege_type
  FROM pg_class c, aclexplode(c.relacl) a
 WHERE c.relnamespace = 'termstream'::regnamespace AND a.grantee <> c.relowner AND a.grantee <> 0;
SELECT c.oid::regclass, a.privilege_type
  FROM pg_class c, aclexplode(c.relacl) a
 WHERE c.relnamespace = 'termstream'::regnamespace AND a.grantee = 0 AND a.privilege_type <> 'SELECT';
-- Whoever is no superuser cannot put anything in the place of the extension's objects.
SELECT has_schema_privilege('public', 'termstream', 'CREATE');
-- Functions that run as the extension's owner have a search_path of their own.
SELECT p.oid::regprocedure, p.proconfig
  FROM pg_proc p WHERE p.pronamespace = 'termstream'::regnamespace AND p.prosecdef;
-- What pg_dump must carry over.
SELECT e.oid::regclass FROM pg_extension x, unnest(x.extconfig) AS e (oid) WHERE x.extname = 'termstream' ORDER BY e.oid::regclass::text;
