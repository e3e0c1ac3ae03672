//! Surtidor's domain, Mercado Pago's contracts, and the road between them.
//!
//! The domain (`money`, `country`, `id`, `access`, `payment`, `sale`, `settlement`, `lookup`, `order`, `loyalty`,
//! `notification`, `signature`) does no I/O, reads no clock and no environment: state and fact in, new state out.

#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::print_stdout,
        clippy::unwrap_used
    )
)]

pub mod access;
pub mod api;
pub mod aws;
pub mod change;
pub mod charging;
pub mod clock;
pub mod config;
pub mod country;
pub mod edge;
pub mod id;
pub mod life;
pub mod lookup;
pub mod loyalty;
pub mod mercado_pago;
pub mod money;
pub mod notification;
pub mod oauth;
pub mod order;
pub mod payment;
pub mod problem;
pub mod queue;
pub mod reconcile;
pub mod refunding;
pub mod sale;
pub mod secrets;
pub mod settlement;
pub mod signature;
pub mod store;
pub mod telemetry;
