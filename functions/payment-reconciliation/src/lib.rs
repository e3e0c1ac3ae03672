//! Takes hints from the queue, fetches the truth from Mercado Pago, settles the sale.

mod handler;

pub use handler::{Event, handle};
