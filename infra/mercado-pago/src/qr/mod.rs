//! The QR that is printed for a point of sale.

pub mod image;
pub mod text;
