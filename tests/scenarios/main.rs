//! What the product promises, as those who use it meet it.

mod chargebacks;
mod competition;
mod contract;
mod counts;
mod guide;
mod logs;
mod lookup;
mod loyalty;
mod malformed;
mod notifications;
mod oauth;
mod odd;
mod odd_documents;
mod refunds;
mod roles;
mod station_api;
mod storm;
mod sweep;
mod terminals;
mod trouble;
