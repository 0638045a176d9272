//! Writes one record as a CSV line that the parser, and COPY, read back as the same fields.

use memchr::memchr3;

/// The fields as a line of `COPY … (FORMAT csv)` with its default options, without a line end.
/// `None` is NULL and written as nothing; an empty string is written as `""`.
///
/// ```
/// use termstream_core::record::csv_line;
///
/// let fields: [Option<&[u8]>; 4] = [Some(b"7"), Some(b"a, \"b\""), None, Some(b"")];
/// assert_eq!(csv_line(fields), br#"7,"a, ""b""",,"""#);
/// ```
pub fn csv_line<'a>(fields: impl IntoIterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        if let Some(value) = field {
            write_field(value, &mut line);
        }
    }
    line
}

fn write_field(value: &[u8], line: &mut Vec<u8>) {
    // A byte order mark at the start of a file would be skipped, and `\.` ends the data of an old
    // COPY: both are harmless when quoted.
    let quoted = value.is_empty()
        || memchr3(b',', b'\n', b'\r', value).is_some()
        || value.contains(&b'"')
        || value.starts_with("\u{feff}".as_bytes())
        || value == b"\\.";
    if !quoted {
        line.extend_from_slice(value);
        return;
    }
    line.push(b'"');
    for (index, part) in value.split(|&byte| byte == b'"').enumerate() {
        if index > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(part);
    }
    line.push(b'"');
}
