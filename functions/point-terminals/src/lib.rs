//! Point Smart terminals: which there are, how they work, and what they are asked to take.

mod cancel;
mod charges;
mod check;
mod handler;
mod slot;
mod terminals;
mod till;

pub use handler::{PATIENCE, PointTerminals, handle};
