//! What Mercado Pago keeps, and how it shows each thing.

pub mod charge;
pub mod chargeback;
pub mod order;
pub mod payment;
pub mod pos;
pub mod refund;
pub mod store;
pub mod terminal;
