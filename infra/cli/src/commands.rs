//! What `surtidor` is told to do, one module a command.

pub(crate) mod account;
pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod key;
pub(crate) mod plan;
pub(crate) mod qr;
pub(crate) mod redrive;
pub(crate) mod sale;
