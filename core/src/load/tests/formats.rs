//! Numbers and times that are not written as SQL writes them.

use super::*;

#[test]
fn a_number_is_read_as_its_format_writes_1234_56() {
    let cases: &[(&str, &str, Option<&str>)] = &[
        ("1234,56", "-952,40", Some("-952.40")),
        ("1234,56", "952.40", None),
        ("1234,56", "1 234,56", None),
        ("1234,56", "12", Some("12")),
        ("1234,56", "12,", None),
        ("1234,56", ",5", None),
        ("1.234,56", "1.234.567,8", Some("1234567.8")),
        ("1.234,56", "1234567,8", Some("1234567.8")),
        ("1.234,56", "952.40", None),
        ("1.234,56", "1.2345", None),
        ("1.234,56", "1234.567", None),
        ("1.234,56", "12.34.567", None),
        ("1 234,56", "-1 234,56", Some("-1234.56")),
        ("1 234,56", "1\u{a0}234\u{202f}567,00", Some("1234567.00")),
        ("1 234,56", " +7,0 ", Some("7.0")),
        ("1 234,56", "−7", Some("-7")),
        ("1 234,56", "1 2", None),
        ("1,234.56", "1,234.56", Some("1234.56")),
        ("1,234.56", "1,234,56", None),
        ("1'234.56", "9'999'999.9", Some("9999999.9")),
        ("1.234", "1.234.567", Some("1234567")),
        ("1.234", "1.5", None),
        ("1234", "7", Some("7")),
        ("1234", "7.5", None),
        ("1234,56", "", None),
        ("1234,56", "-", None),
        ("1234,56", "--1", None),
        ("1234,56", "1e5", None),
        ("1234,56", "NaN", None),
        ("1234,56", "1,2,3", None),
        ("1234,56", "١٢", None),
    ];
    for (format, text, expected) in cases {
        let sql = NumberFormat::new(format).unwrap().to_sql(text);
        assert_eq!(sql.as_deref(), *expected, "{text:?} as {format:?}");
    }
}

#[test]
fn a_number_written_for_machines_is_read_as_what_it_is() {
    for format in [
        "1234,56", "1.234,56", "1 234,56", "1,234.56", "1'234.56", "1234", "1.234",
    ] {
        let of = NumberFormat::new(format).unwrap();
        let has_fractions = format.ends_with("56");
        for number in [
            "0",
            "-7",
            "1234567",
            "1.234",
            "-56.8",
            "0.5",
            "1234.5678",
            "12.345.678",
            "1e5",
        ] {
            let is_number = number.parse::<f64>().is_ok() && !number.contains('e');
            let readable = is_number && (has_fractions || !number.contains('.'));
            assert_eq!(
                of.to_sql(&number.replace('.', &of.point().to_string()))
                    .as_deref(),
                readable.then_some(number),
                "{number} as {format}"
            );
        }
    }
}

#[test]
fn a_number_format_is_that_number() {
    for format in [
        "",
        "1",
        "1234,5",
        "1234,567",
        "12345,67",
        "1,234,56",
        "1-234,56",
        "decimal_comma",
        "1234 56",
        "1 234 56",
        "2345,67",
        "1a234,56",
        "1..234,56",
    ] {
        assert_eq!(
            NumberFormat::new(format),
            Err(Error::InvalidNumberFormat {
                value: format.into()
            }),
            "{format:?}"
        );
    }
}

#[test]
fn a_time_is_read_by_its_template() {
    let cases: &[(&str, &str, Option<&str>)] = &[
        (
            "DD/MM/YYYY HH24:MI:SS",
            "28/11/2023 06:35:12",
            Some("2023-11-28 06:35:12.000000"),
        ),
        (
            "DD/MM/YYYY HH24:MI:SS",
            "8/1/2023 6:05:02",
            Some("2023-01-08 06:05:02.000000"),
        ),
        ("DD/MM/YYYY HH24:MI:SS", "28/11/2023", None),
        ("DD/MM/YYYY HH24:MI:SS", "28/11/2023 06:35:12 CET", None),
        ("DD/MM/YYYY HH24:MI:SS", "28-11-2023 06:35:12", None),
        ("dd.mm.yy", "01.02.69", Some("2069-02-01")),
        ("dd.mm.yy", "01.02.70", Some("1970-02-01")),
        ("YYYYMMDD", "20231128", Some("2023-11-28")),
        ("YYYYMMDD", "231128", None),
        (
            "YYYY-MM-DD\"T\"HH24:MI:SS.MS",
            "2023-11-28T06:35:12.5",
            Some("2023-11-28 06:35:12.500000"),
        ),
        ("HH24:MI", "23:59", Some("23:59:00.000000")),
        ("HH:MI AM", "12:01 am", Some("00:01:00.000000")),
        ("HH12:MI PM", "12:01 PM", Some("12:01:00.000000")),
        ("HH12:MI PM", "1:01 pm", Some("13:01:00.000000")),
        ("HH12:MI PM", "13:01 pm", None),
        ("HH24:MI:SS.US", "1:2:3.000042", Some("01:02:03.000042")),
        // Whether there is such a day is for the type to say.
        ("DD/MM/YYYY", "99/99/2023", Some("2023-99-99")),
        ("DD/MM/YYYY", "", None),
        ("HH24\"é\"MI:SS", "1é2:3", Some("01:02:03.000000")),
        ("DD/MM/YYYY HH12 AM", "1/1/2023 1 é", None),
    ];
    for (template, text, expected) in cases {
        let iso = TimeFormat::new(template).unwrap().to_iso(text);
        assert_eq!(iso.as_deref(), *expected, "{text:?} as {template:?}");
    }
}

#[test]
fn a_template_says_all_of_a_date_or_a_time() {
    for template in [
        "",
        "YYYY",
        "DD/MM",
        "YYYY-MM-DD HH:MI",
        "HH24:MI AM",
        "DD/DD/YYYY",
        "Month YYYY",
        "MI:SS",
        "YYYY-MM-DDTHH24",
        "YYYY-MM-DD \"x",
        "YY YYYY MM DD",
    ] {
        assert_eq!(
            TimeFormat::new(template),
            Err(Error::InvalidTimeFormat {
                value: template.into()
            }),
            "{template:?}"
        );
    }
}
