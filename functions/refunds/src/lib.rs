//! Gives money back, whole or in part.

mod handler;

pub use handler::{PATIENCE, Refunds, handle};
