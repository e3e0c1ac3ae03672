//! Every interleaving of small cases: what each function does between two calls is the product's own pure code, and the
//! calls, to the queue, the ledger and Mercado Pago, happen in every order that there is, with deaths in between, messages
//! that come twice and answers that are lost. The seeded simulation plays long stories by chance; this plays short ones,
//! all of them.
//!
//! What bounds it is one sale, at most two payments, and the [`world::Budget`] of each case. Mercado Pago's own answers are
//! at once and never wrong; stale searches, refunds that stay in process and keys that expire are not in it.

mod explore;
mod frozen;
mod judge;
mod mercado_pago;
mod process;
mod step;
mod world;

mod mutations;
mod office;
mod panel;
mod phones;
mod station;

use std::rc::Rc;
use std::time::Instant;

use explore::{Explored, Violation, explore};
use judge::Verdict;
use world::{Event, Rules, World};

/// Explores a case. `end` is what must be true in its ends, besides what must be in all.
fn look(start: World, rules: Rules, end: fn(&World) -> Verdict) -> Result<Explored<World>, Violation> {
    let steps = |world: &World| world.steps(rules);
    explore(start, steps, |world, is_end| {
        judge::always(world)?;
        if is_end {
            judge::at_the_end(world)?;
            end(world)?;
        }
        Ok(())
    })
}

/// Explores a case in which nothing may be wrong. It has at least so many states: an exploration of nothing finds nothing.
/// Gives the ends.
fn all_is_well(at_least: usize, start: World, rules: Rules, end: fn(&World) -> Verdict) -> Vec<Rc<World>> {
    let began = Instant::now();
    let explored = look(start, rules, end).unwrap_or_else(|violation| panic!("{violation}"));
    let Explored { states, steps, ends } = explored;
    println!("{states} states, {steps} steps, {} ends, {:.1} s", ends.len(), began.elapsed().as_secs_f32());
    assert!(states >= at_least, "{states} states are too few to be all");
    ends
}

/// A phone pays what is owed.
fn approval(payment: u64) -> Event {
    Event::Approval { payment, amount: 50_000 }
}
