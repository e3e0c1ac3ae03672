//! The back office asks for refunds twice at once.

use crate::judge::{Verdict, must};
use crate::process::Role;
use crate::world::{Budget, Rules, World};
use crate::{all_is_well, approval};

/// The one payment, and two calls that race with each other and with one consumer, which is told of the payment and
/// finishes what the calls leave.
fn two_calls(first: Role, second: Role) -> World {
    let left = Budget { crashes: 1, lost_answers: 1, ..Budget::default() };
    two_calls_with(first, second, left)
}

fn two_calls_with(first: Role, second: Role, left: Budget) -> World {
    World::new(vec![approval(1)], vec![first, second], left).with_one_consumer()
}

fn for_minor(key: &'static str, amount: u64) -> Role {
    Role::Office { key, amount }
}

/// Whatever was asked, no more goes back than was paid. That ledger and Mercado Pago agree is true in all ends.
fn not_more_than_was_paid(world: &World) -> Verdict {
    must(world.given_back(1) <= 50_000, || format!("{} went back", world.given_back(1)))
}

#[test]
fn of_two_refunds_that_exceed_the_payment_only_one_is_made() {
    let start = two_calls(for_minor("a", 30_000), for_minor("b", 30_000));
    let ends = all_is_well(5_000, start, Rules::default(), not_more_than_was_paid);
    assert!(ends.iter().all(|end| end.given_back(1) <= 30_000));
    assert!(ends.iter().any(|end| end.given_back(1) == 30_000));
}

/// One of the two is listed while the other is asked for, and is taken for it. A death and a lost answer in one run are
/// four hundred thousand states, which takes too long for what they add: each has its own exploration.
fn two_of_the_same_amount(at_least: usize, left: Budget) {
    let start = two_calls_with(for_minor("a", 20_000), for_minor("b", 20_000), left);
    let ends = all_is_well(at_least, start, Rules::default(), not_more_than_was_paid);
    assert!(ends.iter().any(|end| end.given_back(1) == 40_000));
}

#[test]
fn two_refunds_of_the_same_amount_are_two_refunds_whoever_dies() {
    two_of_the_same_amount(100_000, Budget { crashes: 1, ..Budget::default() });
}

#[test]
fn two_refunds_of_the_same_amount_are_two_refunds_although_an_answer_is_lost() {
    two_of_the_same_amount(30_000, Budget { lost_answers: 1, ..Budget::default() });
}

#[test]
fn the_same_key_twice_at_once_is_one_refund() {
    let start = two_calls(for_minor("a", 20_000), for_minor("a", 20_000));
    let ends = all_is_well(5_000, start, Rules::default(), not_more_than_was_paid);
    assert!(ends.iter().all(|end| end.given_back(1) <= 20_000));
    assert!(ends.iter().any(|end| end.given_back(1) == 20_000));
}

#[test]
fn a_refund_that_is_asked_for_and_one_of_the_system_give_back_what_was_paid_and_no_more() {
    let start = two_calls(for_minor("a", 20_000), Role::PaidElsewhere);
    let ends = all_is_well(5_000, start, Rules::default(), not_more_than_was_paid);
    assert!(ends.iter().any(|end| end.given_back(1) == 50_000));
}
