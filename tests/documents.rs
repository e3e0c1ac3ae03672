//! A Mercado Pago that says to the letter what a test wants it to say.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Pages = Arc<Mutex<BTreeMap<String, String>>>;

/// A server of documents by path. What has none is not found. It stops when it is dropped.
pub struct Documents {
    url: String,
    pages: Pages,
    server: JoinHandle<()>,
}

impl Documents {
    /// Starts one without documents.
    ///
    /// # Panics
    /// When there is no port to listen on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pages = Pages::default();
        let asked = Arc::clone(&pages);
        let router = Router::new().fallback(async move |OriginalUri(uri): OriginalUri| {
            let pages = asked.lock().unwrap_or_else(PoisonError::into_inner);
            let page = pages.get(uri.path()).cloned();
            page.map_or((StatusCode::NOT_FOUND, "{}".to_owned()), |page| (StatusCode::OK, page))
        });
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { url, pages, server }
    }

    /// Base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts a document in the place of the one that is there.
    pub fn put(&self, path: &str, document: impl Into<String>) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(path.to_owned(), document.into());
    }
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.server.abort();
    }
}
