//! The buyer with the app: scanning, being shown a screen, paying.

pub mod document;
pub mod lookup;
pub mod loyalty;
pub mod means;
pub mod purchase;
pub mod reading;
pub mod scan;
