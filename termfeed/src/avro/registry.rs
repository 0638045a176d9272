//! A schema registry with Confluent's REST interface: schemas by their id, and ids for schemas.
//!
//! A schema never changes once it has its id, so that each is asked for once.

use apache_avro::Schema;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, with_causes};
use crate::settings::Secret;

/// How long the registry may take to answer before it is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Schemas that a schema needs and that are not in its own text, at the most.
const MOST_REFERENCES: usize = 100;

const ACCEPTED: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// A schema, and the schemas to which it refers.
pub struct Written {
    pub schema: Schema,
    pub others: Vec<Schema>,
}

pub struct Registry {
    client: Client,
    /// The URL, which may hold a password.
    url: Secret,
    known: HashMap<u32, Arc<Written>>,
}

#[derive(Deserialize)]
struct Answer {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    subject: String,
    version: u32,
}

impl Registry {
    pub fn new(url: &Secret) -> Result<Registry, Error> {
        let valid = reqwest::Url::parse(url.expose()).is_ok_and(|url| url.has_host());
        if !valid {
            return Err(Error::Settings(
                "--schema-registry is no URL: write \"http://host:port\"".into(),
            ));
        }
        let client = Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Error::Settings(format!("HTTP: {}", with_causes(&error))))?;
        Ok(Registry {
            client,
            url: url.clone(),
            known: HashMap::new(),
        })
    }

    /// Fetches the schema with this id. The inner error is permanent.
    pub async fn schema(&mut self, id: u32) -> Result<Result<Arc<Written>, String>, Error> {
        if let Some(known) = self.known.get(&id) {
            return Ok(Ok(known.clone()));
        }
        let Some(answer) = self.ask(&format!("schemas/ids/{id}")).await? else {
            return Ok(Err(format!("the registry has no schema {id}")));
        };
        if let Some(kind) = answer.kind.as_deref().filter(|kind| *kind != "AVRO") {
            return Ok(Err(format!("schema {id} is {kind}, not Avro")));
        }
        let others = self.references(&answer).await?;
        let written = match Schema::parse_str_with_list(&answer.schema, &others) {
            Ok((schema, others)) => Arc::new(Written { schema, others }),
            Err(error) => return Ok(Err(format!("schema {id} is not valid: {error}"))),
        };
        self.known.insert(id, written.clone());
        Ok(Ok(written))
    }

    /// Returns the id of a schema under a subject, registering it if needed.
    pub async fn register(&self, subject: &str, schema: &str) -> Result<u32, Error> {
        #[derive(Deserialize)]
        struct Registered {
            id: u32,
        }
        let asked = self
            .client
            .post(self.place(&["subjects", subject, "versions"])?)
            .header("Accept", ACCEPTED)
            .header("Content-Type", "application/vnd.schemaregistry.v1+json")
            .body(json!({ "schema": schema }).to_string());
        let answer = asked.send().await.map_err(away)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(away)?;
        if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
            return Err(Error::Settings(format!(
                "the registry does not take the schema as a version of \"{subject}\" ({status}): {}",
                head(&body)
            )));
        }
        let registered: Registered =
            serde_json::from_slice(&body).map_err(|_| unexpected(status, &body))?;
        Ok(registered.id)
    }

    /// Fetches the texts of all schemas to which this one refers.
    async fn references(&self, answer: &Answer) -> Result<Vec<String>, Error> {
        let mut found: HashMap<(String, u32), String> = HashMap::new();
        let mut wanted: Vec<(String, u32)> = Vec::new();
        let names = |answer: &Answer| {
            let each = answer.references.iter();
            each.map(|one| (one.subject.clone(), one.version))
                .collect::<Vec<_>>()
        };
        wanted.extend(names(answer));
        while let Some((subject, version)) = wanted.pop() {
            if found.len() >= MOST_REFERENCES || found.contains_key(&(subject.clone(), version)) {
                continue;
            }
            let place = format!("subjects/{subject}/versions/{version}");
            if let Some(other) = self.ask(&place).await? {
                wanted.extend(names(&other));
                found.insert((subject, version), other.schema);
            }
        }
        Ok(found.into_values().collect())
    }

    async fn ask(&self, place: &str) -> Result<Option<Answer>, Error> {
        let parts: Vec<&str> = place.split('/').collect();
        let asked = self.client.get(self.place(&parts)?);
        let answer = asked.header("Accept", ACCEPTED).send().await;
        let answer = answer.map_err(away)?;
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let body = answer.bytes().await.map_err(away)?;
        if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
            return Err(Error::Settings(format!(
                "the schema registry lets nobody in ({status}): write \"http://user:password@host\""
            )));
        }
        serde_json::from_slice(&body)
            .map(Some)
            .map_err(|_| unexpected(status, &body))
    }

    fn place(&self, parts: &[&str]) -> Result<reqwest::Url, Error> {
        let mut url = reqwest::Url::parse(self.url.expose())
            .map_err(|error| Error::Settings(error.to_string()))?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        Ok(url)
    }
}

/// Describes an error without the URL, which may hold a password.
fn away(error: reqwest::Error) -> Error {
    Error::Unreachable(format!(
        "schema registry: {}",
        with_causes(&error.without_url())
    ))
}

fn unexpected(status: StatusCode, body: &[u8]) -> Error {
    Error::Unreachable(format!("schema registry ({status}): {}", head(body)))
}

fn head(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..300).unwrap_or(body)).into_owned()
}
