//! The whole system on one machine: Lambda, API Gateway, SQS, DynamoDB and Secrets Manager, as far as the product uses
//! them, all of it read from `template.yaml` and nothing else.
//!
//! [`Stack`] runs one. Many run in one process, on ports of their own; everything listens on 127.0.0.1 only, and functions
//! are started so that they cannot reach a real account.

mod calls;
pub mod demo;
mod dynamodb;
pub mod embedded;
mod faults;
mod front;
mod http_api;
mod keep;
mod lambda;
mod logs;
mod names;
mod poller;
mod secrets;
mod sqs;
mod stack;
pub mod template;
mod till;

pub use calls::Calls;
pub use faults::Faults;
pub use lambda::InvokeError;
pub use logs::LogLine;
pub use names::REGION;
pub use sqs::{Disorder, QueueDepth};
pub use stack::{Config, Endpoints, Stack, StartError};
