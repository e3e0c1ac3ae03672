//! Servers outside: where lookups and notifications go.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, Uri};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::redirect::Policy;

/// An answer that is longer is cut off, and so is no JSON.
const LONGEST_ANSWER: usize = 256 * 1024;

/// How a simulator reaches servers outside itself: the seller's, for an order, and whoever is notified.
///
/// The network is one way; a program that embeds a simulator brings its own. The simulator itself gives up on an answer
/// that takes too long, and then drops the future.
pub trait Outside: Send + Sync {
    /// Sends a request to its absolute URI. An error says why there is no answer.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, String>>;
}

/// The network of this machine.
pub struct Network(reqwest::Client);

impl Network {
    /// Redirects are not followed: what Mercado Pago does with them is not documented, and a server should not answer with
    /// one.
    pub fn new() -> Result<Network, reqwest::Error> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(crate::tls::config())
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Network(client))
    }
}

impl Outside for Network {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, String>> {
        let (parts, body) = request.into_parts();
        let sent =
            self.0.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send();
        Box::pin(async move {
            let answer = sent.await.map_err(|error| error.without_url().to_string())?;
            Ok(Response::<reqwest::Body>::from(answer).map(Body::new))
        })
    }
}

/// A request to a URL, which may be written in ways that only a browser's parser understands.
pub fn request(method: Method, url: &str, body: impl Into<Bytes>) -> Result<Request<Bytes>, String> {
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let uri: Uri = url.as_str().parse().map_err(|error| format!("{error}"))?;
    let mut request = Request::new(body.into());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    Ok(request)
}

/// What comes in time.
pub async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let late = || format!("nothing came within {} ms", patience.as_millis());
    tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| Err(late()))
}

/// The body of an answer.
pub async fn body(answer: Body) -> Result<Vec<u8>, String> {
    let mut chunks = answer.into_data_stream();
    let mut body = Vec::new();
    while body.len() <= LONGEST_ANSWER
        && let Some(chunk) = chunks.next().await
    {
        body.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
    }
    Ok(body)
}
