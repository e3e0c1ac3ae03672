//! Somebody gives money back in Mercado Pago's panel, and notifications overlap.

use surtidor::sale::SaleStatus;

use crate::judge::{Verdict, must};
use crate::process::Role;
use crate::world::{Budget, Event, Rules, World};
use crate::{all_is_well, approval};

fn in_the_panel(payment: u64, amount: u64) -> Event {
    Event::Panel { payment, amount }
}

fn is_refunded(world: &World) -> Verdict {
    must(world.ledger.status == SaleStatus::Refunded, || format!("the sale is {}", world.ledger.status))
}

/// Notifications of payments, and of merchant orders, which tell only the sum.
fn dialects() -> [Rules; 2] {
    [false, true].map(|merchant_orders| Rules { merchant_orders, ..Rules::default() })
}

#[test]
fn what_was_given_back_in_the_panel_ends_as_refunded_whatever_is_read_or_written_first() {
    for rules in dialects() {
        let left = Budget { crashes: 1, redeliveries: 1, ..Budget::default() };
        let start = World::new(vec![approval(1), in_the_panel(1, 50_000)], Vec::new(), left);
        all_is_well(500, start, rules, is_refunded);
    }
}

#[test]
fn two_parts_that_were_given_back_in_the_panel_end_as_refunded_in_any_order() {
    for rules in dialects() {
        let left = Budget { crashes: 1, ..Budget::default() };
        let to_come = vec![approval(1), in_the_panel(1, 20_000), in_the_panel(1, 30_000)];
        all_is_well(2_000, World::new(to_come, Vec::new(), left), rules, is_refunded);
    }
}

#[test]
fn a_payment_that_goes_back_by_itself_and_whole_in_the_panel_goes_back_once() {
    for rules in dialects() {
        let to_come = vec![approval(1), approval(2), in_the_panel(2, 50_000)];
        all_is_well(5_000, World::new(to_come, Vec::new(), Budget::default()), rules, |world| {
            must(world.given_back(2) == 50_000, || format!("{} went back", world.given_back(2)))
        });
    }
}

/// Which of two refunds of one amount is whose cannot be seen from a list; both are in the books all the same. From
/// merchant orders alone, that is only after a look back: a sum that was fetched before our refund hides the panel's behind
/// it, and two unknown refunds of one amount are not guessed at.
#[test]
fn a_refund_in_the_panel_and_one_of_the_office_of_the_same_amount_are_two_refunds() {
    for rules in dialects() {
        let to_come = vec![approval(1), in_the_panel(1, 20_000)];
        let office = Role::Office { key: "a", amount: 20_000 };
        let start = World::new(to_come, vec![office], Budget::default());
        let rules = Rules { looks_back: rules.merchant_orders, ..rules };
        all_is_well(2_000, start, rules, |world| {
            must(world.given_back(1) == 40_000, || format!("{} went back", world.given_back(1)))
        });
    }
}

/// What the system gives back is all that is left, and that may be less than it meant to.
#[test]
fn a_payment_that_goes_back_by_itself_and_in_part_in_the_panel_goes_back_once() {
    for rules in dialects() {
        let to_come = vec![approval(1), approval(2), in_the_panel(2, 20_000)];
        all_is_well(2_000, World::new(to_come, Vec::new(), Budget::default()), rules, |world| {
            // The one that lost went back whole; if the panel's was the winner, only the part went back of it.
            let whole = if world.mercado_pago.is_first(2) { [50_000, 20_000] } else { [0, 50_000] };
            let back = [1, 2].map(|payment| world.given_back(payment));
            must(back == whole, || format!("{back:?} went back"))
        });
    }
}
