//! Errors as answers: a status that fits, and the reason as problem JSON (RFC 9457).

use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::pace::is_too_slow;
use crate::counts::Counts;
use crate::error::Error;

/// An error that answers a request.
pub struct Refusal {
    status: StatusCode,
    problem: Problem,
}

#[derive(Default, Serialize)]
struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    /// The SQLSTATE, if the database refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The batches of the body that were committed before the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<Counts>,
}

impl Refusal {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Refusal {
        Refusal {
            status,
            problem: Problem {
                title: status.canonical_reason().unwrap_or("Error"),
                status: status.as_u16(),
                detail: detail.into(),
                ..Problem::default()
            },
        }
    }

    pub fn unauthorized() -> Refusal {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "this needs the token: send \"Authorization: Bearer TOKEN\"",
        )
    }

    /// Answers 503: the service has no capacity left for now.
    pub fn busy(detail: &str) -> Refusal {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Whether the database refused with this SQLSTATE.
    pub fn is(&self, code: &str) -> bool {
        self.problem.code.as_deref() == Some(code)
    }

    pub fn internal(reason: String) -> Refusal {
        tracing::error!(%reason, "a request failed");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }

    /// Adds what was committed before the error.
    pub fn with_committed(mut self, counts: Counts) -> Refusal {
        self.problem.committed = Some(counts);
        self
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match &error {
            Error::NoStream(_) => StatusCode::NOT_FOUND,
            Error::Input(_) | Error::Settings(_) => StatusCode::BAD_REQUEST,
            Error::Unreachable(_) | Error::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Refused(refused) => match refused.code().code() {
                "42501" => StatusCode::FORBIDDEN,
                "42704" | "42P01" | "42883" => StatusCode::NOT_FOUND,
                _ if error.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
                code if ["54", "58", "XX"].contains(&code.get(..2).unwrap_or_default()) => {
                    StatusCode::INTERNAL_SERVER_ERROR
                }
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
            _ => return Refusal::internal(error.to_string()),
        };
        if status.is_server_error() {
            tracing::error!(reason = %error, "a request failed");
        }
        let mut refusal = match &error {
            // A client is not told where the database is.
            Error::Unreachable(_) => Refusal::new(status, "no connection to the database"),
            _ => Refusal::new(status, error.to_string()),
        };
        if let Error::Refused(refused) = &error {
            let problem = &mut refusal.problem;
            problem.detail = match refused.detail() {
                Some(detail) => format!("{}: {detail}", refused.message()),
                None => refused.message().to_owned(),
            };
            problem.code = Some(refused.code().code().to_owned());
            problem.hint = refused.hint().map(str::to_owned);
        }
        refusal
    }
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Refusal {
        Error::from(error).into()
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Refusal {
        Refusal::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Refusal {
        Refusal::new(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Refusal {
        match is_too_slow(&rejection) {
            true => Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            false => Refusal::new(rejection.status(), rejection.body_text()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.problem)).into_response();
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        let extra: Option<(HeaderName, &str)> = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        if let Some((name, value)) = extra
            && let Ok(value) = value.parse()
        {
            headers.insert(name, value);
        }
        response
    }
}
