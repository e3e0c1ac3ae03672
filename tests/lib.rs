//! A whole system for one test: the compiled functions on stand-ins of AWS, a simulated Mercado Pago, and the
//! demo set-up. Each test has its own, on ports of its own, so all run at once.

mod answer;
mod canary;
mod contract;
mod documents;
mod signer;
mod world;

pub use answer::Answer;
pub use canary::{ATTENDANT, Canary, leak};
pub use contract::routes;
pub use documents::Documents;
pub use signer::{sign, sign_manifest};
pub use world::{Station, World, eventually};
