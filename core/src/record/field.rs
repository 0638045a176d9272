//! What a record says of one of its columns.

/// The value of one field of a record or of a row.
///
/// That a value is left out is no text, so that no text of an input can say it by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// A text, as bytes.
    Text(&'a [u8]),
    /// NULL.
    Null,
    /// No value: the column's default is taken. Only where the column has one.
    LeftOut,
}

impl<'a> Field<'a> {
    /// The text, if it is one.
    pub fn text(self) -> Option<&'a [u8]> {
        match self {
            Field::Text(text) => Some(text),
            Field::Null | Field::LeftOut => None,
        }
    }
}

/// A text, or NULL for `None`.
impl<'a> From<Option<&'a [u8]>> for Field<'a> {
    fn from(text: Option<&'a [u8]>) -> Field<'a> {
        text.map_or(Field::Null, Field::Text)
    }
}
