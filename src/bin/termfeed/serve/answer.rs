//! Errors as answers: a status that fits, and JSON that says why.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::Error;

/// A request that is not answered as asked.
pub struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            body: json!({ "error": message.into() }),
        }
    }

    pub fn unauthorized() -> Refusal {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "this needs the token: send \"Authorization: Bearer TOKEN\"",
        )
    }

    pub fn internal(message: String) -> Refusal {
        tracing::error!("{message}");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
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
            Error::Io(..) | Error::Stopped => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(reason = %error, "a request failed");
        }
        let mut refusal = Refusal::new(status, error.to_string());
        if let Error::Refused(refused) = &error {
            refusal.body = json!({
                "error": refused.message(),
                "code": refused.code().code(),
                "detail": refused.detail(),
                "hint": refused.hint(),
            });
        }
        refusal
    }
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Refusal {
        Error::from(error).into()
    }
}

impl From<deadpool_postgres::PoolError> for Refusal {
    fn from(error: deadpool_postgres::PoolError) -> Refusal {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            deadpool_postgres::PoolError::Timeout(_) => Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "no connection to the database is free: try again later",
            ),
            other => Error::Unreachable(other.to_string()).into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let extra: Option<(HeaderName, &str)> = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        if let Some((name, value)) = extra
            && let Ok(value) = value.parse()
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
