//! Where the files go: a folder of this machine, or a bucket of S3.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::client::{
    CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm,
};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{CredentialProvider, Error as StoreError, ObjectStore};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sha::Sha256;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

use crate::aws;
use crate::error::{Error, with_causes};

pub struct Place {
    pub store: Arc<dyn ObjectStore>,
    pub prefix: Path,
    /// A folder, whose unfinished files nobody else removes.
    pub folder: Option<std::path::PathBuf>,
}

impl Place {
    /// `s3://bucket/prefix`, `file:///folder`, or a folder's path.
    pub async fn open(url: &str, flags: &aws::Flags) -> Result<Place, Error> {
        if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let config = aws::configure(flags, "AWS_ENDPOINT_URL_S3").await?;
            return Ok(Place {
                store: Arc::new(s3(bucket, &config)?),
                prefix: Path::parse(prefix.trim_matches('/')).map_err(|error| {
                    Error::Settings(format!("--to \"{url}\" is no place: {error}"))
                })?,
                folder: None,
            });
        }
        if url.contains("://") && !url.starts_with("file://") {
            return Err(Error::Settings(format!(
                "--to \"{url}\" is no place: write s3://bucket/prefix or file:///folder"
            )));
        }
        let folder = std::path::PathBuf::from(url.strip_prefix("file://").unwrap_or(url));
        let broken = |error| Error::io(format!("open folder \"{}\"", folder.display()), error);
        std::fs::create_dir_all(&folder).map_err(broken)?;
        let folder = folder.canonicalize().map_err(broken)?;
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(failed)?;
        Ok(Place {
            store: Arc::new(store.with_fsync(true)),
            prefix: Path::default(),
            folder: Some(folder),
        })
    }

    pub fn path(&self, name: &str) -> Result<Path, Error> {
        let whole = match self.prefix.as_ref() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        Path::parse(whole).map_err(|error| Error::Input(format!("\"{name}\": {error}")))
    }

    /// Removes what a killed export has left of this file: parts of it under a name with a number.
    /// Of S3 a rule of the bucket's removes unfinished uploads; they are never seen.
    pub fn clear(&self, name: &str) {
        let Some(folder) = &self.folder else { return };
        for number in 1..=8 {
            let _ = std::fs::remove_file(folder.join(format!("{name}#{number}")));
        }
    }
}

pub fn failed(error: StoreError) -> Error {
    match error {
        StoreError::NotFound { .. }
        | StoreError::PermissionDenied { .. }
        | StoreError::Unauthenticated { .. }
        | StoreError::NotSupported { .. }
        | StoreError::UnknownConfigurationKey { .. } => Error::Settings(format!(
            "the files cannot be written: {}",
            with_causes(&error)
        )),
        error => Error::Away(format!(
            "the files cannot be written now: {}",
            with_causes(&error)
        )),
    }
}

fn s3(bucket: &str, config: &SdkConfig) -> Result<object_store::aws::AmazonS3, Error> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_crypto_provider(Arc::new(Openssl));
    if let Some(region) = config.region() {
        builder = builder.with_region(region.as_ref());
    }
    if let Some(credentials) = config.credentials_provider() {
        builder = builder.with_credentials(Arc::new(Credentials {
            chain: credentials,
            kept: Mutex::new(None),
        }));
    }
    if let Some(url) = config.endpoint_url() {
        builder = builder
            .with_endpoint(url)
            .with_allow_http(url.starts_with("http://"));
    }
    builder.build().map_err(failed)
}

/// Credentials of the chain, kept for a while: who gives them need not be asked for each request.
#[derive(Debug)]
struct Credentials {
    chain: SharedCredentialsProvider,
    kept: Mutex<Option<(Arc<AwsCredential>, SystemTime)>>,
}

/// How long before they expire credentials are asked for again, and after which time in any case.
const RENEW: Duration = Duration::from_secs(300);

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let now = SystemTime::now();
        let mut kept = self.kept.lock().await;
        if let Some((credential, until)) = &*kept
            && now < *until
        {
            return Ok(credential.clone());
        }
        let found = self.chain.provide_credentials().await;
        let found = found.map_err(|error| StoreError::Generic {
            store: "S3",
            source: Box::new(error),
        })?;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        let expires = found.expiry().map(|time| time - RENEW);
        let until = expires.unwrap_or(now + RENEW).min(now + RENEW);
        *kept = Some((credential.clone(), until));
        Ok(credential)
    }
}

/// Digests by the library that does the TLS.
#[derive(Debug)]
struct Openssl;

enum Sum {
    Hash(Sha256, [u8; 32]),
    /// The key, and the message so far: requests are short.
    Keyed(PKey<openssl::pkey::Private>, Vec<u8>, Vec<u8>),
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Generic {
        store: "openssl",
        source: Box::new(error),
    }
}

impl CryptoProvider for Openssl {
    fn digest(&self, _: DigestAlgorithm) -> object_store::Result<Box<dyn DigestContext>> {
        Ok(Box::new(Sum::Hash(Sha256::new(), [0; 32])))
    }

    fn hmac(
        &self,
        _: DigestAlgorithm,
        secret: &[u8],
    ) -> object_store::Result<Box<dyn HmacContext>> {
        let key = PKey::hmac(secret).map_err(broken)?;
        Ok(Box::new(Sum::Keyed(key, Vec::new(), Vec::new())))
    }

    fn sign(&self, _: SigningAlgorithm, _: &[u8]) -> object_store::Result<Box<dyn Signer>> {
        Err(StoreError::NotImplemented {
            operation: "signing by RSA".into(),
            implementer: "termfeed".into(),
        })
    }
}

impl Sum {
    fn take(&mut self, data: &[u8]) {
        match self {
            Sum::Hash(hash, _) => hash.update(data),
            Sum::Keyed(_, message, _) => message.extend_from_slice(data),
        }
    }

    fn end(&mut self) -> object_store::Result<&[u8]> {
        match self {
            Sum::Hash(hash, sum) => {
                *sum = std::mem::take(hash).finish();
                Ok(sum)
            }
            Sum::Keyed(key, message, sum) => {
                let signer = openssl::sign::Signer::new(MessageDigest::sha256(), key);
                let mut signer = signer.map_err(broken)?;
                signer.update(message).map_err(broken)?;
                *sum = signer.sign_to_vec().map_err(broken)?;
                Ok(sum)
            }
        }
    }
}

impl DigestContext for Sum {
    fn update(&mut self, data: &[u8]) {
        self.take(data);
    }

    fn finish(&mut self) -> object_store::Result<&[u8]> {
        self.end()
    }
}

impl HmacContext for Sum {
    fn update(&mut self, data: &[u8]) {
        self.take(data);
    }

    fn finish(&mut self) -> object_store::Result<&[u8]> {
        self.end()
    }
}
