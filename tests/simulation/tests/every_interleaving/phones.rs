//! Two phones pay one sale.

use surtidor::sale::{CommandKind, SaleStatus};

use crate::judge::{Verdict, must};
use crate::mercado_pago::number_of;
use crate::world::{Budget, Rules, World};
use crate::{all_is_well, approval};

fn two_phones(left: Budget) -> World {
    World::new(vec![approval(1), approval(2)], Vec::new(), left)
}

/// The first approved is kept, the other went back once and whole, and the station knows which one paid.
pub fn one_is_kept(world: &World) -> Verdict {
    let sale = &world.ledger;
    must(sale.status == SaleStatus::Paid, || format!("the sale is {}", sale.status))?;
    let winner = sale.winner().map(|winner| number_of(&winner.payment_id)).unwrap_or_default();
    let loser = 3 - winner;
    must(world.given_back(winner) == 0, || "the winner was given back".to_owned())?;
    must(world.given_back(loser) == 50_000, || "the loser was not given back".to_owned())?;
    must(world.mercado_pago.is_first(winner), || format!("{winner} won and was not the first"))?;
    must(world.told(CommandKind::Paid, winner) == 1, || "the station was not told".to_owned())
}

/// Either phone may be the first.
fn each_wins_somewhere(at_least: usize, left: Budget, rules: Rules) {
    let ends = all_is_well(at_least, two_phones(left), rules, one_is_kept);
    for phone in [1, 2] {
        assert!(ends.iter().any(|end| end.given_back(phone) == 50_000), "{phone} always wins");
    }
}

#[test]
fn of_two_phones_one_pays_and_the_other_is_given_back_once_whoever_dies() {
    let left = Budget { crashes: 2, ..Budget::default() };
    each_wins_somewhere(20_000, left, Rules::default());
}

#[test]
fn of_two_phones_one_is_given_back_once_although_answers_are_lost() {
    let left = Budget { crashes: 1, lost_answers: 2, ..Budget::default() };
    each_wins_somewhere(10_000, left, Rules::default());
}

#[test]
fn of_two_phones_one_is_given_back_once_although_messages_come_twice() {
    let left = Budget { redeliveries: 1, lost_answers: 1, ..Budget::default() };
    each_wins_somewhere(5_000, left, Rules::default());
}

#[test]
fn of_two_phones_one_is_given_back_once_also_in_the_dialect_of_merchant_orders() {
    let left = Budget { crashes: 1, lost_answers: 1, ..Budget::default() };
    each_wins_somewhere(10_000, left, Rules { merchant_orders: true, ..Rules::default() });
}

#[test]
fn of_two_phones_one_is_given_back_once_while_its_refund_is_told_too() {
    let left = Budget { crashes: 1, lost_answers: 1, ..Budget::default() };
    each_wins_somewhere(20_000, left, Rules { tells_of_our_refunds: true, ..Rules::default() });
}
