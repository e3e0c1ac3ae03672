//! A Mercado Pago that can be run, scanned, paid, delayed and broken.
//!
//! It serves the parts of Mercado Pago's API that the unattended QR of fuel pumps and the Point Smart terminals use, plays the
//! buyer with the app and the terminal with the card, sends the notifications, and lets everything go wrong on request. It is an independent reading of Mercado Pago's documents:
//! it shares no code with what it is meant to test.
//!
//! * [`Simulator`] runs one, on a port of this machine only. Many run in one process; there is no global state.
//! * [`Embedded`] is one without a port, whose network and clock are its program's.
//! * The API is strict where Mercado Pago is, with Mercado Pago's own errors.
//! * `/_control` is what the simulator adds; its methods are also on [`Simulator`].
//! * `/` has the QRs to print, `/phone` the buyer's phone, `/terminal` the terminals, `/authorization` is where sellers let an
//!   application act for them, `/_control/` has the switches.
//!
//! Money is an integer of minor units inside and the text of a JSON number outside; no amount passes through a float.

mod account;
mod amount;
mod api;
mod app;
mod buyer;
mod calls;
mod clock;
mod control;
mod embedded;
mod error;
mod faults;
mod json;
mod model;
mod news;
mod oauth;
mod outside;
mod pages;
mod persist;
mod point;
mod qr;
mod respond;
mod server;
mod simulator;
mod site;
mod tls;
mod world;

pub use axum::body::{Body, Bytes};
pub use axum::http;

pub use account::Account;
pub use buyer::reading::Screen;
pub use buyer::scan::{Scan, ScanError};
pub use clock::{Clock, Moment};
pub use control::lever::{ChargebackChange, LeverError, PaymentChange, PaymentDraft};
pub use embedded::Embedded;
pub use faults::{
    ApiFault, Callback, CallbackMethod, Effect, Fate, Faults, NotificationFaults, Oauth, Receive, Refunds,
    SignedId, Terminals, TsUnit, Twist, Webhooks,
};
pub use json::Json;
pub use model::payment::{BUYER, BUYER_DOCUMENT, BUYER_EMAIL};
pub use model::refund::RefundStatus;
pub use model::terminal::OperatingMode;
pub use news::{Dialect, Notification, ReleaseOrder, State, Try};
pub use oauth::Application;
pub use outside::Outside;
pub use point::act::{CardRead, NetworkLoss, TerminalDraft};
pub use point::view::{ChargeView, TerminalScreen, TerminalView};
pub use server::Unanswered;
pub use simulator::{Config, Simulator, StartError};
pub use site::Site;
