//! What is broken on purpose must be found: an exploration that finds nothing wrong proves nothing unless it can see.

use crate::judge::Verdict;
use crate::phones::one_is_kept;
use crate::process::Role;
use crate::world::{Broken, Budget, Rules, World};
use crate::{approval, look};

fn must_be_found(what: &str, start: World, broken: Broken, end: fn(&World) -> Verdict) {
    let rules = Rules { broken: Some(broken), ..Rules::default() };
    let violation = look(start, rules, end).err().expect("something wrong");
    println!("{violation}");
    assert!(violation.what.contains(what), "it is found by what it does");
    assert!(violation.path.len() > 5, "it takes some steps to go wrong");
}

#[test]
fn a_ledger_that_is_written_blindly_is_found_out() {
    let start = World::new(vec![approval(1), approval(2)], Vec::new(), Budget::default());
    must_be_found("the loser was not given back", start, Broken::BlindWrites, one_is_kept);
}

#[test]
fn a_new_key_on_each_try_is_found_out() {
    let call = Role::Office { key: "a", amount: 20_000 };
    let left = Budget { lost_answers: 1, ..Budget::default() };
    let start = World::new(vec![approval(1)], vec![call.clone(), call], left).with_one_consumer();
    must_be_found("one intent was refunded more than once", start, Broken::FreshKeys, |_| Ok(()));
}
