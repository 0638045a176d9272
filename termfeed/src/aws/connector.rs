//! The HTTP client of Amazon's crates, over the one that termfeed has anyway.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, Method, redirect};
use std::time::Duration;

use crate::error::{Error, with_causes};

/// Where the caller gives no other.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
struct Over {
    client: Client,
    timeout: Option<Duration>,
}

pub fn client() -> Result<SharedHttpClient, Error> {
    let client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none())
        .build()
        .map_err(|error| {
            Error::Settings(format!(
                "the HTTP client cannot be set up: {}",
                with_causes(&error)
            ))
        })?;
    Ok(SharedHttpClient::new(Over {
        client,
        timeout: None,
    }))
}

impl HttpClient for Over {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // A caller that waits little for the connection waits little for the answer.
        SharedHttpConnector::new(Over {
            client: self.client.clone(),
            timeout: settings.read_timeout().or(settings.connect_timeout()),
        })
    }
}

impl HttpConnector for Over {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, timeout) = (self.client.clone(), self.timeout);
        HttpConnectorFuture::new(async move { send(client, timeout, request).await })
    }
}

async fn send(
    client: Client,
    timeout: Option<Duration>,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let user = |error: &'static str| ConnectorError::user(error.into());
    let body = request.body().bytes().ok_or(user("the body is a stream"))?;
    let method = Method::from_bytes(request.method().as_bytes())
        .map_err(|error| ConnectorError::user(error.into()))?;
    let mut sent = client
        .request(method, request.uri())
        .timeout(timeout.unwrap_or(ANSWER_TIMEOUT))
        .body(body.to_vec());
    for (name, value) in request.headers().iter() {
        sent = sent.header(name, value);
    }
    let failed = |error: reqwest::Error| match error.is_timeout() {
        true => ConnectorError::timeout(error.into()),
        false => ConnectorError::io(error.into()),
    };
    let answer = sent.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let body = answer.bytes().await.map_err(failed)?;
    let status = status
        .try_into()
        .map_err(|_| user("the status is no status of HTTP"))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_vec()));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            let _ = response
                .headers_mut()
                .try_append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}
