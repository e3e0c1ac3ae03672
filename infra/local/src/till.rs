//! A till's page: what a station's software does with the API, for a person to try. It calls nothing but the station's API,
//! and is a tool of the demo: only a stack that was told to open it serves it, and never in place of a route.

use axum::body::Body;
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use serde_json::{Value, json};

use crate::demo::Demo;

/// Where it is.
pub(crate) const PATH: &str = "/_local/till";

/// The languages of the page; the first is the usual one.
const LANGUAGES: [&str; 3] = ["es", "pt", "en"];

/// It runs its own files only.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = include_str!("till/till.html");

const FILES: [(&str, &str, &str); 16] = [
    ("alarm.js", "text/javascript", include_str!("till/alarm.js")),
    ("api.js", "text/javascript", include_str!("till/api.js")),
    ("charge.js", "text/javascript", include_str!("till/charge.js")),
    ("commands.js", "text/javascript", include_str!("till/commands.js")),
    ("dom.js", "text/javascript", include_str!("till/dom.js")),
    ("icon.svg", "image/svg+xml", include_str!("till/icon.svg")),
    ("jobs.js", "text/javascript", include_str!("till/jobs.js")),
    ("ledger.js", "text/javascript", include_str!("till/ledger.js")),
    ("log.js", "text/javascript", include_str!("till/log.js")),
    ("sale.js", "text/javascript", include_str!("till/sale.js")),
    ("state.js", "text/javascript", include_str!("till/state.js")),
    ("style.css", "text/css", include_str!("till/style.css")),
    ("take.js", "text/javascript", include_str!("till/take.js")),
    ("terminal.js", "text/javascript", include_str!("till/terminal.js")),
    ("text.js", "text/javascript", include_str!("till/text.js")),
    ("till.js", "text/javascript", include_str!("till/till.js")),
];

/// The page of a demo.
#[derive(Debug)]
pub(crate) struct Till {
    demo: String,
}

impl Till {
    /// `mercado_pago` is where the simulated one's pages are.
    pub(crate) fn of(demo: &Demo, mercado_pago: &str) -> Self {
        let stations = demo.stations.iter().map(|station| {
            let positions = station
                .positions
                .iter()
                .map(|at| json!({"position": at.position, "external_id": at.external_id}))
                .collect::<Value>();
            // Of the keys, the stations' alone.
            json!({"station": station.station, "name": station.name, "station_key": station.station_key, "positions": positions})
        });
        let demo = json!({
            "mercado_pago": mercado_pago, "currency": demo.currency, "stations": stations.collect::<Value>(),
        });
        Self { demo: demo.to_string() }
    }

    /// What it answers, if the request is for it.
    pub(crate) fn answer(&self, head: &Parts) -> Option<Response> {
        let name = head.uri.path().strip_prefix(PATH).filter(|_| head.method == Method::GET)?;
        match name.strip_prefix('/') {
            None if name.is_empty() => Some(page(head)),
            Some("demo.json") => Some(file("application/json", self.demo.clone())),
            Some(name) => {
                FILES.iter().find(|(known, ..)| *known == name).map(|(_, media, text)| file(media, *text))
            }
            None => None,
        }
    }
}

fn page(head: &Parts) -> Response {
    let accepted =
        head.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let html = HTML.replacen("lang=\"es\"", &format!("lang=\"{}\"", language(accepted)), 1);
    let mut response = file("text/html; charset=utf-8", html);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-language"));
    response
}

fn file(media: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The first language of `Accept-Language` that the page has. Weights are left aside: browsers send them in order.
fn language(accepted: &str) -> &'static str {
    let mut wanted =
        accepted.split(',').map(|part| part.trim().get(..2).unwrap_or_default().to_ascii_lowercase());
    wanted.find_map(|code| LANGUAGES.into_iter().find(|known| *known == code)).unwrap_or(LANGUAGES[0])
}
