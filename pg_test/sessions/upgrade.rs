//! ALTER EXTENSION UPDATE from each earlier version: the same objects as of a new installation, and
//! everything works on. The scripts of earlier versions are in pg_test/upgrade, frozen.

use crate::database::{Database, Session};
use crate::fixtures::{TERMS, ids, pairs};

/// Hands the server the scripts of earlier versions.
fn give_earlier_scripts(session: &mut Session) {
    let folder = session.one("SELECT setting FROM pg_config WHERE name = 'SHAREDIR'");
    let scripts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade");
    for script in std::fs::read_dir(scripts).expect("the scripts").flatten() {
        let place = std::path::Path::new(&folder)
            .join("extension")
            .join(script.file_name());
        // Aside first: another test may be reading it.
        let aside = place.with_extension(format!("{}", std::process::id()));
        std::fs::copy(script.path(), &aside).expect("a script for the server");
        std::fs::rename(aside, place).expect("a script for the server");
    }
}

/// Everything there is to say about the extension's objects.
const OBJECTS: &str = "
SELECT 'function ' || p.oid::regprocedure || ' ' || pg_get_function_arguments(p.oid) || ' returns '
       || coalesce(pg_get_function_result(p.oid), 'nothing') || concat_ws(' ', '', p.prokind, p.provolatile, p.proisstrict,
          p.proparallel, p.procost, p.prorows, p.prosecdef, p.proretset, p.prolang, p.prosrc, p.probin, p.proconfig::text, p.prosupport,
          p.proacl::text, obj_description(p.oid, 'pg_proc'))
  FROM pg_proc p WHERE p.pronamespace = 'termstream'::regnamespace
UNION ALL
SELECT 'relation ' || c.relname || concat_ws(' ', '', c.relkind, c.relacl::text, c.relrowsecurity, obj_description(c.oid, 'pg_class'))
  FROM pg_class c WHERE c.relnamespace = 'termstream'::regnamespace
UNION ALL
SELECT 'column ' || c.relname || '.' || a.attname || concat_ws(' ', '', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
       pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'termstream'::regnamespace AND c.relkind IN ('r', 'v', 'c')
UNION ALL
SELECT 'view ' || c.relname || ' ' || pg_get_viewdef(c.oid) FROM pg_class c
 WHERE c.relnamespace = 'termstream'::regnamespace AND c.relkind = 'v'
UNION ALL
SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'termstream'::regnamespace
UNION ALL
SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE c.relnamespace = 'termstream'::regnamespace
UNION ALL
SELECT 'policy ' || polname || ' ' || pg_get_expr(polqual, polrelid) FROM pg_policy
UNION ALL
SELECT 'member ' || pg_describe_object(classid, objid, objsubid) FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
 WHERE d.deptype = 'e' AND x.extname = 'termstream'
UNION ALL
SELECT 'dumped ' || t.oid::regclass || ' ' || t.condition
  FROM pg_extension x, unnest(x.extconfig, x.extcondition) AS t (oid, condition) WHERE x.extname = 'termstream'
ORDER BY 1";

#[test]
fn an_upgraded_extension_has_the_objects_of_a_new_one() {
    let (new, upgraded) = (Database::new("upgrade_new"), Database::empty("upgrade_old"));
    let mut session = upgraded.session();
    give_earlier_scripts(&mut session);
    session.run("CREATE EXTENSION termstream VERSION '0.1.0'");
    session.run("ALTER EXTENSION termstream UPDATE");
    let (have, want) = (session.lines(OBJECTS), new.session().lines(OBJECTS));
    let difference = |some: &[String], others: &[String]| {
        let missing = some.iter().filter(|one| !others.contains(one));
        missing.cloned().collect::<Vec<_>>().join("\n")
    };
    assert_eq!(difference(&want, &have), "", "what an update lacks");
    assert_eq!(
        difference(&have, &want),
        "",
        "what a new installation lacks"
    );
}

/// What version 0.1.0 made of a lexicon.
const LEXICON: &str = "
INSERT INTO termstream.lexicon (lexicon, owner, source, id_column, term_column, whole_words, overlap, common_words, generation)
VALUES ('brands', current_user::regrole, 'terms', 'term_id', 'term', true, 'longest', 'english', 4711);
CREATE TRIGGER termstream_brands_before BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON terms
    FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands');
CREATE TRIGGER termstream_brands_insert AFTER INSERT ON terms REFERENCING NEW TABLE AS termstream_came
    FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands');
CREATE TRIGGER termstream_brands_update AFTER UPDATE ON terms REFERENCING NEW TABLE AS termstream_came OLD TABLE AS termstream_went
    FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands');
CREATE TRIGGER termstream_brands_delete AFTER DELETE ON terms REFERENCING OLD TABLE AS termstream_went
    FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands');
CREATE TRIGGER termstream_brands_truncate AFTER TRUNCATE ON terms
    FOR EACH STATEMENT EXECUTE FUNCTION termstream.note_change('brands');
ALTER TABLE terms ENABLE ALWAYS TRIGGER termstream_brands_before;
ALTER TABLE terms ENABLE ALWAYS TRIGGER termstream_brands_insert;
ALTER TABLE terms ENABLE ALWAYS TRIGGER termstream_brands_update;
ALTER TABLE terms ENABLE ALWAYS TRIGGER termstream_brands_delete;
ALTER TABLE terms ENABLE ALWAYS TRIGGER termstream_brands_truncate;";

/// What version 0.1.0 made of a stream.
const STREAM: &str = "
CREATE TABLE menu_terms (menu_id bigint NOT NULL, term_id bigint NOT NULL, PRIMARY KEY (menu_id, term_id));
CREATE TABLE menu_rejects (
    reject_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    load_id bigint NOT NULL, stream text NOT NULL, stage text NOT NULL,
    starttime timestamptz NOT NULL, userid regrole NOT NULL,
    copy_tbl regclass NOT NULL, filename text, lineno bigint, line text,
    line_bytes bytea, colname text, raw_field_value text, err_message text NOT NULL,
    err_detail text, errorcode text NOT NULL);
CREATE VIEW menu AS SELECT NULL::text AS menu_id, NULL::text AS name WHERE false;
CREATE TRIGGER termstream_begin BEFORE INSERT ON menu FOR EACH STATEMENT EXECUTE FUNCTION termstream.take_rows();
CREATE TRIGGER termstream_row INSTEAD OF INSERT ON menu FOR EACH ROW EXECUTE FUNCTION termstream.take_rows();
CREATE TRIGGER termstream_end AFTER INSERT ON menu FOR EACH STATEMENT EXECUTE FUNCTION termstream.take_rows();
INSERT INTO termstream.stream (stream, columns, statement, search_path, rejects, on_error, batch_rows, lexicon, pairs)
VALUES ('menu', 'menu_id bigint NOT NULL, name pg_catalog.text', $$INSERT INTO public.menu_terms (menu_id, term_id)
SELECT b.menu_id, m.term_id
  FROM batch b,
       termstream.match('brands', concat_ws(chr(31), b.name), overlap => 'nested') m
ON CONFLICT DO NOTHING$$, 'pg_catalog, pg_temp', 'menu_rejects', 'table', 5000, 'brands', 'menu_terms');
INSERT INTO termstream.load (load_id, stream, userid, read, taken, rejected, pairs, bytes, started, finished, state)
VALUES (nextval('termstream.load_id'), 'menu', current_user::regrole, 5, 3, 2, 1, 99, now(), now(), 'done');
INSERT INTO menu_rejects (load_id, stream, stage, starttime, userid, copy_tbl, lineno, line, line_bytes, colname,
        raw_field_value, err_message, err_detail, errorcode)
VALUES (1, 'public.menu', 'convert', now(), current_user::regrole, 'menu', 1, '1x,pepsi', '1x,pepsi', 'menu_id', '1x',
        'invalid input syntax for type bigint: \"1x\"', NULL, '22P02'),
       (1, 'public.menu', 'parse', now(), current_user::regrole, 'menu', 2, '2,\"xxx', '2,\"xxx', NULL, NULL,
        'record is longer than 16777216 bytes', '6 of 20971526 bytes are kept.', '22P04');";

#[test]
fn streams_and_lexicons_of_an_earlier_version_work_on() {
    let database = Database::empty("upgrade_work");
    let mut session = database.session();
    give_earlier_scripts(&mut session);
    session.run("CREATE EXTENSION termstream VERSION '0.1.0'");
    session.run(TERMS);
    session.run(LEXICON);
    session.run(STREAM);
    // The library is newer than the catalog: it says so, and reads no arguments that are not there.
    for call in [
        "SELECT termstream.create_lexicon('more', 'terms')",
        "SELECT termstream.drop_stream('menu')",
        "SELECT termstream.create_match_stream('m', 'a int, t text', 'brands', 'a', '{t}', 'p')",
        "SELECT termstream.note_rejects('menu', 's', '{1}', '{x}', '{22000}', '{m}')",
        "CALL termstream.load_file('menu', '/nowhere')",
        "CALL termstream.load_file('menu', '/nowhere', header => true)",
    ] {
        session
            .error(call)
            .is(
                "55000",
                "the extension termstream is of an earlier version than its library",
            )
            .hints("ALTER EXTENSION termstream UPDATE");
    }
    session.run("ALTER EXTENSION termstream UPDATE");
    assert_eq!(ids(&mut session, "coca colla"), "1");
    session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    session.copy("COPY menu FROM STDIN (FORMAT csv)", "3,a fanta\nx,pepsi\n");
    session.run("UPDATE menu_rejects SET line = '1,pepsi' WHERE lineno = 1");
    assert_eq!(
        session.one(
            "SELECT read, taken, rejected FROM termstream.retry_rejects('menu', load_id => 1)"
        ),
        "1|1|0",
        "the head of a row is no row"
    );
    assert_eq!(pairs(&mut session), ["1|2", "3|6"]);
    assert_eq!(
        session.lines("SELECT lineno, line, line_size FROM menu_rejects ORDER BY reject_id"),
        ["2||20971526", "2|x,pepsi|7"]
    );
    assert_eq!(
        session.one(
            "SELECT loads, read, taken, rejected, convert, pairs FROM termstream.stream_stats"
        ),
        "3|8|5|3|1|3"
    );
    session.run("SELECT termstream.alter_stream('menu', reject_limit => 1)");
    let failure = session.copy_error("COPY menu FROM STDIN (FORMAT csv)", "x,1\ny,2\n");
    failure.is(
        "54000",
        "stream public.menu: rejected more than reject_limit (1) rows: 2 of 2 read",
    );
    session.run("SELECT termstream.drop_stream('menu')");
}
