//! AWS clients built for cold start: no default configuration chain (it builds a client of its own), one HTTPS
//! client with one TLS provider, and only the roots that AWS's endpoints chain to.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

pub use aws_sdk_dynamodb::config::Credentials;

use crate::config::{ConfigError, Environment};

/// Amazon Root CA 1 to 4 and Starfield Services Root G2 (Amazon Trust Services, "Root CAs").
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// How patient a function is with AWS.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Calls at most, repeats included.
    pub attempts: u32,
    /// For one of them.
    pub attempt: Duration,
    /// For all of them and the pauses between.
    pub whole: Duration,
}

impl Patience {
    /// For a caller who waits: a lookup, a notification.
    pub const SHORT: Self =
        Self { attempts: 2, attempt: Duration::from_millis(800), whole: Duration::from_millis(1_700) };
    /// For work that will be repeated if it fails.
    pub const LONG: Self =
        Self { attempts: 3, attempt: Duration::from_secs(3), whole: Duration::from_secs(8) };
}

/// Where AWS is and who asks.
#[derive(Clone, Debug)]
pub struct Access {
    /// The region.
    pub region: String,
    /// The credentials.
    pub credentials: Credentials,
    /// Endpoints other than AWS's own.
    pub endpoints: Endpoints,
}

/// Endpoints of services, where they are not AWS's own.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is named as its service")]
pub struct Endpoints {
    pub dynamodb: Option<String>,
    pub sqs: Option<String>,
    pub secrets_manager: Option<String>,
}

/// What every AWS client of a process shares.
#[derive(Debug)]
pub struct Aws {
    region: Region,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    retries: Option<RetryPartition>,
    patience: Patience,
    endpoints: Endpoints,
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident, $endpoint:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> $sdk::Client {
            let mut config = $sdk::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(self.region.clone())
                .credentials_provider(self.credentials.clone())
                .http_client(self.http.clone())
                .retry_config(RetryConfig::standard().with_max_attempts(self.patience.attempts))
                .timeout_config(
                    TimeoutConfig::builder()
                        .operation_attempt_timeout(self.patience.attempt)
                        .operation_timeout(self.patience.whole)
                        .build(),
                );
            if let Some(retries) = &self.retries {
                config = config.retry_partition(retries.clone());
            }
            if let Some(url) = &self.endpoints.$endpoint {
                config = config.endpoint_url(url);
            }
            $sdk::Client::from_conf(config.build())
        }
    };
}

impl Aws {
    /// Reads region, credentials and endpoint overrides (`AWS_ENDPOINT_URL_…`) from the environment that Lambda
    /// sets.
    pub fn from_env(env: &Environment, patience: Patience) -> Result<Self, ConfigError> {
        let credentials = Credentials::new(
            env.required("AWS_ACCESS_KEY_ID")?,
            env.required("AWS_SECRET_ACCESS_KEY")?,
            env.optional("AWS_SESSION_TOKEN"),
            None,
            "lambda",
        );
        let any = env.optional("AWS_ENDPOINT_URL");
        let endpoint = |name| env.optional(name).or_else(|| any.clone());
        let endpoints = Endpoints {
            dynamodb: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs: endpoint("AWS_ENDPOINT_URL_SQS"),
            secrets_manager: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        };
        Self::new(Access { region: env.required("AWS_REGION")?, credentials, endpoints }, patience)
    }

    /// Clients for a place and a caller, over HTTPS.
    pub fn new(access: Access, patience: Patience) -> Result<Self, ConfigError> {
        let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let tls = TlsContext::builder().with_trust_store(roots).build();
        let tls = tls.map_err(|error| ConfigError::new("TLS roots", &error.to_string()))?;
        let http =
            Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https();
        Ok(Self { retries: None, ..Self::over(http, access, patience) })
    }

    /// Clients that go another way than HTTPS. What they spend on retries is counted for them alone, since many
    /// processes may be played in one.
    #[must_use]
    pub fn over(http: SharedHttpClient, access: Access, patience: Patience) -> Self {
        Self {
            region: Region::new(access.region),
            credentials: SharedCredentialsProvider::new(access.credentials),
            http,
            retries: Some(RetryPartition::custom("played").build()),
            patience,
            endpoints: access.endpoints,
        }
    }

    client!(
        /// A DynamoDB client.
        dynamodb, aws_sdk_dynamodb, dynamodb
    );
    client!(
        /// An SQS client.
        sqs, aws_sdk_sqs, sqs
    );
    client!(
        /// A Secrets Manager client.
        secrets_manager, aws_sdk_secretsmanager, secrets_manager
    );
}

/// An SDK error with its causes, for a log line. It holds neither keys nor item contents.
pub fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug,
{
    DisplayErrorContext(error).to_string()
}
