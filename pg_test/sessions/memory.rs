//! Memory stays bounded, whatever the number of rows; told by the backend's own `/proc` entry.

use crate::database::Session;
use crate::fixtures::with_stream;

/// Private memory of a backend in KiB; `None` where the server is on another machine.
pub fn private_kib(session: &mut Session) -> Option<u64> {
    let pid = session.pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// How much a backend may grow from 50,000 to 300,000 rows.
const GROWTH_KIB: u64 = 16 << 10;

fn rows(first: u64, number: u64) -> String {
    (first..first + number)
        .map(|n| match n % 10 {
            0 => format!("{n},a can of pepsi and some crisps,1.50\n"),
            7 => format!("x{n},this row is no good,1\n"),
            _ => format!("{n},house salad with olives and feta,2\n"),
        })
        .collect()
}

#[test]
fn a_backend_does_not_grow_with_the_rows_it_takes() {
    let (database, mut session) = with_stream("memory_copy");
    let path = database.file(
        "rows.csv",
        format!("menu_id,name,price\n{}", rows(0, 300_000)),
    );
    type Door<'a> = &'a dyn Fn(&mut Session, u64, u64);
    let copy: Door = &|session, first, number| {
        session.copy("COPY menu FROM STDIN (FORMAT csv)", rows(first, number));
    };
    let insert: Door = &|session, first, number| {
        session.run(&format!("INSERT INTO menu SELECT n::text, 'a can of pepsi', '1' FROM generate_series({first}, {first} + {number}) n"));
    };
    let load_file: Door = &|session, _, number| {
        if number == 300_000 {
            session.run(&format!("CALL termstream.load_file('menu', '{path}')"));
        } else {
            session.copy("COPY menu FROM STDIN (FORMAT csv)", rows(0, 50_000));
        }
    };
    for (door, take) in [("COPY", copy), ("INSERT", insert), ("load_file", load_file)] {
        let mut session = database.session();
        take(&mut session, 0, 50_000);
        let Some(before) = private_kib(&mut session) else {
            println!("SKIP: the server's /proc is not here: memory was NOT measured");
            return;
        };
        take(&mut session, 1_000_000, 300_000);
        let after = private_kib(&mut session).expect("as before");
        assert!(
            after < before + GROWTH_KIB,
            "{door}: from {before} to {after} KiB"
        );
    }
    assert_eq!(session.one("SELECT count(*) > 0 FROM menu_terms"), "t");
}

#[test]
fn a_backend_does_not_grow_with_the_changes_of_its_terms() {
    let (_database, mut session) = with_stream("memory_terms");
    let change = |session: &mut Session, number: u32| {
        for n in 0..number {
            session.run(&format!(
                "UPDATE terms SET term = 'Fanta {n}' WHERE term_id = 1"
            ));
            assert_eq!(
                session.one(&format!(
                    "SELECT termstream.has_match('brands', 'fanta {n}')"
                )),
                "t"
            );
        }
    };
    change(&mut session, 20);
    let Some(before) = private_kib(&mut session) else {
        println!("SKIP: the server's /proc is not here: memory was NOT measured");
        return;
    };
    change(&mut session, 100);
    let after = private_kib(&mut session).expect("as before");
    assert!(after < before + GROWTH_KIB, "from {before} to {after} KiB");
}
