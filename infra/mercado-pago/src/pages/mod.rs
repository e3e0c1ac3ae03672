//! The pages for a person, without anything from outside.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
}
