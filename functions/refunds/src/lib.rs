//! Gives money back, whole or in part.

mod handler;

pub use handler::{Refunds, handle};
