//! The operator's program as a library: what `surtidor` does, and what the local system does at its start.

pub mod advice;
pub mod apply;
pub mod chain;
pub mod deployment;
pub mod doctor;
pub mod live;
pub mod plan;
pub mod secret;
pub mod sheet;
