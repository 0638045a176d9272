//! What most tests begin with: some brands, a lexicon of them, a stream.

use crate::database::{Database, Session};

pub const TERMS: &str = "
CREATE TABLE terms (term_id bigint PRIMARY KEY, term text);
INSERT INTO terms VALUES
    (1, 'Coca-Cola'), (2, 'Pepsi'), (3, 'Ben & Jerry''s'), (4, 'Nestlé'), (5, 'Red Bull');";

pub const LEXICON: &str = "SELECT termstream.create_lexicon('brands', 'terms')";

pub const STREAM: &str = "
SELECT termstream.create_match_stream('menu', columns => 'menu_id bigint, name text, price numeric(5,2)',
    lexicon => 'brands', key => 'menu_id', text_columns => '{name}', pairs => 'menu_terms')";

/// A database with the terms and their lexicon.
pub fn with_lexicon(name: &str) -> (Database, Session) {
    let database = Database::new(name);
    let mut session = database.session();
    session.run(TERMS);
    session.run(LEXICON);
    (database, session)
}

/// A database with terms, lexicon and the stream `menu`.
pub fn with_stream(name: &str) -> (Database, Session) {
    let (database, mut session) = with_lexicon(name);
    session.run(STREAM);
    (database, session)
}

/// The ids of the terms in a document.
pub fn ids(session: &mut Session, document: &str) -> String {
    session.one(&format!(
        "SELECT coalesce(string_agg(term_id::text, ',' ORDER BY term_id), 'none')
           FROM termstream.match('brands', $doc${document}$doc$)"
    ))
}

/// The pairs of the stream `menu`.
pub fn pairs(session: &mut Session) -> Vec<String> {
    session.lines("SELECT menu_id, term_id FROM menu_terms ORDER BY 1, 2")
}

/// read, taken and rejected rows, new pairs and state of each load, the newest last.
pub fn loads(session: &mut Session) -> Vec<String> {
    session
        .lines("SELECT read, taken, rejected, pairs, state FROM termstream.loads ORDER BY load_id")
}
