//! Numbers as people write them: "1.234,56" for 1234.56. The format is that number, written as the
//! input writes its numbers.
//!
//! Strict, because a wrong reading is worse than a reject: a separator of groups stands before groups
//! of three digits or nowhere, so that "1.23" is no number where "." groups thousands.

use super::error::Error;

/// How an input writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFormat {
    /// Between groups of three digits, if the input may have it.
    group: Option<char>,
    /// Before the fraction, if the input may have one.
    decimal: Option<char>,
}

impl NumberFormat {
    /// Reads the example: 1234.56, or 1234 where there are no fractions.
    pub fn new(example: &str) -> Result<Self, Error> {
        Self::of(example).ok_or_else(|| Error::InvalidNumberFormat {
            value: example.to_owned(),
        })
    }

    fn of(example: &str) -> Option<Self> {
        let mut rest = example.strip_prefix('1')?.chars();
        let mut next = rest.next()?;
        let mut group = None;
        if next != '2' {
            group = Some(next);
            next = rest.next()?;
        }
        if (next, rest.next()?, rest.next()?) != ('2', '3', '4') {
            return None;
        }
        let decimal = rest.next();
        let fraction = rest.as_str();
        let is_separator = |c: char| !c.is_alphanumeric() && !"+-\"\\".contains(c);
        let fits = group.is_none_or(is_separator)
            && decimal.is_none_or(|c| is_separator(c) && !c.is_whitespace())
            && (group.is_none() || group != decimal)
            && fraction == if decimal.is_some() { "56" } else { "" };
        fits.then_some(NumberFormat { group, decimal })
    }

    /// The number as SQL writes it; `None` if it is not written in this format.
    ///
    /// ```
    /// use termstream_core::load::NumberFormat;
    ///
    /// let format = NumberFormat::new("1.234,56")?;
    /// assert_eq!(format.to_sql("12.050,50").as_deref(), Some("12050.50"));
    /// assert_eq!(format.to_sql("12,050.50"), None);
    /// # Ok::<(), termstream_core::load::Error>(())
    /// ```
    pub fn to_sql(self, text: &str) -> Option<String> {
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => ("-", rest),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match self.decimal.and_then(|point| digits.split_once(point)) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let mut sql = String::with_capacity(text.len() + 1);
        sql.push_str(sign);
        self.push_groups(whole, &mut sql)?;
        if let Some(fraction) = fraction {
            if !is_digits(fraction) {
                return None;
            }
            sql.push('.');
            sql.push_str(fraction);
        }
        Some(sql)
    }

    /// What stands for the point of a number that was written for machines (JSON's, say, or Avro's), so that
    /// [`NumberFormat::to_sql`] reads it as what it is. Where the format has no fractions it is something
    /// that is not read: 1.234 must not become 1234.
    pub fn point(self) -> char {
        match (self.decimal, self.group) {
            (Some(decimal), _) => decimal,
            (None, Some('.')) => ',',
            (None, _) => '.',
        }
    }

    fn push_groups(self, whole: &str, sql: &mut String) -> Option<()> {
        let mut groups = whole.split(|c| self.is_group(c));
        let first = groups.next().filter(|first| is_digits(first))?;
        let mut rest = groups.peekable();
        if rest.peek().is_some() && first.len() > 3 {
            return None;
        }
        sql.push_str(first);
        for group in rest {
            if group.len() != 3 || !is_digits(group) {
                return None;
            }
            sql.push_str(group);
        }
        Some(())
    }

    /// A space stands for the spaces that do not break a line, too.
    fn is_group(self, c: char) -> bool {
        match self.group {
            Some(' ') => [' ', '\u{a0}', '\u{202f}', '\u{2009}'].contains(&c),
            group => group == Some(c),
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
