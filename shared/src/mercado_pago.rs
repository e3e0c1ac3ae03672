//! Mercado Pago's API: a client for what the road needs, and its documents reduced to facts.

mod chargeback;
mod client;
mod error;
mod merchant_order;
mod oauth;
mod order;
mod payment;
mod place;
mod point;
mod transport;
mod wire;

pub use chargeback::{Chargeback, ChargebackSearch};
pub(crate) use client::PAGE;
pub use client::{MercadoPago, Patience};
pub use error::ApiError;
pub use merchant_order::MerchantOrder;
pub use oauth::{Application, Tokens};
pub use order::{Order, PaymentIntent};
pub use payment::{Payment, PaymentSearch, RefundBody};
pub use place::{Hours, Location, NewPos, NewStore, Pos, Store};
pub use point::{Cancelled, OperatingMode, Terminal, User};
pub use transport::{Answer, Exchange, Transport};
