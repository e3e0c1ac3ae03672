//! The pages for a person: the QRs, the buyer's phone, the terminal, a seller's consent, the switches. They need nothing from outside and no build step.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::api;
use crate::app::App;

/// The languages of the pages; the first is the usual one.
const LANGUAGES: [&str; 3] = ["es", "pt", "en"];

/// Pages run their own files only.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { page(include_str!("index.html"), &headers) }))
        .route("/phone", get(|headers: HeaderMap| async move { page(include_str!("phone.html"), &headers) }))
        .route("/terminal", get(terminal))
        .route("/terminal/{id}", get(terminal))
        .route(
            "/authorization",
            get(|headers: HeaderMap| async move { page(include_str!("authorization.html"), &headers) }),
        )
        .route("/_control", get(async || Redirect::permanent("/_control/")))
        .route(
            "/_control/",
            get(|headers: HeaderMap| async move { page(include_str!("control.html"), &headers) }),
        )
        .route("/pages/{file}", get(file))
}

/// The list of terminals, or one of them: the page's script tells by its address.
async fn terminal(headers: HeaderMap) -> Response {
    page(include_str!("terminal.html"), &headers)
}

fn page(html: &'static str, headers: &HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let html = html.replacen("lang=\"es\"", &format!("lang=\"{}\"", language(accepted)), 1);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-language"),
    ];
    (headers, html).into_response()
}

/// The first language of `Accept-Language` that the pages have. Weights are left aside: browsers send them in order.
fn language(accepted: &str) -> &'static str {
    let mut wanted =
        accepted.split(',').map(|part| part.trim().get(..2).unwrap_or_default().to_ascii_lowercase());
    let known = |code: String| LANGUAGES.into_iter().find(|language| *language == code);
    wanted.find_map(known).unwrap_or(LANGUAGES[0])
}

async fn file(Path(name): Path<String>) -> Response {
    let (media, text) = match name.as_str() {
        "style.css" => ("text/css", include_str!("style.css")),
        "dom.js" => ("text/javascript", include_str!("dom.js")),
        "text.js" => ("text/javascript", include_str!("text.js")),
        "index.js" => ("text/javascript", include_str!("index.js")),
        "phone.js" => ("text/javascript", include_str!("phone.js")),
        "authorization.js" => ("text/javascript", include_str!("authorization.js")),
        "terminal.js" => ("text/javascript", include_str!("terminal.js")),
        "control.js" => ("text/javascript", include_str!("control.js")),
        "icon.svg" => ("image/svg+xml", include_str!("icon.svg")),
        _ => return api::nothing().await,
    };
    ([(CONTENT_TYPE, media), (CACHE_CONTROL, "no-cache")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_wins() {
        assert_eq!(language("pt-BR,pt;q=0.9,en;q=0.8"), "pt");
        assert_eq!(language("de-DE,en;q=0.8"), "en");
        assert_eq!(language(""), "es");
        assert_eq!(language("ñ"), "es");
    }
}
