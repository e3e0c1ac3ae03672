//! Surtidor's domain, Mercado Pago's contracts, and the road between them.

pub mod aws;
pub mod config;
pub mod id;
pub mod lookup;
pub mod loyalty;
pub mod mercado_pago;
pub mod money;
pub mod notification;
pub mod order;
pub mod payment;
pub mod problem;
pub mod queue;
pub mod sale;
pub mod secrets;
pub mod settlement;
pub mod signature;
pub mod telemetry;
