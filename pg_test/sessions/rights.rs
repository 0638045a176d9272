//! Who may do what: rights on lexicons, streams and files, row-level security, and a search_path
//! that somebody else has prepared.

use crate::database::Database;
use crate::fixtures::{LEXICON, TERMS, ids, loads, pairs, with_lexicon, with_stream};

#[test]
fn whoever_may_insert_may_load_and_reads_nothing() {
    let (database, mut owner) = with_stream("loader");
    let role = database.role("loader");
    owner.run(&format!("GRANT INSERT ON menu TO {role}"));
    let mut loader = database.session_of(&role);
    loader.copy(
        "COPY menu FROM STDIN (FORMAT csv)",
        "1,pepsi,1\nx,secret,2\n",
    );
    loader.run("INSERT INTO menu VALUES (2, 'nestle')");
    for table in [
        "terms",
        "menu_terms",
        "menu_rejects",
        "menu",
        "termstream.lexicon_word",
    ] {
        let failure = loader.error(&format!("SELECT * FROM {table}"));
        assert_eq!(failure.code, "42501", "{table}");
    }
    for table in ["lexicon", "lexicon_change", "stream", "load"] {
        let failure = loader.error(&format!("DELETE FROM termstream.{table}"));
        assert_eq!(failure.code, "42501", "{table}");
    }
    loader
        .error("SELECT termstream.has_match('brands', 'pepsi')")
        .is("42501", "permission denied for lexicon \"brands\"")
        .hints("GRANT SELECT ON public.terms");
    assert_eq!(pairs(&mut owner), ["1|2", "2|4"]);
    assert_eq!(
        owner.lines(&format!(
            "SELECT userid, read, taken FROM termstream.loads WHERE userid = '{role}'"
        )),
        [format!("{role}|2|1"), format!("{role}|1|1")]
    );
    assert_eq!(owner.one("SELECT userid FROM menu_rejects"), role);
    let mut nobody = database.session_of(&database.role("nobody"));
    assert_eq!(
        nobody.error("INSERT INTO menu VALUES (3, 'pepsi')").code,
        "42501"
    );
}

#[test]
fn a_file_takes_the_right_to_read_files_and_to_insert() {
    let (database, mut owner) = with_stream("file_rights");
    let path = database.file("menu.csv", "menu_id,name,price\n1,pepsi,1\n");
    let call = format!("CALL termstream.load_file('menu', '{path}')");
    let role = database.role("reader");
    let mut session = database.session_of(&role);
    owner.run(&format!("GRANT INSERT ON menu TO {role}"));
    session
        .error(&call)
        .is("42501", "permission denied to load a file of the server")
        .details("pg_read_server_files")
        .hints("\\copy");
    owner.run(&format!("GRANT pg_read_server_files TO {role}"));
    session.run(&call);
    assert_eq!(pairs(&mut owner), ["1|2"]);
    owner.run(&format!("REVOKE INSERT ON menu FROM {role}"));
    session
        .error(&call)
        .is("42501", "permission denied for stream menu")
        .hints("INSERT");
    assert_eq!(loads(&mut owner).len(), 1);
}

#[test]
fn a_lexicon_takes_the_right_to_read_its_columns() {
    let (database, mut owner) = with_lexicon("columns_read");
    let role = database.role("user");
    let mut user = database.session_of(&role);
    let denied = "permission denied for lexicon \"brands\"";
    owner.run(&format!("GRANT SELECT (term_id) ON terms TO {role}"));
    user.error("SELECT * FROM termstream.match('brands', 'pepsi')")
        .is("42501", denied);
    owner.run(&format!("GRANT SELECT (term) ON terms TO {role}"));
    assert_eq!(ids(&mut user, "pepsi"), "2");
    owner.run(&format!("REVOKE SELECT (term) ON terms FROM {role}"));
    user.error("SELECT * FROM termstream.match('brands', 'pepsi')")
        .is("42501", denied);
    // What the session has compiled as one role is not for another one.
    owner.run(&format!("GRANT USAGE ON SCHEMA public TO {role}"));
    assert_eq!(ids(&mut owner, "pepsi"), "2");
    owner.run("BEGIN");
    assert_eq!(ids(&mut owner, "pepsi"), "2");
    owner.run(&format!("SET LOCAL ROLE {role}"));
    owner
        .error("SELECT termstream.has_match('brands', 'pepsi')")
        .is("42501", denied);
    owner.run("ROLLBACK");
    assert_eq!(
        user.one("SELECT terms IS NULL, state FROM termstream.lexicons"),
        format!("t|{denied}")
    );
}

#[test]
fn row_level_security_on_the_terms_is_not_passed_by() {
    let (database, mut owner) = with_lexicon("row_security");
    let role = database.role("user");
    owner.run(&format!(
        "GRANT SELECT ON terms TO {role}; ALTER TABLE terms ENABLE ROW LEVEL SECURITY;
         CREATE POLICY few ON terms USING (term_id < 3)"
    ));
    let mut user = database.session_of(&role);
    user.error("SELECT * FROM termstream.match('brands', 'nestle')")
        .is(
            "42501",
            "lexicon \"brands\" cannot be used under row-level security",
        )
        .hints("a table that holds only the terms");
    assert_eq!(
        ids(&mut owner, "nestle"),
        "4",
        "who bypasses policies sees all terms"
    );
}

#[test]
fn only_the_owner_makes_changes_and_drops() {
    let database = Database::new("owners");
    let mut superuser = database.session();
    let (anna, bert) = (database.role("anna"), database.role("bert"));
    superuser.run("GRANT CREATE ON SCHEMA public TO PUBLIC");
    let mut anna_session = database.session_of(&anna);
    let mut bert_session = database.session_of(&bert);
    anna_session.run(TERMS);
    bert_session
        .error(LEXICON)
        .is("42501", "must be owner of table public.terms");
    anna_session.run(LEXICON);
    anna_session.run(crate::fixtures::STREAM);
    anna_session.run(&format!("GRANT ALL ON terms, menu, menu_terms TO {bert}"));
    let not_owner = "must be owner of lexicon \"brands\"";
    bert_session
        .error("SELECT termstream.drop_lexicon('brands')")
        .is("42501", not_owner);
    bert_session
        .error("SELECT termstream.refresh_lexicon('brands')")
        .is("42501", not_owner);
    assert_eq!(
        bert_session
            .error("SELECT termstream.drop_stream('menu')")
            .code,
        "42501"
    );
    // Who may change the terms changes the lexicon, and need not own it.
    bert_session.run("INSERT INTO terms VALUES (6, 'Fanta')");
    assert_eq!(ids(&mut anna_session, "fanta"), "6");
    bert_session.copy("COPY menu FROM STDIN (FORMAT csv)", "1,fanta,1\n");
    assert_eq!(pairs(&mut anna_session), ["1|6"]);
    anna_session.run("SELECT termstream.drop_stream('menu')");
    anna_session.run("SELECT termstream.drop_lexicon('brands')");
    anna_session.run("INSERT INTO terms VALUES (7, 'Sprite')");
}

#[test]
fn a_stream_does_not_lend_its_owners_rights() {
    let database = Database::new("no_lending");
    let mut superuser = database.session();
    let (anna, bert) = (database.role("anna"), database.role("bert"));
    superuser.run("GRANT CREATE ON SCHEMA public TO PUBLIC");
    let mut anna_session = database.session_of(&anna);
    anna_session.run(TERMS);
    anna_session.run(LEXICON);
    let mut bert_session = database.session_of(&bert);
    bert_session
        .error(crate::fixtures::STREAM)
        .is("42501", "permission denied for lexicon \"brands\"");
    anna_session.run(&format!("GRANT SELECT ON terms TO {bert}"));
    bert_session.run(crate::fixtures::STREAM);
    anna_session.run(&format!("REVOKE SELECT ON terms FROM {bert}"));
    // A superuser's rows run with the rights of the stream's owner, not with his own.
    superuser
        .copy_error("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n")
        .is("42501", "permission denied for lexicon \"brands\"");
    // A trigger on the owner's table cannot take the loader's role either.
    bert_session.run(
        "CREATE TABLE who (name text);
         CREATE FUNCTION note_who() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.who VALUES (current_user); RETURN NEW; END $$;
         CREATE TRIGGER note_who BEFORE INSERT ON menu_terms FOR EACH ROW EXECUTE FUNCTION note_who()",
    );
    anna_session.run(&format!("GRANT SELECT ON terms TO {bert}"));
    superuser.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\n");
    assert_eq!(superuser.lines("SELECT * FROM who"), [bert]);
    assert_eq!(superuser.one("SELECT current_user = session_user"), "t");
}

#[test]
fn a_cast_of_the_owners_own_is_not_run_by_others() {
    let database = Database::new("sly_cast");
    let mut superuser = database.session();
    superuser.run("GRANT CREATE ON SCHEMA public TO PUBLIC");
    let mut owner = database.session_of(&database.role("owner"));
    owner.run(TERMS);
    owner.run(
        "CREATE TYPE sly AS (t text);
         CREATE FUNCTION as_text(sly) RETURNS text LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
         CREATE CAST (sly AS text) WITH FUNCTION as_text(sly);
         CREATE TABLE others (term_id int, term sly);
         CREATE DOMAIN short AS varchar(20) CHECK (VALUE <> '');
         CREATE TABLE shorts (term_id int, term short); INSERT INTO shorts VALUES (1, 'Pepsi')",
    );
    let refused = "column \"term\" cannot hold the terms of a lexicon";
    owner
        .error("SELECT termstream.create_lexicon('others', 'others')")
        .is("42804", refused)
        .hints("text");
    owner.run("SELECT termstream.create_lexicon('shorts', 'shorts')");
    owner.run(LEXICON);
    owner.run("ALTER TABLE terms ALTER term TYPE sly USING row(term)::sly");
    superuser
        .error("SELECT termstream.has_match('brands', 'pepsi')")
        .is("42804", refused);
    assert_eq!(
        superuser.lines("SELECT lexicon, state FROM termstream.lexicons ORDER BY 1"),
        [format!("brands|{refused}"), "shorts|ready".to_owned()]
    );
    assert_eq!(
        superuser.one("SELECT term_id FROM termstream.match('shorts', 'pepsi')"),
        "1"
    );
    owner.run(
        "CREATE FUNCTION as_bool(sly) RETURNS boolean LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
         CREATE CAST (sly AS boolean) WITH FUNCTION as_bool(sly);
         CREATE TABLE guarded (term_id int, term text, guard boolean); INSERT INTO guarded VALUES (1, 'Pepsi', true);
         SELECT termstream.create_lexicon('guarded', 'guarded', guard_column => 'guard');
         ALTER TABLE guarded ALTER guard TYPE sly USING NULL",
    );
    assert_eq!(
        superuser
            .error("SELECT termstream.has_match('guarded', 'pepsi')")
            .code,
        "42804"
    );
}

/// Objects that stand in for those of pg_catalog wherever a name is not qualified.
const HOSTILE: &str = "
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.trap() RETURNS void LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'trapped'; END $$;
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT o.oprname, format_type(o.oprleft, NULL) AS l, format_type(o.oprright, NULL) AS r, format_type(o.oprresult, NULL) AS result
               FROM pg_operator o
              WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0
                AND (o.oprname, o.oprleft::regtype::text, o.oprright::regtype::text) IN (
                    ('=', 'text', 'text'), ('=', 'oid', 'oid'), ('=', 'name', 'name'), ('=', 'bigint', 'bigint'),
                    ('=', 'name', 'text'), ('=', 'smallint', 'smallint'), ('=', 'smallint', 'integer'), ('=', 'boolean', 'boolean'),
                    ('=', '\"char\"', '\"char\"'), ('<>', 'text', 'text'), ('<', 'xid8', 'xid8'),
                    ('#', 'bigint', 'bigint'), ('>', 'integer', 'integer'), ('>', 'bigint', 'integer'), ('||', 'text', 'text'))
    LOOP
        EXECUTE format('CREATE FUNCTION hostile.op(%s, %s) RETURNS %s LANGUAGE plpgsql AS
            ''BEGIN RAISE EXCEPTION ''''trapped by an operator''''; END''', t.l, t.r, t.result);
        EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = hostile.op)', t.oprname, t.l, t.r);
        EXECUTE format('ALTER FUNCTION hostile.op(%s, %s) RENAME TO %I', t.l, t.r, 'op_' || md5(t::text));
    END LOOP;
    FOR t IN SELECT * FROM (VALUES ('regclass', 'oid'), ('oid', 'regclass'), ('regclass', 'regclass')) v (l, r)
    LOOP
        EXECUTE format('CREATE FUNCTION hostile.same(%s, %s) RETURNS boolean LANGUAGE plpgsql AS
            ''BEGIN RAISE EXCEPTION ''''trapped by an operator''''; END''', t.l, t.r);
        EXECUTE format('CREATE OPERATOR hostile.= (LEFTARG = %s, RIGHTARG = %s, FUNCTION = hostile.same)', t.l, t.r);
    END LOOP;
    FOR t IN SELECT * FROM (VALUES ('concat_ws(text, text, text)', 'text'), ('concat_ws(text, text)', 'text'),
            ('chr(integer)', 'text'), ('count()', 'bigint'),
            ('hashtextextended(text, bigint)', 'bigint'), ('gen_random_uuid()', 'uuid'), ('to_regclass(text)', 'regclass'),
            ('parse_ident(text)', 'text[]'), ('nextval(regclass)', 'bigint'), ('unnest(text[])', 'text'),
            ('has_table_privilege(oid, text)', 'boolean')) v (f, result)
    LOOP
        EXECUTE format('CREATE FUNCTION hostile.%s RETURNS %s LANGUAGE plpgsql AS
            ''BEGIN RAISE EXCEPTION ''''trapped by a function''''; END''', t.f, t.result);
    END LOOP;
END $$;
CREATE TABLE hostile.lexicon (lexicon text);
CREATE TABLE hostile.batch (menu_id bigint, name text);
CREATE TABLE hostile.pg_class (oid oid);
CREATE TYPE hostile.text AS (x int);
CREATE TYPE hostile.int8 AS (x int);";

/// Where the trap's own tables and operators come before those of the system.
const HOSTILE_PATH: &str = "SET search_path = hostile, public, pg_catalog";

#[test]
fn a_search_path_with_traps_springs_none() {
    let (database, mut session) = with_stream("search_path");
    session.run(HOSTILE);
    let path = database.file("menu.csv", "menu_id,name,price\n3,pepsi,1\nx,y,z\n");
    let mut victim = database.session();
    victim.run(HOSTILE_PATH);
    victim.run("INSERT INTO public.terms VALUES (6, 'Fanta')");
    assert_eq!(
        victim.lines("SELECT * FROM termstream.has_match('brands', 'fanta')"),
        ["t"]
    );
    victim.copy("COPY menu FROM STDIN (FORMAT csv)", "1,pepsi,1\nx,y,z\n");
    victim.run(&format!("CALL termstream.load_file('menu', '{path}')"));
    victim.run("CREATE TABLE public.more (term_id pg_catalog.int8, term pg_catalog.text)");
    victim.run("SELECT termstream.create_lexicon('more', 'public.more')");
    victim.run("INSERT INTO public.more VALUES (1, 'Pepsi')");
    victim.run("SELECT termstream.refresh_lexicon('more')");
    victim.run(
        "SELECT termstream.create_match_stream('public.inbox', 'id pg_catalog.int8, t pg_catalog.text', 'more', 'id', '{t}', 'public.found')",
    );
    victim.run("INSERT INTO public.inbox VALUES ('1', 'pepsi')");
    victim.run("SELECT termstream.drop_stream('public.inbox')");
    victim.run("SELECT termstream.drop_lexicon('more')");
    victim
        .error("SELECT termstream.has_match('no such', 'x')")
        .is("42704", "lexicon \"no such\" does not exist");
    assert_eq!(session.lines("SELECT * FROM public.found"), ["1|1"]);
    assert_eq!(pairs(&mut session), ["1|2", "3|2"]);
}

#[test]
fn the_triggers_functions_are_of_no_use_elsewhere() {
    let (_database, mut session) = with_stream("triggers");
    session
        .error("SELECT termstream.note_change()")
        .is("39P01", "this function can only be called as a trigger");
    session.run(
        "CREATE TABLE plain (a int, b text);
         CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION termstream.take_rows();
         CREATE TRIGGER u AFTER INSERT ON plain EXECUTE FUNCTION termstream.take_rows();
         CREATE TRIGGER v BEFORE INSERT ON plain EXECUTE FUNCTION termstream.take_rows()",
    );
    let code = session.error("INSERT INTO plain VALUES (1, 'x')").code;
    assert_eq!(code, "42704", "no stream");
    session.run("DROP TRIGGER v ON plain");
    assert_eq!(
        session.error("INSERT INTO plain VALUES (1, 'x')").code,
        "55000"
    );
    // note_change may stand on any table: it notes a change of what it is given.
    session.run(
        "CREATE TABLE other (a int);
         CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON other FOR EACH ROW EXECUTE FUNCTION termstream.note_change('no such')",
    );
    session.run("INSERT INTO other VALUES (1); UPDATE other SET a = 2; INSERT INTO other VALUES (3); DELETE FROM other WHERE a = 3");
    assert_eq!(
        session.lines("SELECT a FROM other"),
        ["2"],
        "a trigger before a row lets it be"
    );
}
