//! The attacker: a role, its schema, and a function that does what it can with the rights it runs with.

use crate::database::{Database, Session};

pub struct Mallory {
    pub database: Database,
    pub superuser: Session,
    pub session: Session,
    pub role: String,
}

/// `mallory.strike()` makes its caller's role superuser if it can, and writes down as whom it ran.
/// `mallory.f(n)`, which claims to be immutable, calls it: so does whoever plans a query over an index
/// on it.
const WEAPONS: &str = "
CREATE TABLE mallory.ran (who text);
CREATE FUNCTION mallory.strike() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    BEGIN EXECUTE 'ALTER ROLE {role} SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN INSERT INTO mallory.ran VALUES (current_user); EXCEPTION WHEN OTHERS THEN NULL; END;
    RETURN 1;
END $$;
CREATE FUNCTION mallory.f(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN PERFORM mallory.strike(); RETURN n; END $$;
-- Whoever runs it may write here.
GRANT USAGE ON SCHEMA mallory TO PUBLIC;
GRANT INSERT ON mallory.ran TO PUBLIC;";

impl Mallory {
    /// A database of the attack's own, with the extension and a victim's lexicon \"brands\".
    pub fn new(name: &str) -> Mallory {
        let database = Database::new(&format!("attack_{name}"));
        let mut superuser = database.session();
        let role = database.role("mallory");
        superuser.run(&format!("CREATE SCHEMA mallory AUTHORIZATION {role}"));
        superuser.run(
            "CREATE TABLE public.terms (term_id bigint PRIMARY KEY, term text);
             INSERT INTO public.terms VALUES (1, 'Coca-Cola'), (2, 'Pepsi');
             SELECT termstream.create_lexicon('brands', 'public.terms')",
        );
        let mut session = database.session_of(&role);
        session.run("SET search_path = mallory");
        session.run(&WEAPONS.replace("{role}", &role));
        Mallory {
            database,
            superuser,
            session,
            role,
        }
    }

    /// Fails if she has become superuser, or if code of hers ran as somebody else.
    #[track_caller]
    pub fn has_gained_nothing(&mut self) {
        let is_super = format!(
            "SELECT rolsuper FROM pg_roles WHERE rolname = '{}'",
            self.role
        );
        assert_eq!(self.superuser.one(&is_super), "f", "mallory is superuser");
        let others = format!(
            "SELECT DISTINCT who FROM mallory.ran WHERE who <> '{}'",
            self.role
        );
        let none: [&str; 0] = [];
        assert_eq!(
            self.superuser.lines(&others),
            none,
            "her code ran as others"
        );
    }

    /// Fails if her code has not run at all: then the attack tries nothing.
    #[track_caller]
    pub fn has_struck(&mut self) {
        let ran = self.superuser.one("SELECT count(*) > 0 FROM mallory.ran");
        assert_eq!(ran, "t", "her code never ran");
    }
}
