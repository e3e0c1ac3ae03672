//! The operator's program as a library: what `surtidor` does, and what the local system does at its start.

pub mod chain;
