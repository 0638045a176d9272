//! On well-formed input the parser reads what the crate `csv` reads, which knows nothing of NULL.

use super::*;
use proptest::prelude::*;

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 é]{0,6}",
        "[a-z,\"\n\r']{0,8}",
        Just(String::new()),
        Just("\"".to_owned()),
    ]
}

fn rows(count: usize) -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(field(), count), 0..12)
}

fn fields(seen: &[Seen]) -> Vec<Vec<String>> {
    seen.iter()
        .map(|event| match event {
            Seen::Row { fields, .. } => fields
                .iter()
                .map(|field| field.clone().unwrap_or_default())
                .collect(),
            Seen::Bad { .. } => panic!("malformed: {event:?}"),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        rows in rows(3),
        crlf in any::<bool>(),
        escaped in any::<bool>(),
        always in any::<bool>(),
    ) {
        let mut writer = ::csv::WriterBuilder::new();
        if crlf {
            writer.terminator(::csv::Terminator::CRLF);
        }
        if escaped {
            writer.double_quote(false).escape(b'\\');
        }
        if always {
            writer.quote_style(::csv::QuoteStyle::Always);
        }
        let mut writer = writer.from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let input = writer.into_inner().unwrap();
        let escape = if escaped { "\\" } else { "\"" };
        let options = options(3).escape(escape).unwrap();
        prop_assert_eq!(fields(&parse(&options, &input).unwrap()), rows);
    }

    #[test]
    fn quoted_or_plain_input_is_read_as_the_csv_crate_reads_it(
        rows in prop::collection::vec(
            prop::collection::vec("[a-z ]{0,4}|\"([a-z,\n]|\"\"){0,4}\"[a-z]{0,2}", 3), 0..10),
    ) {
        let lines: Vec<String> = rows.iter().map(|row| row.join(",") + "\n").collect();
        let input = lines.concat();
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(input.as_bytes());
        let expected: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        prop_assert_eq!(fields(&parse(&options(3), input.as_bytes()).unwrap()), expected);
    }
}

#[test]
fn real_files_are_read_as_the_csv_crate_reads_them() {
    let files = [
        ("brands-small/input.csv", 3, 2_000),
        ("brands-demo/terms.csv", 2, 200),
    ];
    for (file, count, rows) in files {
        let path = format!("{}/../../shared/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let Ok(input) = std::fs::read(&path) else {
            println!("skipped: {path} is absent");
            continue;
        };
        let mut reader = ::csv::Reader::from_reader(input.as_slice());
        let expected: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        assert_eq!(expected.len(), rows);
        let options = options(count).header(Header::Yes).unwrap();
        assert_eq!(fields(&parse(&options, &input).unwrap()), expected);
    }
}
