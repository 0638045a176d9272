//! The page at `/`: files embedded in the binary. All data comes from the other routes, so the page itself
//! needs no token; its content security policy allows nothing from elsewhere.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [(&str, &str, &str); 12] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/page/style.css", CSS, include_str!("page/style.css")),
    ("/page/main.js", SCRIPT, include_str!("page/main.js")),
    ("/page/api.js", SCRIPT, include_str!("page/api.js")),
    ("/page/element.js", SCRIPT, include_str!("page/element.js")),
    ("/page/flow.js", SCRIPT, include_str!("page/flow.js")),
    ("/page/lists.js", SCRIPT, include_str!("page/lists.js")),
    ("/page/matches.js", SCRIPT, include_str!("page/matches.js")),
    ("/page/plot.js", SCRIPT, include_str!("page/plot.js")),
    ("/page/rejects.js", SCRIPT, include_str!("page/rejects.js")),
    ("/page/upload.js", SCRIPT, include_str!("page/upload.js")),
    (
        "/page/icon.svg",
        "image/svg+xml",
        include_str!("page/icon.svg"),
    ),
];

/// Text can never become markup, not even by a bug: trusted types are required, and none are defined.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut routes = Router::new();
    for (path, media, content) in FILES {
        let headers = [
            (header::CONTENT_TYPE, media),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        routes = routes.route(path, get(async move || (headers, content).into_response()));
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        routes = routes.layer(SetResponseHeaderLayer::overriding(
            name,
            HeaderValue::from_static(value),
        ));
    }
    routes
}
