//! Who has the schema of the extension before the extension is made.

use crate::database::{Database, Session};

/// Fits a call with a column of varchar better than the extension's own.
const PLANT: &str = "CREATE FUNCTION termstream.has_match(varchar, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'";

#[test]
fn the_extension_is_not_made_in_somebody_elses_schema() {
    let database = Database::empty("attack_schema");
    let mut superuser = database.session();
    let mallory = database.role("mallory");
    let mut session = database.session_of(&mallory);
    superuser.run(&format!(
        "GRANT CREATE ON DATABASE {} TO {mallory}",
        database.name
    ));
    const MAKE: &str = "CREATE EXTENSION termstream";
    let refused = |superuser: &mut Session| {
        superuser.error(MAKE).is(
            "42501",
            "schema \"termstream\" is not safe to create the extension in",
        );
    };
    // Hers, with operators of hers in wait for the check itself.
    session.run(
        "CREATE SCHEMA termstream;
         CREATE FUNCTION termstream.equal(oid, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT false';
         CREATE OPERATOR termstream.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = termstream.equal)",
    );
    refused(&mut superuser);
    superuser.run("DROP SCHEMA termstream CASCADE");
    // A superuser's, in which she may create, or in which she has created.
    superuser.run(&format!(
        "CREATE SCHEMA termstream; GRANT CREATE, USAGE ON SCHEMA termstream TO {mallory}"
    ));
    refused(&mut superuser);
    session.run(PLANT);
    superuser.run(&format!(
        "REVOKE CREATE ON SCHEMA termstream FROM {mallory}"
    ));
    refused(&mut superuser);
    superuser.run("DROP FUNCTION termstream.has_match(varchar, text)");
    // As a restore makes it.
    superuser.run(MAKE);
    session
        .error(PLANT)
        .is("42501", "permission denied for schema termstream");
    superuser.run("DROP EXTENSION termstream; DROP SCHEMA termstream");
    superuser.run(MAKE);
    session
        .error(PLANT)
        .is("42501", "permission denied for schema termstream");
}
