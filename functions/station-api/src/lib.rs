//! The station's software: facts in, commands out.

mod commands;
mod handler;
mod positions;
mod sales;

pub use handler::{StationApi, handle};
