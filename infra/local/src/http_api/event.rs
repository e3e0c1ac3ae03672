//! Events in payload format 2.0 ("Create AWS Lambda proxy integrations for HTTP APIs").

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::route::decode;
use crate::names::ACCOUNT;
use crate::template::Route;

/// A request that found its route.
pub(super) struct Asked<'a> {
    pub(super) head: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) from: SocketAddr,
    pub(super) route: &'a Route,
    pub(super) parameters: &'a BTreeMap<String, String>,
}

impl Asked<'_> {
    /// The event that the function gets; `authorizer` is the context that an authorizer gave.
    pub(super) fn event(&self, authorizer: Option<Value>) -> Value {
        let mut event = self.common();
        if let Some(context) = authorizer {
            event["requestContext"]["authorizer"] = json!({"lambda": context});
        }
        if !self.body.is_empty() {
            let text = std::str::from_utf8(self.body).ok().filter(|_| self.is_text());
            event["isBase64Encoded"] = json!(text.is_none());
            event["body"] = json!(text.map_or_else(|| BASE64_STANDARD.encode(self.body), str::to_owned));
        }
        event
    }

    /// The event that an authorizer gets: without a body.
    pub(super) fn authorizer_event(&self) -> Value {
        let mut event = self.common();
        event["type"] = json!("REQUEST");
        event["routeArn"] =
            json!(format!("arn:aws:execute-api:us-east-1:{ACCOUNT}:local/$default/{}", self.head.method));
        event["identitySource"] = Value::Null;
        event
    }

    fn common(&self) -> Value {
        let (method, path) = (self.head.method.as_str(), self.head.uri.path());
        let query = self.head.uri.query().unwrap_or_default();
        let route_key = match self.route.path.as_str() {
            "$default" => "$default".to_owned(),
            path => format!("{} {path}", self.route.method),
        };
        let (headers, cookies) = self.headers();
        let agent = headers.get("user-agent").cloned().unwrap_or_else(|| json!(""));
        let now = time::OffsetDateTime::now_utc();
        let format = time::macros::format_description!(
            "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000"
        );
        let mut event = json!({
            "version": "2.0", "routeKey": route_key, "rawPath": decode(path), "rawQueryString": query,
            "headers": headers, "isBase64Encoded": false,
            "requestContext": {
                "accountId": ACCOUNT, "apiId": "local", "domainName": "localhost", "domainPrefix": "localhost",
                "http": {"method": method, "path": decode(path), "protocol": "HTTP/1.1", "sourceIp": self.from.ip().to_string(), "userAgent": agent},
                "requestId": uuid::Uuid::new_v4().simple().to_string(), "routeKey": route_key, "stage": "$default",
                "time": now.format(&format).unwrap_or_default(), "timeEpoch": now.unix_timestamp() * 1_000,
            },
        });
        if !query.is_empty() {
            event["queryStringParameters"] = query_parameters(query);
        }
        if !self.parameters.is_empty() {
            event["pathParameters"] = json!(self.parameters);
        }
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        event
    }

    /// Headers in lower case, several values joined with commas; cookies apart.
    fn headers(&self) -> (Map<String, Value>, Vec<String>) {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut cookies = Vec::new();
        for (name, value) in &self.head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if name == "cookie" {
                cookies.extend(value.split("; ").map(str::to_owned));
            } else {
                headers.entry(name.as_str().to_owned()).or_default().push(value);
            }
        }
        headers.insert("host".to_owned(), vec!["localhost".to_owned()]);
        headers.insert("x-forwarded-for".to_owned(), vec![self.from.ip().to_string()]);
        headers.insert("x-forwarded-proto".to_owned(), vec!["http".to_owned()]);
        headers.insert("content-length".to_owned(), vec![self.body.len().to_string()]);
        let joined = headers.into_iter().map(|(name, values)| (name, json!(values.join(","))));
        (joined.collect(), cookies)
    }

    /// What API Gateway passes on as text; anything else is base64.
    fn is_text(&self) -> bool {
        let kind = self
            .head
            .headers
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .unwrap_or("text/plain");
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind.starts_with("text/")
            || kind.ends_with("json")
            || kind.ends_with("xml")
            || kind == "application/javascript"
            || kind == "application/x-www-form-urlencoded"
    }
}

/// Decoded parameters, several values of one name joined with commas.
fn query_parameters(query: &str) -> Value {
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| decode(&text.replace('+', " "));
        parameters.entry(plain(name)).or_default().push(plain(value));
    }
    parameters.into_iter().map(|(name, values)| (name, json!(values.join(",")))).collect::<Map<_, _>>().into()
}
