//! Links sellers by Mercado Pago's OAuth, and keeps the links alive.

mod handler;
mod page;

pub use handler::{Task, call_back, work};
