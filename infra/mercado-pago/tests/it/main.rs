//! A simulator driven over HTTP, against a small station that answers lookups and takes notifications.

mod api_strictness;
mod bench;
mod faults;
mod levers;
mod news;
mod pages;
mod payments;
mod qr;
mod refunds;
mod screens;
mod state;
