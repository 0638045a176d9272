//! Access: requests need the token if one is set, and a web page of another origin is refused.
//!
//! A browser sends requests to this machine for any page it shows. A page of another origin names it
//! in `Origin`, or, by a name of its own that points here, in `Host`; both are refused.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::net::IpAddr;

use super::Shared;
use super::answer::Refusal;

/// Lets a request through that has the token, compared in constant time.
pub async fn bearer(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if let Some(token) = &shared.token {
        let (scheme, given) = text(request.headers(), AUTHORIZATION)
            .split_once(' ')
            .unwrap_or_default();
        let given = given.trim_start().as_bytes();
        let token = token.expose().as_bytes();
        let same = given.len() == token.len() && openssl::memcmp::eq(given, token);
        if !(scheme.eq_ignore_ascii_case("bearer") && same) {
            return Err(Refusal::unauthorized());
        }
    }
    Ok(next.run(request).await)
}

/// Refuses requests sent by a page of another origin.
pub async fn same_origin(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let headers = request.headers();
    let (host, origin) = (text(headers, HOST), text(headers, ORIGIN));
    if !origin.is_empty() && authority(origin) != Some(host) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "this request comes from a page of another origin",
        ));
    }
    if shared.only_local_names && !is_local(host) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "without a token it answers to localhost and to addresses only, not to other names",
        ));
    }
    Ok(next.run(request).await)
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn authority(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

/// Whether a host is an IP address, or a name that DNS cannot point elsewhere.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.is_empty() || name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_localhost_are_local_names() {
        for host in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "localhost",
            "LOCALHOST:1",
            "",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.nip.example",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
