//! Parses an answer: one JSON value for each row asked, in the order of the rows.
//!
//! Nothing is guessed: an answer for fewer, more or other rows than were asked is refused as a whole.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// How the service says which row an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By this field of each answer.
    Field(String),
    /// By the order of the request.
    Order,
}

/// What the body of an answer looks like.
#[derive(Clone, Debug)]
pub struct Shape {
    /// A list, or one value.
    pub list: bool,
    /// The field of an object that holds the list, or the value.
    pub inside: Option<String>,
    pub naming: Naming,
}

impl Shape {
    /// Returns the answers for the rows with these keys.
    pub fn answers<'a>(&self, body: &'a str, keys: &[&str]) -> Result<Vec<&'a RawValue>, String> {
        let mut value: &RawValue = parsed(body, "no JSON")?;
        if let Some(field) = &self.inside {
            let object: HashMap<Cow<'_, str>, &RawValue> = parsed(value.get(), "no JSON object")?;
            value = object
                .get(field.as_str())
                .ok_or_else(|| format!("the answer has no field \"{field}\""))?;
        }
        let answers: Vec<&RawValue> = match self.list {
            true => parsed(value.get(), "no JSON list")?,
            false => vec![value],
        };
        if answers.len() != keys.len() {
            return Err(format!(
                "asked about {} rows, answered for {}",
                keys.len(),
                answers.len()
            ));
        }
        match &self.naming {
            Naming::Order => Ok(answers),
            Naming::Field(field) => by_key(&answers, field, keys),
        }
    }
}

fn by_key<'a>(
    answers: &[&'a RawValue],
    field: &str,
    keys: &[&str],
) -> Result<Vec<&'a RawValue>, String> {
    let mut found: HashMap<String, &'a RawValue> = HashMap::with_capacity(answers.len());
    for answer in answers {
        let object: HashMap<Cow<'_, str>, &RawValue> =
            parsed(answer.get(), "an answer is no JSON object")?;
        let name = object
            .get(field)
            .ok_or_else(|| format!("an answer has no field \"{field}\""))?;
        let name = match name.get() {
            text if text.starts_with('"') => parsed(text, "no JSON string")?,
            other => other.to_owned(),
        };
        if found.insert(name.clone(), answer).is_some() {
            return Err(format!("two answers for row \"{name}\""));
        }
    }
    let in_order = keys.iter().map(|key| {
        found
            .remove(*key)
            .ok_or_else(|| format!("no answer for row \"{key}\""))
    });
    in_order.collect()
}

fn parsed<'a, T: serde::Deserialize<'a>>(text: &'a str, what: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(list: bool, inside: &str, field: &str) -> Shape {
        Shape {
            list,
            inside: (!inside.is_empty()).then(|| inside.to_owned()),
            naming: match field {
                "" => Naming::Order,
                field => Naming::Field(field.to_owned()),
            },
        }
    }

    #[test]
    fn answers_come_in_the_order_of_the_rows_or_not_at_all() {
        let whole = "the answers are taken";
        for (list, inside, field, body, keys, expected) in [
            (
                true,
                "",
                "id",
                r#"[{"id":2,"c":"b"},{"id":"1"}]"#,
                "1 2",
                whole,
            ),
            (true, "out", "id", r#"{"n":1,"out":[{"id":1}]}"#, "1", whole),
            (true, "", "", r#"["a",null]"#, "1 2", whole),
            (false, "", "", r#"{"c":"a"}"#, "1", whole),
            (false, "", "id", r#"{"id":1,"c":"a"}"#, "1", whole),
            (
                true,
                "",
                "id",
                r#"[{"id":1}]"#,
                "1 2",
                "asked about 2 rows, answered for 1",
            ),
            (
                true,
                "",
                "",
                r#"[1,2,3]"#,
                "1 2",
                "asked about 2 rows, answered for 3",
            ),
            (
                true,
                "",
                "id",
                r#"[{"id":1},{"id":3}]"#,
                "1 2",
                "no answer for row \"2\"",
            ),
            (
                true,
                "",
                "id",
                r#"[{"id":1},{"id":1}]"#,
                "1 2",
                "two answers for row \"1\"",
            ),
            (
                true,
                "",
                "id",
                r#"[{"id":1},{"c":1}]"#,
                "1 2",
                "an answer has no field \"id\"",
            ),
            (
                false,
                "",
                "id",
                r#"{"id":2}"#,
                "1",
                "no answer for row \"1\"",
            ),
            (
                true,
                "out",
                "id",
                r#"{"other":[]}"#,
                "1",
                "the answer has no field \"out\"",
            ),
        ] {
            let keys: Vec<&str> = keys.split(' ').collect();
            let found = match shape(list, inside, field).answers(body, &keys) {
                Ok(answers) => {
                    assert_eq!(answers.len(), keys.len());
                    whole.to_owned()
                }
                Err(message) => message,
            };
            assert_eq!(found, expected, "{body}");
        }
        let two = shape(true, "", "id")
            .answers(r#"[{"id":2,"n":1.50},{"id":1}]"#, &["1", "2"])
            .unwrap();
        assert_eq!(two[1].get(), r#"{"id":2,"n":1.50}"#, "as it was written");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for body in ["", "<html>", "[{]", "{}", "[1]", r#"[{"id":1}"#] {
            assert!(
                shape(true, "", "id").answers(body, &["1"]).is_err(),
                "{body}"
            );
        }
    }
}
