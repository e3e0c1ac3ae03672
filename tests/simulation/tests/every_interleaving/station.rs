//! The station takes other money, or withdraws the sale, while a phone pays.

use surtidor::sale::SaleStatus;

use crate::judge::{Verdict, must};
use crate::process::Role;
use crate::world::{Budget, Rules, World};
use crate::{all_is_well, approval};

fn is_station(role: &Role) -> bool {
    matches!(role, Role::Cashier | Role::Void)
}

/// Paid by the phone, and the station was told no; or not, and the phone has its money back. If the station's call died,
/// it has no answer, and the sale says which.
fn never_both_and_never_neither(world: &World) -> Verdict {
    let refused = world.was_refused(is_station);
    let (status, back) = (world.ledger.status, world.given_back(1));
    let by_phone = status == SaleStatus::Paid && back == 0 && refused != Some(false);
    let by_station = matches!(status, SaleStatus::SettledElsewhere | SaleStatus::Void)
        && back == 50_000
        && refused != Some(true);
    must(by_phone != by_station, || format!("the sale is {status}, {back} went back, refused: {refused:?}"))
}

fn race(station: Role) {
    let left = Budget { crashes: 1, redeliveries: 1, lost_answers: 1 };
    let start = World::new(vec![approval(1)], vec![station], left);
    let ends = all_is_well(5_000, start, Rules::default(), never_both_and_never_neither);
    for refused in [false, true] {
        assert!(ends.iter().any(|end| end.was_refused(is_station) == Some(refused)), "{refused}");
    }
}

#[test]
fn cash_and_a_phone_never_both_pay_and_never_neither() {
    race(Role::Cashier);
}

#[test]
fn a_sale_that_is_withdrawn_keeps_no_phones_money() {
    race(Role::Void);
}

#[test]
fn a_station_that_was_paid_elsewhere_gives_the_phones_money_back_once() {
    let left = Budget { crashes: 1, lost_answers: 1, ..Budget::default() };
    let start = World::new(vec![approval(1)], vec![Role::Cashier, Role::PaidElsewhere], left);
    let ends = all_is_well(5_000, start, Rules::default(), |world| {
        let answered = world.was_refused(|role| *role == Role::PaidElsewhere).is_some();
        must(!answered || world.given_back(1) == 50_000, || "the phone paid for nothing".to_owned())
    });
    for status in [SaleStatus::SettledElsewhere, SaleStatus::Refunded] {
        assert!(ends.iter().any(|end| end.ledger.status == status), "{status}");
    }
}
