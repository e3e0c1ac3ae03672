//! A simulator driven over HTTP, against a small station that answers lookups and takes notifications. `embedded` does
//! without HTTP.

mod api_strictness;
mod bench;
mod embedded;
mod faults;
mod intents;
mod levers;
mod news;
mod oauth;
mod orders;
mod pages;
mod payments;
mod point_news;
mod qr;
mod refunds;
mod screens;
mod state;
mod terminals;
