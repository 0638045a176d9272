//! The columns of a stream, as the rows of a feeder fill them: in their order, with what those get that a
//! row lacks, and numbers as the stream expects them.

use std::borrow::Cow;
use termstream::load::NumberFormat;
use termstream::record::LEFT_OUT;

use crate::door::Inbox;

#[cfg_attr(not(any(feature = "kafka", feature = "kinesis")), allow(dead_code))]
pub struct Columns {
    pub names: Vec<String>,
    /// Whether they have a default.
    pub defaults: Vec<bool>,
    numbers: Vec<Option<NumberFormat>>,
}

#[cfg_attr(not(any(feature = "kafka", feature = "kinesis")), allow(dead_code))]
impl Columns {
    pub fn of(inbox: &Inbox) -> Columns {
        Columns {
            names: inbox.columns.clone(),
            defaults: inbox.defaults.clone(),
            numbers: inbox.numbers.clone(),
        }
    }

    /// What a column gets of a message that lacks it: its default, or NULL.
    pub fn left_out(&self, column: usize) -> Option<&'static str> {
        let has_default = self.defaults.get(column).is_some_and(|has| *has);
        has_default.then_some(LEFT_OUT)
    }

    /// A number of JSON's or Avro's for the column, which may expect its numbers as people write them.
    pub fn number<'a>(&self, column: usize, number: Cow<'a, str>) -> Cow<'a, str> {
        match self.numbers.get(column) {
            Some(Some(format)) if number.contains('.') => {
                number.replace('.', &format.point().to_string()).into()
            }
            _ => number,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Columns of these names, of which the second has a default and a decimal comma.
    pub fn with_default(names: &[&str]) -> Columns {
        Columns {
            names: names.iter().map(|name| name.to_string()).collect(),
            defaults: vec![false, true],
            numbers: vec![None, NumberFormat::new("1234,56").ok()],
        }
    }
}
