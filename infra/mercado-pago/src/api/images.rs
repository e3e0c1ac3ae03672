//! The images of a point of sale's QR.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::qr::image;

/// `{uuid}.png`, `{uuid}.svg`, `template_{uuid}.pdf`, `template_{uuid}.png`
pub async fn read(State(app): State<Arc<App>>, Path((pos, file)): Path<(u64, String)>) -> Response {
    let found =
        app.world().points.get(&pos).map(|pos| (pos.uuid.clone(), pos.qr_code.clone(), pos.name.clone()));
    let Some((uuid, text, name)) = found else { return super::nothing().await };
    let stem = file.strip_prefix("template_").unwrap_or(&file);
    let content = match stem.strip_prefix(&uuid) {
        Some(".png") => image::png(&text).map(|bytes| ("image/png", bytes)),
        Some(".svg") => image::svg(&text).map(|text| ("image/svg+xml", text.into_bytes())),
        Some(".pdf") => image::pdf(&text, &name).map(|bytes| ("application/pdf", bytes)),
        _ => None,
    };
    match content {
        Some((media, bytes)) => ([(CONTENT_TYPE, media)], bytes).into_response(),
        None => super::nothing().await,
    }
}
