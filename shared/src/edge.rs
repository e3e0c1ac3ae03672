//! What the functions behind HTTP routes have in common: events made safe to read, who calls, and what is asked.

use std::future::Future;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lambda_http::http::HeaderValue;
use lambda_http::http::header::{ACCEPT_LANGUAGE, HOST};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::tower::ServiceExt;
use lambda_http::{Adapter, Body, Error, LambdaEvent, Request, RequestExt, Response, service_fn};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::access::{Permission, Role, Scope};
use crate::id::{InvalidId, StationId};
use crate::problem::Problem;
use crate::sale::Language;

/// Serves HTTP events one after another, for as long as Lambda sends any.
pub async fn serve<F>(handle: impl Fn(Request) -> F) -> Result<(), Error>
where
    F: Future<Output = Response<Body>> + Send,
{
    let service = service_fn(|request| {
        let answer = handle(request);
        async move { Ok::<_, Error>(answer.await) }
    });
    lambda_http::lambda_runtime::run(Adapter::from(service).map_request(mend)).await
}

/// Serves HTTP events, and whatever else invokes the same function: a schedule, an operator.
pub async fn serve_both<F, T, G>(handle: impl Fn(Request) -> F, work: impl Fn(T) -> G) -> Result<(), Error>
where
    F: Future<Output = Response<Body>> + Send,
    T: DeserializeOwned,
    G: Future<Output = Result<Value, Error>>,
{
    let (handle, work) = (&handle, &work);
    let service = service_fn(move |event: LambdaEvent<Event<T>>| async move {
        let (event, context) = event.into_parts();
        match event {
            Event::Http(request) => {
                let adapter = Adapter::from(service_fn(|request| {
                    let answer = handle(request);
                    async move { Ok::<_, Error>(answer.await) }
                }));
                let answer = adapter.oneshot(mend(LambdaEvent::new(*request, context))).await?;
                Ok(serde_json::to_value(answer)?)
            }
            // Boxed: a task is deep, and the compiler has its limit.
            Event::Other(task) => Box::pin(work(task)).await,
        }
    });
    lambda_http::lambda_runtime::run(service).await
}

/// An HTTP event, or another one.
enum Event<T> {
    Http(Box<LambdaRequest>),
    Other(T),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Event<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if let Ok(request) = serde_json::from_str(raw.get()) {
            return Ok(Self::Http(Box::new(request)));
        }
        // What the message would quote is an event, which may hold anything.
        let unknown = |_| D::Error::custom("the event is neither HTTP nor a task");
        serde_json::from_str(raw.get()).map(Self::Other).map_err(unknown)
    }
}

/// A longer path or query is none that API Gateway lets through: it takes 10,240 bytes of request line and headers.
const LONGEST_TARGET: usize = 16 * 1024;

/// Makes an event safe for `lambda_http`, which panics on some: an illegal character in path or query, too much of
/// either, a path without a slash, an illegal `host` or `x-forwarded-proto`, broken base64. A caller gets our answer to
/// bad input, not a 500.
#[must_use]
pub fn mend(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        for text in [&mut request.raw_path, &mut request.raw_query_string].into_iter().flatten() {
            *text = if text.len() > LONGEST_TARGET { String::new() } else { legal(text) };
        }
        if let Some(path) = request.raw_path.as_mut().filter(|path| !path.starts_with('/')) {
            path.insert(0, '/');
        }
        // The URL that is made of them is never used.
        request.headers.insert(HOST, HeaderValue::from_static("localhost"));
        for header in ["x-forwarded-proto", "x-forwarded-port"] {
            request.headers.remove(header);
        }
        request.request_context.domain_name = None;
        request.request_context.stage = None;
        let broken = |body: &String| BASE64_STANDARD.decode(body).is_err();
        if request.is_base64_encoded && request.body.as_ref().is_some_and(broken) {
            // It stays what it is, which the handler cannot read either, and says so.
            request.is_base64_encoded = false;
        }
    }
    event
}

/// Percent-encodes whatever may not stand in a path or query (RFC 3986, section 3.3 and 3.4).
fn legal(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte);
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

/// The key under which the authorizer tells the role of the key that a call carries.
pub const ROLE_CONTEXT: &str = "role";
/// The key under which it tells the stations that the key is for.
pub const STATIONS_CONTEXT: &str = "stations";
/// The key under which it tells the key's name.
pub const KEY_ID_CONTEXT: &str = "key_id";

/// The key under which it tells that it could not find out.
pub const UNAVAILABLE_CONTEXT: &str = "unavailable";

/// Who calls, as the authorizer found out. Without one there is no way to a station's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What the key is for.
    pub role: Role,
    /// Name of the key, no secret.
    pub key_id: String,
    scope: Scope,
}

impl Caller {
    /// The caller of a request: 401 when the authorizer found none, 503 when it
    /// could not look.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            return Err(Problem::unauthenticated());
        };
        let text = |key: &str| context.authorizer.as_ref()?.fields.get(key)?.as_str();
        if text(UNAVAILABLE_CONTEXT).is_some() {
            return Err(Problem::unavailable());
        }
        let role = text(ROLE_CONTEXT).and_then(Role::of_word);
        let scope = text(STATIONS_CONTEXT).and_then(Scope::parse);
        let (Some(role), Some(scope), Some(key_id)) = (role, scope, text(KEY_ID_CONTEXT)) else {
            return Err(Problem::unauthenticated());
        };
        Ok(Self { role, key_id: key_id.to_owned(), scope })
    }

    /// The caller of a request, if its role may do what the route asks for, and the station that the path names, if the
    /// key is for it. Every handler begins with this.
    pub fn admitted(request: &Request) -> Result<(Self, StationId), Problem> {
        let caller = Self::of(request)?;
        let permission = Permission::of_route(route(request));
        caller.may(permission.ok_or_else(|| Problem::not_found("there is no such route"))?)?;
        let station = caller.station(request)?;
        Ok((caller, station))
    }

    /// 403 unless the role of the key may do this.
    pub fn may(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.may(permission) {
            return Ok(());
        }
        let (role, words) = (self.role, permission.words());
        Err(Problem::forbidden(format!("a key of the role {role} may not {words}")))
    }

    /// The station that the path names, if the key is for it: 403 for another one.
    pub fn station(&self, request: &Request) -> Result<StationId, Problem> {
        let named = StationId::parse(&path(request, "station")).ok();
        let named = named.filter(|named| self.scope.includes(named));
        named.ok_or_else(|| Problem::forbidden("this key is for another station"))
    }
}

/// The route that API Gateway found, as the template writes it.
#[must_use]
pub fn route(request: &Request) -> &str {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref().unwrap_or_default(),
        _ => "",
    }
}

/// A parameter of the path, percent-decoded.
#[must_use]
pub fn path(request: &Request, name: &str) -> String {
    request.path_parameters_ref().and_then(|path| path.first(name)).unwrap_or_default().to_owned()
}

/// A parameter of the path as an id. What is no id names nothing: 404.
pub fn path_id<T>(
    request: &Request,
    name: &'static str,
    parse: impl Fn(&str) -> Result<T, InvalidId>,
) -> Result<T, Problem> {
    parse(&path(request, name))
        .map_err(|error| Problem::not_found(format!("{name} {error}")).with_field(name))
}

/// A parameter of the query, decoded; the first of several.
#[must_use]
pub fn query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The language that the caller reads.
#[must_use]
pub fn language(request: &Request) -> Language {
    Language::of_header(request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The events that make `lambda_http` panic, and a path that was decoded before it came.
    #[test]
    fn malformed_events_become_requests() {
        for (change, value) in [
            ("rawQueryString", json!("apies=6232&pos=1|2\"<>\u{e9}")),
            ("rawQueryString", json!("x".repeat(70_000))),
            ("rawPath", json!("/v1/stations/6232/sales/a b|c")),
            ("rawPath", json!(":no slash")),
            ("rawPath", json!("/\"".repeat(40_000))),
            ("headers", json!({"host": "x.127.0.0.1:a b", "x-forwarded-proto": "not a scheme"})),
            ("body", json!("@@@not base64@@@")),
        ] {
            let mut event = json!({
                "version": "2.0", "routeKey": "GET /pay-mp", "rawPath": "/pay-mp", "rawQueryString": "a=b",
                "headers": {"host": "example.com"}, "isBase64Encoded": true,
                "requestContext": {"http": {"method": "GET", "path": "/pay-mp", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
                    "accountId": "1", "apiId": "a", "domainName": "x y", "requestId": "r", "routeKey": "GET /pay-mp", "stage": "$default", "time": "t", "timeEpoch": 0},
            });
            event[change] = value;
            let payload: LambdaRequest = serde_json::from_value(event).unwrap();
            let mended = mend(LambdaEvent::new(payload, lambda_http::Context::default()));
            let request: Request = mended.payload.into();
            assert!(request.uri().path().starts_with('/'), "{change}");
        }
    }

    #[test]
    fn an_event_is_http_or_a_task() {
        #[derive(serde::Deserialize)]
        struct Task {
            refresh: String,
        }
        let http = r#"{"version":"2.0","routeKey":"GET /a","rawPath":"/a","rawQueryString":"","headers":{},"isBase64Encoded":false,
            "requestContext":{"http":{"method":"GET","path":"/a","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"t"},
            "accountId":"1","apiId":"a","requestId":"r","stage":"$default","time":"t","timeEpoch":0}}"#;
        assert!(matches!(serde_json::from_str::<Event<Task>>(http), Ok(Event::Http(_))));
        let task = serde_json::from_str::<Event<Task>>(r#"{"refresh":"demo"}"#);
        assert!(matches!(task, Ok(Event::Other(Task { refresh })) if refresh == "demo"));
        let error = serde_json::from_str::<Event<Task>>(r#"{"secret":"hush"}"#).err().unwrap();
        assert!(!error.to_string().contains("hush"), "{error}");
    }

    #[test]
    fn legal_text_is_left_alone() {
        assert_eq!(legal("a=1&b=%20+c;d"), "a=1&b=%20+c;d");
        assert_eq!(legal("a b|\u{e9}"), "a%20b%7C%C3%A9");
    }
}
