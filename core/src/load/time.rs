//! Dates and times as people write them, by a template in the words of Postgres' `to_timestamp`:
//! `DD/MM/YYYY HH24:MI:SS`.
//!
//! Strict where `to_timestamp` guesses: what the template has, the text must have, and nothing besides.
//! Whether the day exists is for the type to say.

use super::error::Error;

/// How an input writes dates and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Field(Field),
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    ShortYear,
    Month,
    Day,
    Hour,
    Hour12,
    Minute,
    Second,
    Milliseconds,
    Microseconds,
    Noon,
}

/// The longer ones before those that they begin with.
const PATTERNS: [(&str, Field); 13] = [
    ("YYYY", Field::Year),
    ("YY", Field::ShortYear),
    ("MM", Field::Month),
    ("MI", Field::Minute),
    ("MS", Field::Milliseconds),
    ("DD", Field::Day),
    ("HH24", Field::Hour),
    ("HH12", Field::Hour12),
    ("HH", Field::Hour12),
    ("SS", Field::Second),
    ("US", Field::Microseconds),
    ("AM", Field::Noon),
    ("PM", Field::Noon),
];

impl TimeFormat {
    /// Reads a template, as `DD/MM/YYYY HH24:MI:SS`. One with a word that is not known, or without a date or a
    /// time, is an error.
    pub fn new(template: &str) -> Result<Self, Error> {
        Self::of(template).ok_or_else(|| Error::InvalidTimeFormat {
            value: template.to_owned(),
        })
    }

    fn of(template: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some(c) = rest.chars().next() {
            let next: String = rest.chars().take(4).collect();
            let next = next.to_ascii_uppercase();
            let found = PATTERNS
                .iter()
                .find(|(pattern, _)| next.starts_with(pattern));
            if let Some((pattern, field)) = found {
                parts.push(Part::Field(*field));
                rest = &rest[pattern.len()..];
            } else if c == '"' {
                let (literal, after) = rest[1..].split_once('"')?;
                parts.extend(literal.chars().map(Part::Literal));
                rest = after;
            } else if c.is_alphanumeric() {
                return None;
            } else {
                parts.push(Part::Literal(c));
                rest = &rest[c.len_utf8()..];
            }
        }
        let format = TimeFormat { parts };
        let date = [format.has(Field::Month), format.has(Field::Day)];
        let year = format.has_one_of(Field::Year, Field::ShortYear)?;
        let hour = format.has_one_of(Field::Hour, Field::Hour12)?;
        format.has_one_of(Field::Milliseconds, Field::Microseconds)?;
        let twelve = format.has(Field::Hour12) == format.has(Field::Noon);
        let is_whole = date == [year; 2] && (year || hour) && twelve;
        (is_whole && format.fields().all(|one| format.count(one) == 1)).then_some(format)
    }

    fn fields(&self) -> impl Iterator<Item = Field> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(field) => Some(*field),
            Part::Literal(_) => None,
        })
    }

    fn count(&self, field: Field) -> usize {
        self.fields().filter(|one| *one == field).count()
    }

    fn has(&self, field: Field) -> bool {
        self.count(field) > 0
    }

    /// Whether the format has one of two fields; `None` if it has both.
    fn has_one_of(&self, one: Field, other: Field) -> Option<bool> {
        let both = (self.has(one), self.has(other));
        (both != (true, true)).then_some(both != (false, false))
    }

    /// The date and time as ISO 8601 writes them; `None` if the text is not written in this format.
    pub fn to_iso(&self, text: &str) -> Option<String> {
        let mut rest = text.trim();
        let (mut year, mut month, mut day) = (None, 0, 0);
        let (mut hour, mut minute, mut second, mut micros) = (None, 0, 0, 0);
        let mut afternoon = None;
        for part in &self.parts {
            let field = match part {
                Part::Literal(literal) => {
                    rest = rest.strip_prefix(*literal)?;
                    continue;
                }
                Part::Field(field) => *field,
            };
            match field {
                Field::Year => year = Some(digits(&mut rest, 4, 4)?.0),
                Field::ShortYear => {
                    let short = digits(&mut rest, 2, 2)?.0;
                    // As to_timestamp: nearest to the year 2020.
                    year = Some(if short < 70 {
                        2000 + short
                    } else {
                        1900 + short
                    });
                }
                Field::Month => month = digits(&mut rest, 1, 2)?.0,
                Field::Day => day = digits(&mut rest, 1, 2)?.0,
                Field::Hour => hour = Some(digits(&mut rest, 1, 2)?.0),
                Field::Hour12 => {
                    hour = Some(digits(&mut rest, 1, 2)?.0).filter(|hour| (1..=12).contains(hour));
                    hour?;
                }
                Field::Minute => minute = digits(&mut rest, 1, 2)?.0,
                Field::Second => second = digits(&mut rest, 1, 2)?.0,
                Field::Milliseconds => micros = fraction(&mut rest, 3)?,
                Field::Microseconds => micros = fraction(&mut rest, 6)?,
                Field::Noon => {
                    let mark = rest.get(..2)?.to_ascii_uppercase();
                    rest = &rest[2..];
                    afternoon = Some(match mark.as_str() {
                        "AM" => false,
                        "PM" => true,
                        _ => return None,
                    });
                }
            }
        }
        if !rest.is_empty() {
            return None;
        }
        if let (Some(hour), Some(afternoon)) = (&mut hour, afternoon) {
            *hour = *hour % 12 + if afternoon { 12 } else { 0 };
        }
        let date = year.map(|year| format!("{year:04}-{month:02}-{day:02}"));
        let time = hour.map(|hour| format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"));
        Some(
            [date, time]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
        )
    }
}

/// Takes as many digits as there are, at least and at most so many: their number, and how many.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<(u32, usize)> {
    let there = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if there < least {
        return None;
    }
    let (taken, after) = rest.split_at(there);
    *rest = after;
    Some((taken.parse().ok()?, there))
}

/// Digits behind the point, as millionths.
fn fraction(rest: &mut &str, most: usize) -> Option<u32> {
    let (number, length) = digits(rest, 1, most)?;
    Some(number * 10_u32.pow(6 - length as u32))
}
