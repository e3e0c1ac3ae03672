//! The way to Mercado Pago and back: one request, one whole answer.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Request, redirect};
use rustls::{ClientConfig, RootCertStore};

use super::ApiError;
use crate::config::ConfigError;

/// A longer body is none of Mercado Pago's.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// What an exchange comes to: an answer of whatever status, or none. It is boxed so that there can be other ways than
/// HTTPS: the simulation of the whole system has one that fails as it likes.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send + 'a>>;

/// A way to Mercado Pago.
pub trait Transport: Debug + Send + Sync {
    /// Carries one request there and its answer back, within the patience of the caller.
    fn exchange(&self, request: Request) -> Exchange<'_>;
}

/// The real way: HTTPS with roots of our own, without redirects.
#[derive(Debug)]
pub(super) struct Https(reqwest::Client);

impl Https {
    /// A client that waits so long for one call.
    pub(super) fn new(patience: Duration) -> Result<Self, ConfigError> {
        let invalid = |rule: &str| ConfigError::new("TLS", rule);
        // The roots are data of the binary: nothing is read or parsed at start.
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = tls.map_err(|error| invalid(&error.to_string()))?;
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(patience)
            .user_agent(concat!("surtidor/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|error| invalid(&error.to_string()))
    }

    async fn answer(&self, request: Request) -> Result<Answer, ApiError> {
        let mut response = self.0.execute(request).await.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_BODY {
                return Err(ApiError::Unreadable("too long".to_owned()));
            }
        }
        Ok(Answer { status, headers, body })
    }
}

impl Transport for Https {
    fn exchange(&self, request: Request) -> Exchange<'_> {
        Box::pin(self.answer(request))
    }
}

fn lost(error: &reqwest::Error) -> ApiError {
    ApiError::NoAnswer(if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "not connected"
    } else {
        "connection lost"
    })
}
