//! Mercado Pago's news: verified, put on the queue as a hint, answered.

mod handler;

pub use handler::{Intake, handle};
