//! Amazon's services, by Amazon's conventions: where they are and who we are, from the environment, the
//! shared files, or the machine's role. One HTTP client and one TLS serve them all.

mod connector;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_types::retry::RetryConfig;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::error::{Error, with_causes};

/// The timeout of the metadata service, which does not answer on machines outside of AWS.
const MACHINE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[group(id = "aws")]
pub struct Flags {
    /// Another address of the service than Amazon's; also AWS_ENDPOINT_URL
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,

    /// The region; also AWS_REGION, AWS_DEFAULT_REGION or the profile's
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Loads credentials and region. Fails at once, before any work, if there are none.
pub async fn configure(flags: &Flags, endpoint_variable: &str) -> Result<SdkConfig, Error> {
    let client = connector::client()?;
    let provider = ProviderConfig::without_region()
        .with_http_client(client.clone())
        .with_sleep_impl(TokioSleep::new());
    let region = match &flags.region {
        Some(region) => Some(Region::new(region.clone())),
        None => {
            let profile = ProfileFileRegionProvider::builder()
                .configure(&provider)
                .build();
            RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
                .or_else(profile)
                .region()
                .await
        }
    };
    let region = region.ok_or_else(|| {
        Error::Settings(
            "no region is given: set --region, AWS_REGION, or region in ~/.aws/config".into(),
        )
    })?;
    let credentials = credentials(&provider.with_region(Some(region.clone())));
    let found = credentials.provide_credentials().await;
    found.map_err(|error| {
        Error::Settings(format!(
            "no credentials of Amazon's: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
             AWS_PROFILE ({})",
            with_causes(&error)
        ))
    })?;
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(client)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        // Retries are our own: they last longer and show in the metrics.
        .retry_config(RetryConfig::disabled());
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(url) = flags
        .endpoint_url
        .clone()
        .or_else(|| given(endpoint_variable))
        .or_else(|| given("AWS_ENDPOINT_URL"))
    {
        config = config.endpoint_url(url);
    }
    Ok(config.build())
}

/// Credentials from the first place that has any: environment, profile, pod or container, machine.
fn credentials(provider: &ProviderConfig) -> CredentialsProviderChain {
    let profile = ProfileFileCredentialsProvider::builder()
        .configure(provider)
        .build();
    let pod = WebIdentityTokenCredentialsProvider::builder()
        .configure(provider)
        .build();
    let container = EcsCredentialsProvider::builder()
        .configure(provider)
        .build();
    let chain = CredentialsProviderChain::first_try(
        "environment",
        EnvironmentVariableCredentialsProvider::new(),
    )
    .or_else("profile", profile)
    .or_else("web identity", pod)
    .or_else("container", container);
    let disabled = std::env::var("AWS_EC2_METADATA_DISABLED")
        .is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    if disabled {
        return chain;
    }
    let machine = aws_config::imds::Client::builder()
        .configure(provider)
        .max_attempts(1)
        .connect_timeout(MACHINE_TIMEOUT)
        .operation_timeout(2 * MACHINE_TIMEOUT)
        .build();
    let machine = ImdsCredentialsProvider::builder()
        .imds_client(machine)
        .build();
    chain.or_else("machine", machine)
}
