//! What facts do to a sale, case by case and in any order.

use super::*;
use crate::id::PaymentId;
use crate::payment::{Channel, PaymentStatus, RefundFact};
use crate::sale::tests::{NOON, ars, sale};
use crate::sale::{Acknowledgement, RefundOrigin, RefundOutcome, RefundStatus, SaleStatus};
use proptest::prelude::*;
use time::Duration;

fn seller() -> Seller {
    Seller { collector_id: "178106235".to_owned(), live: true }
}

/// A payment of the test sale as it is `minute` minutes after noon.
fn payment(sale: &Sale, id: u64, status: &str, minute: i64) -> PaymentFact {
    let moved = !matches!(status, "pending" | "in_process" | "rejected" | "cancelled");
    PaymentFact {
        id: PaymentId::parse(&id.to_string()).unwrap(),
        collector: Some("178106235".to_owned()),
        reference: Some(sale.reference.to_string()),
        amount: Some(sale.amount()),
        refunded: Some(ars(if status == "refunded" { sale.amount().minor() } else { 0 })),
        status: PaymentStatus(status.to_owned()),
        status_detail: None,
        // Approved in the order of their numbers.
        approved_at: moved.then(|| NOON + Duration::seconds(i64::try_from(id).unwrap())),
        updated_at: NOON + Duration::minutes(minute),
        live_mode: Some(true),
        method: Some("visa".to_owned()),
        channel: Channel::Qr,
        refunds: None,
    }
}

/// A refund that Mercado Pago made.
fn made(id: &str, minor: u64) -> RefundFact {
    RefundFact { id: id.to_owned(), amount: ars(minor), status: "approved".to_owned(), created_at: None }
}

/// What somebody asks for through our API; all that is left without an amount.
fn request(amount: Option<crate::money::Money>, key: &str) -> crate::sale::RefundRequest {
    crate::sale::RefundRequest {
        amount,
        payment: None,
        reason: "r".to_owned(),
        key: key.to_owned(),
        digest: String::new(),
        caller: String::new(),
    }
}

fn settled(sale: &Sale, facts: &[PaymentFact]) -> Sale {
    settle(sale, &seller(), facts, NOON)
}

fn commands(sale: &Sale) -> Vec<String> {
    sale.commands.iter().map(|command| format!("{} {}", command.kind.word(), command.payment_id)).collect()
}

fn system_refunds(sale: &Sale) -> Vec<String> {
    let of_system = sale.refunds.iter().filter(|refund| refund.origin == RefundOrigin::System);
    of_system.map(|refund| format!("{} {}", refund.payment_id, refund.amount)).collect()
}

#[test]
fn an_approved_payment_pays_the_sale_once_and_tells_the_station_once() {
    let sale = sale(50_000);
    let approved = payment(&sale, 1, "approved", 1);
    let paid = settled(&sale, std::slice::from_ref(&approved));
    assert_eq!((paid.status, commands(&paid)), (SaleStatus::Paid, vec!["paid 1".to_owned()]));
    let again = settle(&paid, &seller(), &[approved.clone(), approved], NOON);
    assert_eq!(again, paid, "a second notification changes nothing, so nothing is written");
}

#[test]
fn a_rejected_payment_leaves_the_sale_open_for_another_means() {
    let sale = sale(50_000);
    let rejected = settled(&sale, &[payment(&sale, 1, "rejected", 1)]);
    assert_eq!((rejected.status, commands(&rejected).len()), (SaleStatus::Pending, 0));
    let paid = settled(&rejected, &[payment(&sale, 2, "approved", 2)]);
    assert_eq!((paid.status, paid.attempts.len()), (SaleStatus::Paid, 2));
    assert!(paid.refunds.is_empty());
}

#[test]
fn of_two_phones_the_first_approved_wins_whichever_is_heard_of_first() {
    let sale = sale(50_000);
    let (first, second) = (payment(&sale, 1, "approved", 1), payment(&sale, 2, "approved", 2));
    for order in [[&first, &second], [&second, &first]] {
        let heard =
            order.into_iter().fold(sale.clone(), |sale, fact| settled(&sale, std::slice::from_ref(fact)));
        assert_eq!(heard.status, SaleStatus::Paid);
        assert_eq!(heard.winner().unwrap().payment_id.as_str(), "1");
        assert_eq!(system_refunds(&heard), ["2 500.00"]);
        assert!(commands(&heard).contains(&"paid 1".to_owned()));
    }
}

#[test]
fn a_phone_after_cash_or_after_void_is_given_back() {
    for void in [false, true] {
        let mut sale = sale(50_000);
        if void {
            sale.void(NOON).unwrap();
        } else {
            sale.settle_elsewhere("cash", NOON).unwrap();
        }
        let status = sale.status;
        let late = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
        assert_eq!((late.status, system_refunds(&late)), (status, vec!["1 500.00".to_owned()]));
        assert!(commands(&late).is_empty(), "the station is not told that it is paid");
        let mut done = late.clone();
        let refund = late.refunds[0].id.clone();
        let fact = made("9", 50_000);
        done.conclude_refund(&refund, &RefundOutcome::Made(fact), NOON);
        assert_eq!((done.status, commands(&done)), (status, vec!["refunded 1".to_owned()]));
    }
}

#[test]
fn the_station_that_was_paid_elsewhere_gets_the_wallet_payment_given_back() {
    let sale = sale(50_000);
    let mut paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let command = paid.commands[0].id.clone();
    assert_eq!(paid.acknowledge(&command, Acknowledgement::PaidElsewhere, NOON), Ok(true));
    assert_eq!(system_refunds(&paid), ["1 500.00"]);
    assert_eq!(paid.acknowledge(&command, Acknowledgement::Done, NOON), Ok(false), "the first answer stands");
    assert_eq!(system_refunds(&paid).len(), 1);
}

#[test]
fn a_sale_that_the_station_does_not_know_is_for_a_person() {
    let sale = sale(50_000);
    let mut paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let command = paid.commands[0].id.clone();
    paid.acknowledge(&command, Acknowledgement::Unknown, NOON).unwrap();
    assert_eq!(
        (paid.status, paid.review_reasons()),
        (SaleStatus::NeedsReview, vec![ReviewReason::UnknownToStation])
    );
}

type Change = fn(&mut PaymentFact);

/// CVE-2026-9189 and its kin: a genuine payment that does not fit must not close the sale.
#[test]
fn a_payment_with_one_field_wrong_never_settles_and_is_never_dropped() {
    let sale = sale(50_000);
    let brl = crate::money::Currency::parse("BRL").unwrap();
    let changes: [(ReviewReason, Change); 8] = [
        (ReviewReason::Collector, |fact| fact.collector = Some("1".to_owned())),
        (ReviewReason::Collector, |fact| fact.collector = None),
        (ReviewReason::Amount, |fact| fact.amount = Some(ars(100))),
        (ReviewReason::Amount, |fact| fact.amount = Some(ars(50_001))),
        (ReviewReason::Amount, |fact| fact.amount = None),
        (ReviewReason::Reference, |fact| fact.reference = Some("another".to_owned())),
        (ReviewReason::Reference, |fact| fact.reference = None),
        (ReviewReason::LiveMode, |fact| fact.live_mode = Some(false)),
    ];
    for (reason, change) in changes {
        let mut fact = payment(&sale, 1, "approved", 1);
        change(&mut fact);
        let reviewed = settled(&sale, std::slice::from_ref(&fact));
        assert_eq!((reviewed.status, reviewed.review_reasons()), (SaleStatus::NeedsReview, vec![reason]));
        assert!(commands(&reviewed).is_empty() && reviewed.refunds.is_empty());
    }
    let mut foreign = payment(&sale, 1, "approved", 1);
    foreign.amount = Some(crate::money::Money::from_minor(50_000, brl).unwrap());
    assert_eq!(settled(&sale, &[foreign]).review_reasons(), [ReviewReason::Currency]);
    let test_account = Seller { live: false, ..seller() };
    let mut test = payment(&sale, 1, "approved", 1);
    test.live_mode = Some(false);
    assert_eq!(settle(&sale, &test_account, &[test], NOON).status, SaleStatus::Paid);
    let mut failed = payment(&sale, 1, "rejected", 1);
    failed.amount = Some(ars(100));
    assert_eq!(settled(&sale, &[failed]).status, SaleStatus::Pending, "no money, no case");
}

#[test]
fn a_misfit_that_went_back_is_no_case_any_more() {
    let sale = sale(50_000);
    let mut wrong = payment(&sale, 1, "approved", 1);
    wrong.amount = Some(ars(100));
    let reviewed = settled(&sale, &[wrong.clone()]);
    wrong.status = PaymentStatus("refunded".to_owned());
    (wrong.updated_at, wrong.refunded) = (NOON + Duration::minutes(2), Some(ars(100)));
    let mended = settled(&reviewed, &[wrong]);
    assert_eq!(mended.status, SaleStatus::Pending);
    assert_eq!(settled(&mended, &[payment(&sale, 2, "approved", 3)]).status, SaleStatus::Paid);
}

#[test]
fn refunds_disputes_and_unknown_words_have_their_state() {
    let sale = sale(50_000);
    let paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    for (status, refunded, expected) in [
        ("approved", 10_000, SaleStatus::PartiallyRefunded),
        ("approved", 50_000, SaleStatus::Refunded),
        ("refunded", 50_000, SaleStatus::Refunded),
        ("in_mediation", 0, SaleStatus::InMediation),
        ("charged_back", 0, SaleStatus::ChargedBack),
        ("in_orbit", 0, SaleStatus::NeedsReview),
        ("pending", 0, SaleStatus::NeedsReview),
        ("rejected", 0, SaleStatus::NeedsReview),
    ] {
        let mut fact = payment(&sale, 1, status, 2);
        fact.refunded = Some(ars(refunded));
        assert_eq!(settled(&paid, &[fact]).status, expected, "{status} {refunded}");
    }
    let unknown = settled(&sale, &[payment(&sale, 1, "pending", 1)]);
    let mut fact = payment(&sale, 1, "in_orbit", 2);
    fact.approved_at = None;
    assert_eq!(settled(&unknown, &[fact]).status, SaleStatus::Pending, "kept, and not guessed at");
    let charged_back = settled(&paid, &[payment(&sale, 1, "charged_back", 2)]);
    assert_eq!(commands(&charged_back), ["paid 1", "withdrawn 1"]);
    assert_eq!(
        settled(&charged_back, &[payment(&sale, 1, "approved", 3)]).status,
        SaleStatus::Paid,
        "dispute won"
    );
}

#[test]
fn a_refund_made_in_the_panel_is_seen_and_one_of_ours_is_recognised() {
    let sale = sale(50_000);
    let paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let mut fact = payment(&sale, 1, "approved", 2);
    (fact.refunded, fact.refunds) = (Some(ars(10_000)), Some(vec![made("77", 10_000)]));
    let by_hand = settled(&paid, std::slice::from_ref(&fact));
    assert_eq!(by_hand.status, SaleStatus::PartiallyRefunded);
    assert_eq!((by_hand.refunds.len(), &by_hand.refunds[0].origin), (1, &RefundOrigin::MercadoPago));

    // Ours was asked for, and the answer was lost.
    let mut asked = paid.clone();
    let request = request(Some(ars(10_000)), "k");
    asked.request_refund(request, NOON).unwrap();
    let found = settled(&asked, &[fact]);
    assert_eq!((found.refunds.len(), found.refunds[0].status), (1, RefundStatus::Approved));
    assert_eq!(commands(&found), ["paid 1", "refunded 1"]);
}

#[test]
fn a_refund_that_is_listed_twice_is_one() {
    let sale = sale(50_000);
    let made = made("77", 10_000);
    let mut fact = payment(&sale, 1, "approved", 1);
    (fact.refunded, fact.refunds) = (Some(ars(10_000)), Some(vec![made.clone(), made]));
    let seen = settled(&sale, &[fact]);
    assert_eq!((seen.status, seen.refunds.len()), (SaleStatus::PartiallyRefunded, 1));
    assert_eq!(commands(&seen), ["refunded 1", "paid 1"]);
}

#[test]
fn a_document_without_a_sum_of_refunds_contradicts_none_and_takes_nothing_back() {
    let sale = sale(50_000);
    let mut told = payment(&sale, 1, "approved", 1);
    told.refunded = Some(ars(10_000));
    for minute in [1, 2] {
        let mut silent = payment(&sale, 1, "approved", minute);
        silent.refunded = None;
        let seen = settled(&sale, &[silent.clone(), told.clone()]);
        assert_eq!(seen.status, SaleStatus::PartiallyRefunded);
        assert_eq!(settled(&sale, &[told.clone(), silent.clone()]), seen, "the order of documents counts");
        assert_eq!(settled(&seen, &[silent, told.clone()]), seen, "the same facts again are no news");
    }
}

#[test]
fn a_dispute_is_told_as_often_as_it_turns() {
    let mut standing = sale(50_000);
    for (status, minute) in [("approved", 1), ("charged_back", 2), ("approved", 3), ("charged_back", 4)] {
        standing = settled(&standing, &[payment(&standing, 1, status, minute)]);
    }
    assert_eq!(commands(&standing), ["paid 1", "withdrawn 1", "paid 1", "withdrawn 1"]);
}

#[test]
fn a_payment_that_contradicts_itself_is_not_told_as_paid_and_says_why() {
    let sale = sale(50_000);
    let rejected = settled(&sale, &[payment(&sale, 1, "rejected", 1)]);
    let approved = settled(&rejected, &[payment(&sale, 1, "approved", 2)]);
    assert_eq!((approved.status, commands(&approved).len()), (SaleStatus::NeedsReview, 0));
    assert_eq!(approved.review_reasons(), [ReviewReason::Contradiction]);

    let mut less = payment(&sale, 1, "approved", 2);
    less.refunded = Some(ars(100));
    let shrunk = [less, payment(&sale, 1, "approved", 3)];
    for order in [[0, 1], [1, 0]] {
        let heard = order
            .iter()
            .fold(sale.clone(), |sale, place| settled(&sale, std::slice::from_ref(&shrunk[*place])));
        assert_eq!(
            (heard.status, heard.review_reasons()),
            (SaleStatus::NeedsReview, vec![ReviewReason::Contradiction])
        );
        assert_eq!(
            settled(&heard, &shrunk).status,
            SaleStatus::NeedsReview,
            "the same again changes nothing"
        );
    }
}

/// Found by the property below: between the two words of one instant hid a step that cannot be.
#[test]
fn a_contradiction_is_seen_across_readings_of_one_instant() {
    let sale = sale(50_000);
    let facts = [("refunded", 0), ("pending", 5), ("in_orbit", 5)].map(|(status, minute)| {
        let mut fact = payment(&sale, 2, status, minute);
        fact.refunded = Some(ars(0));
        fact
    });
    assert_eq!(settled(&sale, &facts).review_reasons(), [ReviewReason::Contradiction]);
}

#[test]
fn an_approved_payment_of_nothing_is_no_payment() {
    let sale = sale(50_000);
    let mut nothing = payment(&sale, 1, "approved", 1);
    nothing.amount = Some(ars(0));
    assert_eq!(settled(&sale, &[nothing]).review_reasons(), [ReviewReason::Amount]);
}

#[test]
fn of_several_equal_intents_none_is_guessed_to_be_the_one_that_is_listed() {
    let sale = sale(50_000);
    let mut asked = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let mut intents = Vec::new();
    for key in ["a", "b"] {
        let request = request(Some(ars(10_000)), key);
        let Ok(crate::sale::Requested::New(refund)) = asked.request_refund(request, NOON) else { panic!() };
        intents.push(refund.id);
    }
    let mut news = payment(&sale, 1, "approved", 2);
    (news.refunded, news.refunds) = (Some(ars(20_000)), Some(vec![made("A", 10_000), made("B", 10_000)]));
    let mut heard = settled(&asked, std::slice::from_ref(&news));
    assert_eq!(heard.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending).count(), 2);
    heard.conclude_refund(&intents[1], &RefundOutcome::Made(made("A", 10_000)), NOON);
    let heard = settled(&heard, &[news]);
    assert_eq!(heard.refunds.len(), 2, "the other one is what is left");
    assert_eq!(heard.refunds[0].mercado_pago_id.as_deref(), Some("B"));
    assert_eq!(commands(&heard), ["paid 1", "refunded 1", "refunded 1"]);
}

/// Found by exploring every interleaving: a refund was made in the panel while one of the same amount was asked for.
#[test]
fn a_listed_refund_that_was_taken_for_another_stays_in_the_books_and_both_are_told() {
    let sale = sale(50_000);
    let mut asked = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let request = request(Some(ars(20_000)), "k");
    let Ok(crate::sale::Requested::New(refund)) = asked.request_refund(request, NOON) else { panic!() };
    let mut news = payment(&sale, 1, "approved", 2);
    (news.refunded, news.refunds) = (Some(ars(20_000)), Some(vec![made("PANEL", 20_000)]));
    let mut listed = settled(&asked, &[news]);
    listed.conclude_refund(&refund.id, &RefundOutcome::Made(made("OURS", 20_000)), NOON);
    let ids: Vec<_> =
        listed.refunds.iter().map(|refund| refund.mercado_pago_id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["OURS", "PANEL"]);
    assert!(listed.refunds.iter().all(|refund| refund.status == RefundStatus::Approved));
    assert_eq!(listed.refunds[1].origin, RefundOrigin::MercadoPago);
    assert_eq!(commands(&listed), ["paid 1", "refunded 1", "refunded 1"]);
}

/// Found by exploring every interleaving: a part was given back in the panel before the system's refund of the whole, which
/// then is one of what is left.
#[test]
fn a_refund_is_booked_and_told_with_the_amount_that_went_back() {
    let sale = sale(50_000);
    let both = [payment(&sale, 1, "approved", 1), payment(&sale, 2, "approved", 2)];
    let mut heard = settled(&sale, &both);
    let intent = heard.pending_refunds().next().unwrap().id.clone();
    heard.conclude_refund(&intent, &RefundOutcome::Made(made("OURS", 30_000)), NOON);
    let mut news = payment(&sale, 2, "refunded", 3);
    news.refunds = Some(vec![made("PANEL", 20_000), made("OURS", 30_000)]);
    let heard = settled(&heard, &[news]);
    let told = heard.commands.iter().filter(|command| command.kind == CommandKind::Refunded);
    assert_eq!(told.map(|command| command.amount.minor()).collect::<Vec<_>>(), [30_000, 20_000]);
    assert_eq!(heard.refunds.iter().map(|refund| refund.amount.minor()).sum::<u64>(), 50_000);
}

/// Found by the simulation: of two calls with one key the first was refused and the second carried out; its refund was
/// listed before its answer came, and taken for one made at the panel.
#[test]
fn a_refund_that_was_listed_before_its_answer_came_is_one_refund() {
    let sale = sale(50_000);
    let mut asked = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let request = request(None, "k");
    let Ok(crate::sale::Requested::New(refund)) = asked.request_refund(request, NOON) else { panic!() };
    asked.conclude_refund(&refund.id, &RefundOutcome::Refused(crate::sale::Refusal::NoBalance), NOON);
    let made = made("A", 50_000);
    let mut news = payment(&sale, 1, "refunded", 2);
    news.refunds = Some(vec![made.clone()]);
    let mut listed = settled(&asked, std::slice::from_ref(&news));
    assert_eq!(listed.refunds.len(), 2, "nobody knows yet whose it is");
    listed.conclude_refund(&refund.id, &RefundOutcome::Made(made), NOON);
    assert_eq!(listed.refunds.len(), 1);
    assert_eq!((listed.refunds[0].status, listed.refunds[0].refusal), (RefundStatus::Approved, None));
    assert_eq!(commands(&listed), ["paid 1", "refunded 1"], "told once");
    assert_eq!(settled(&listed, &[news]), listed);
}

#[test]
fn a_payment_in_dispute_that_the_station_did_not_need_goes_back_once_the_dispute_is_over() {
    let sale = sale(50_000);
    let paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let mut disputed = settled(&paid, &[payment(&sale, 1, "in_mediation", 2)]);
    disputed.acknowledge(&paid.commands[0].id, Acknowledgement::PaidElsewhere, NOON).unwrap();
    assert!(system_refunds(&disputed).is_empty(), "a disputed payment cannot be given back");
    let over = settled(&disputed, &[payment(&sale, 1, "approved", 3)]);
    assert_eq!(system_refunds(&over), ["1 500.00"]);
    assert_eq!(over.refunds[0].reason, crate::sale::PAID_ELSEWHERE);
    assert_eq!(settled(&over, &[payment(&sale, 1, "approved", 3)]), over, "once");
}

/// A wrong amount is a case only while nothing else settles the sale.
#[test]
fn a_payment_of_another_amount_is_given_back_once_something_else_settles_the_sale() {
    let sale = sale(50_000);
    let mut more = payment(&sale, 2, "approved", 1);
    more.amount = Some(ars(60_000));
    let right = payment(&sale, 1, "approved", 2);
    for order in [[&more, &right], [&right, &more]] {
        let heard =
            order.into_iter().fold(sale.clone(), |sale, fact| settled(&sale, std::slice::from_ref(fact)));
        assert_eq!((heard.status, system_refunds(&heard)), (SaleStatus::Paid, vec!["2 600.00".to_owned()]));
        assert_eq!(commands(&heard), ["paid 1"]);
    }
    let mut cash = sale.clone();
    cash.settle_elsewhere("cash", NOON).unwrap();
    let heard = settled(&cash, std::slice::from_ref(&more));
    assert_eq!(
        (heard.status, system_refunds(&heard)),
        (SaleStatus::SettledElsewhere, vec!["2 600.00".to_owned()])
    );
    let alone = settled(&sale, &[more.clone()]);
    assert_eq!((alone.status, system_refunds(&alone).len()), (SaleStatus::NeedsReview, 0));
    // Whose money it is stays a case, whatever settles the sale.
    more.collector = Some("1".to_owned());
    let foreign = settled(&cash, &[more]);
    assert_eq!((foreign.status, system_refunds(&foreign).len()), (SaleStatus::NeedsReview, 0));
}

#[test]
fn a_review_ends_when_the_money_went_back() {
    let sale = sale(50_000);
    let mut paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
    let command = paid.commands[0].id.clone();
    paid.acknowledge(&command, Acknowledgement::Unknown, NOON).unwrap();
    assert_eq!(paid.status, SaleStatus::NeedsReview);
    assert_eq!(settled(&paid, &[payment(&sale, 1, "refunded", 2)]).status, SaleStatus::Refunded);

    // The system's own refund of a second payment was refused; then it was given back by hand.
    let both = settled(&sale, &[payment(&sale, 1, "approved", 1), payment(&sale, 2, "approved", 1)]);
    let mut refused = both.clone();
    let refund = refused.refunds[0].id.clone();
    refused.conclude_refund(&refund, &RefundOutcome::Refused(crate::sale::Refusal::NoBalance), NOON);
    assert_eq!(refused.review_reasons(), [ReviewReason::RefundRefused]);
    assert_eq!(settled(&refused, &[payment(&sale, 2, "refunded", 2)]).status, SaleStatus::Paid);
}

#[test]
fn a_mended_account_mends_its_sales() {
    let sale = sale(50_000);
    let wrong = Seller { collector_id: "1".to_owned(), live: true };
    let fact = payment(&sale, 1, "approved", 1);
    let reviewed = settle(&sale, &wrong, std::slice::from_ref(&fact), NOON);
    assert_eq!(reviewed.review_reasons(), [ReviewReason::Collector]);
    assert_eq!(settled(&reviewed, &[fact]).status, SaleStatus::Paid);
}

/// What money says, without what depends on when we heard of it.
fn books(sale: &Sale) -> (SaleStatus, Vec<(String, String, u64)>, Vec<String>) {
    let mut attempts: Vec<_> = sale
        .attempts
        .iter()
        .map(|a| (a.payment_id.to_string(), a.latest().unwrap().status.0.clone(), a.refunded_minor()))
        .collect();
    attempts.sort();
    let mut refunds = system_refunds(sale);
    refunds.sort();
    (sale.status, attempts, refunds)
}

const LIVES: [&[&str]; 8] = [
    &["approved"],
    &["pending", "approved"],
    &["pending", "rejected"],
    &["in_process", "approved", "in_mediation", "approved"],
    &["approved", "charged_back", "approved"],
    &["approved", "in_mediation", "charged_back"],
    &["pending", "cancelled"],
    &["approved", "in_mediation", "refunded"],
];

proptest! {
    /// Facts of one payment in any order and number, each fetch being as old as it is, end in the same ledger.
    #[test]
    fn any_order_of_one_payments_facts_gives_the_same_ledger(life in 0..LIVES.len(), order in proptest::collection::vec(0_usize..4, 0..12)) {
        let sale = sale(50_000);
        let facts: Vec<_> = LIVES[life].iter().zip(1..).map(|(status, minute)| payment(&sale, 1, status, minute)).collect();
        let straight = settled(&sale, &facts);
        let mut shuffled = order.iter().filter_map(|place| facts.get(*place)).fold(sale.clone(), |sale, fact| settled(&sale, std::slice::from_ref(fact)));
        for fact in facts.iter().rev() {
            shuffled = settled(&shuffled, std::slice::from_ref(fact));
        }
        prop_assert_eq!(books(&straight), books(&shuffled));
    }

    /// Several approved payments, heard of in any order: one winner, each other given back exactly once.
    #[test]
    fn any_order_of_competing_payments_gives_one_winner(order in Just((1_u64..=4).collect::<Vec<_>>()).prop_shuffle(), again in proptest::collection::vec(1_u64..=4, 0..8)) {
        let sale = sale(50_000);
        let heard = order.iter().chain(&again).fold(sale.clone(), |standing, id| settled(&standing, &[payment(&sale, *id, "approved", 1)]));
        prop_assert_eq!(heard.status, SaleStatus::Paid);
        prop_assert_eq!(heard.winner().unwrap().payment_id.as_str(), "1");
        let mut refunds = system_refunds(&heard);
        refunds.sort();
        prop_assert_eq!(refunds, ["2 500.00", "3 500.00", "4 500.00"]);
    }

    /// Whatever Mercado Pago may say, the sale takes only steps of the table, and its status is what its facts add up to.
    #[test]
    fn only_steps_of_the_table_are_taken(story in proptest::collection::vec((1_u64..=3, 0_usize..8, 0_i64..6, 0_u64..=50_000), 0..20)) {
        let words = ["pending", "approved", "rejected", "refunded", "charged_back", "in_mediation", "cancelled", "in_orbit"];
        let mut standing = sale(50_000);
        for (id, word, minute, refunded) in story {
            let mut fact = payment(&standing, id, words[word], minute);
            fact.refunded = Some(ars(refunded));
            let before = standing.status;
            standing = settled(&standing, &[fact]);
            prop_assert!(before == standing.status || before.may_become(standing.status), "{before} -> {}", standing.status);
            prop_assert_eq!(standing.status, standing.status_of_facts());
            prop_assert!(standing.status != SaleStatus::NeedsReview || !standing.review_reasons().is_empty());
        }
    }

    /// However refunds are asked for, their sum never exceeds what was paid.
    #[test]
    fn the_sum_of_refunds_never_exceeds_what_was_paid(asked in proptest::collection::vec((proptest::option::of(0_u64..60_000), any::<bool>()), 0..12)) {
        let sale = sale(50_000);
        let mut paid = settled(&sale, &[payment(&sale, 1, "approved", 1)]);
        for (number, (amount, refuse)) in asked.into_iter().enumerate() {
            let request = request(amount.map(ars), &number.to_string());
            if let Ok(crate::sale::Requested::New(refund)) = paid.request_refund(request, NOON) {
                let made = self::made(&number.to_string(), refund.amount.minor());
                let outcome = if refuse { RefundOutcome::Refused(crate::sale::Refusal::NoBalance) } else { RefundOutcome::Made(made) };
                paid.conclude_refund(&refund.id, &outcome, NOON);
            }
            let sum: u64 = paid.refunds.iter().filter(|refund| refund.status != RefundStatus::Rejected).map(|refund| refund.amount.minor()).sum();
            prop_assert!(sum <= 50_000);
        }
    }
}
