//! DynamoDB: the embedded library, behind our front.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use dynoxide::Database;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::front::{Service, error};

/// The engine, and the way to it.
pub(crate) struct DynamoDb {
    client: Client<HttpConnector, Body>,
    engine: SocketAddr,
    database: Database,
    server: JoinHandle<()>,
}

impl DynamoDb {
    /// Opens the database in a file, or in memory.
    pub(crate) async fn open(file: Option<&Path>) -> Result<Self, String> {
        let database = match file {
            Some(file) => Database::new(&file.to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|error| format!("cannot open DynamoDB's data: {error}"))?;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
        let engine = listener.local_addr().map_err(|error| error.to_string())?;
        let engine_of_server = database.clone();
        let server = tokio::spawn(async move {
            let _ = dynoxide::server::serve_with_shutdown(listener, engine_of_server, std::future::pending())
                .await;
        });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { client, engine, database, server })
    }

    /// Creates a table unless it is there.
    pub(crate) async fn ensure_table(&self, name: &str, request: &Value) -> Result<(), String> {
        let mut request = request.clone();
        request["TableName"] = Value::from(name);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-amz-target", "DynamoDB_20120810.CreateTable"),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-date", "20260101T000000Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            ),
        ] {
            headers.insert(name, axum::http::HeaderValue::from_static(value));
        }
        let answer = self.call("CreateTable", &headers, Bytes::from(request.to_string())).await;
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        if status.is_success() || text.contains("ResourceInUseException") {
            Ok(())
        } else {
            Err(text.into_owned())
        }
    }

    /// Deletes what is past its time to live.
    pub(crate) fn sweep(&self) {
        let _ = self.database.sweep_ttl();
    }
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Service for DynamoDb {
    const NAME: &'static str = "DynamoDB";
    const NAMESPACE: &'static str = "com.amazonaws.dynamodb.v20120810";

    async fn call(&self, _operation: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = axum::http::Method::POST;
        let uri = format!("http://{}/", self.engine).parse();
        let Ok(uri) = uri else { return error(Self::NAMESPACE, 500, "InternalServerError", "no engine") };
        *request.uri_mut() = uri;
        for (name, value) in headers {
            if !matches!(name.as_str(), "host" | "content-length" | "connection" | "transfer-encoding") {
                request.headers_mut().append(name, value.clone());
            }
        }
        match self.client.request(request).await {
            Ok(answer) => answer.map(Body::new),
            Err(failed) => error(Self::NAMESPACE, 500, "InternalServerError", &failed.to_string()),
        }
    }
}
