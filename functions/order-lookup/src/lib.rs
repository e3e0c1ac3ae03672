//! Mercado Pago asks what a pump owes.

mod handler;

pub use handler::handle;
