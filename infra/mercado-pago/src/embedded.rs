//! A simulator without a network, for a program that simulates everything around it too.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response};

use crate::account::Account;
use crate::app::{App, Parts};
use crate::clock::Clock;
use crate::outside::Outside;
use crate::server::{self, Unanswered};
use crate::simulator::{Simulator, StartError, seat};
use crate::world::World;

/// What an embedded simulator is made of. The same parts and the same calls in the same order make it behave the same, to
/// the last header, on a runtime of one thread.
pub struct Embedded {
    /// Where its own URLs point to, without a slash at the end. It listens nowhere.
    pub base: String,
    /// The sellers.
    pub accounts: Vec<Account>,
    /// What chance, and ids that look random, start from.
    pub seed: u64,
    /// The time.
    pub clock: Clock,
    /// How it reaches servers outside.
    pub outside: Arc<dyn Outside>,
}

impl Simulator {
    /// Makes one that listens nowhere and keeps no state: it is called with [`Simulator::call`] and calls
    /// [`Embedded::outside`]. A scan asks only when told to ([`Simulator::poll`]). Notifications are tasks of the Tokio
    /// runtime that its methods are called in, and all its waiting is Tokio's, whose clock may be paused.
    pub fn embedded(embedded: Embedded) -> Result<Simulator, StartError> {
        let Embedded { base, accounts, seed, clock, outside } = embedded;
        let mut world = World::default();
        seat(&mut world, accounts)?;
        let rng = fastrand::Rng::with_seed(seed);
        let ids = rng.clone().fork();
        Ok(Simulator::of(App::new(Parts { base, auto_poll: false, clock, outside, rng, ids }, world)))
    }

    /// Answers a request as it would be answered over HTTP, faults of the API included: an answer that is lost is an
    /// error, and a call that hangs never returns.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Bytes>, Unanswered> {
        let (parts, body) = server::answer(self.router.clone(), request).await?.into_parts();
        // The simulator's own bodies are whole, and reading them does not fail.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Ok(Response::from_parts(parts, body))
    }
}
