//! Mercado Pago's documents that settle a sale, and what they may do to it.

use serde::de::DeserializeOwned;
use surtidor::api::SaleView;
use surtidor::mercado_pago::{MerchantOrder, Payment, PaymentSearch};
use surtidor::payment::{PaymentFact, PaymentStatus, RefundFact, Standing};
use surtidor::sale::{CommandKind, Language, Sale, SaleStatus};
use surtidor::settlement::settle;

use crate::sample::{NOON, sale, seller};

/// A payment, a search or a merchant order: each is settled with the sample sale.
pub fn payments(input: &[u8]) {
    let read = facts::<Payment, _>(input, |payment| payment.fact().into_iter().collect());
    settles(&read);
    settles(&facts::<PaymentSearch, _>(input, |search| {
        search.results.into_iter().filter_map(|payment| payment.fact().ok()).collect()
    }));
    settles(&facts::<MerchantOrder, _>(input, |order| order.facts().unwrap_or_default()));
}

fn facts<T: DeserializeOwned, F: Fn(T) -> Vec<PaymentFact>>(input: &[u8], of: F) -> Vec<PaymentFact> {
    serde_json::from_slice(input).map(of).unwrap_or_default()
}

fn settles(facts: &[PaymentFact]) {
    let before = sale();
    let after = settle(&before, &seller(), facts, NOON);
    assert_eq!(after.status, after.status_of_facts());
    assert_eq!(after.attempts.len(), distinct(facts), "no payment is dropped");
    for attempt in &after.attempts {
        assert!(!attempt.history.is_empty());
        for word in attempt.history.iter().map(|seen| &seen.status) {
            assert!(facts.iter().any(|fact| fact.status == *word), "a status that nobody told: {word:?}");
        }
    }
    paid_only_by_what_fits(&after, facts);
    refunds_are_told_once(&after);
    if refunds_agree(facts) {
        assert_eq!(settle(&after, &seller(), facts, NOON), after, "the same facts again are no news");
        in_any_order(&before, facts, &after);
    }
    kept_and_shown(&after);
}

fn distinct(facts: &[PaymentFact]) -> usize {
    facts.iter().map(|fact| &fact.id).collect::<std::collections::BTreeSet<_>>().len()
}

fn fits(fact: &PaymentFact, sale: &Sale) -> bool {
    fact.amount == Some(sale.amount())
        && fact.collector.as_deref() == Some(&seller().collector_id)
        && fact.reference.as_deref().is_some_and(|told| told.eq_ignore_ascii_case(sale.reference.as_str()))
        && fact.live_mode != Some(false)
}

/// Money counts, and the station is told, only for a payment whose every document fits and one of which says that it
/// was approved.
fn paid_only_by_what_fits(sale: &Sale, facts: &[PaymentFact]) {
    let moved = |status: &PaymentStatus| {
        !matches!(status.standing(), Standing::Waiting | Standing::Failed | Standing::Unknown)
    };
    let of = |id: &surtidor::id::PaymentId| facts.iter().filter(|fact| fact.id == *id).collect::<Vec<_>>();
    if let Some(winner) = sale.winner() {
        let told = of(&winner.payment_id);
        assert!(told.iter().any(|fact| moved(&fact.status)), "it won without money: {winner:?}");
        // A document may leave a field out that another has, but may not say anything else.
        assert!(told.iter().any(|fact| fact.amount == Some(sale.amount())), "{winner:?}");
        if let [fact] = told.as_slice() {
            assert!(fits(fact, sale), "it won without fitting: {fact:?}");
        }
        assert!(told.iter().all(|fact| fact.amount.is_none_or(|amount| amount == sale.amount())));
        assert!(told.iter().all(|fact| fact.live_mode != Some(false)));
    }
    let settled = [
        SaleStatus::Paid,
        SaleStatus::PartiallyRefunded,
        SaleStatus::Refunded,
        SaleStatus::InMediation,
        SaleStatus::ChargedBack,
    ];
    assert!(!settled.contains(&sale.status) || sale.winner().is_some(), "{} by nothing", sale.status);
    for command in sale.commands.iter().filter(|command| command.kind == CommandKind::Paid) {
        assert_eq!(Some(&command.payment_id), sale.winner().map(|winner| &winner.payment_id));
        assert_eq!(command.amount, sale.amount());
    }
}

fn refunds_are_told_once(sale: &Sale) {
    let mut told: Vec<_> = sale.refunds.iter().filter_map(|refund| refund.mercado_pago_id.as_ref()).collect();
    let count = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), count, "one refund of Mercado Pago stands for two: {:?}", sale.refunds);
    let mut ours: Vec<_> = sale.refunds.iter().map(|refund| &refund.id).collect();
    ours.sort();
    ours.dedup();
    assert_eq!(ours.len(), sale.refunds.len(), "two refunds have one name");
}

/// Whether no refund is told in two ways: of those the first is believed, so their order matters.
fn refunds_agree(facts: &[PaymentFact]) -> bool {
    let told: Vec<_> = facts
        .iter()
        .flat_map(|fact| fact.refunds.iter().flatten().map(move |refund| (&fact.id, refund)))
        .collect();
    let differ = |(payment, refund): &(_, &RefundFact)| {
        told.iter().any(|(other, same)| same.id == refund.id && (*other, *same) != (*payment, *refund))
    };
    !told.iter().any(differ)
}

/// Documents come late and in any order; the money is the same in the end.
fn in_any_order(before: &Sale, facts: &[PaymentFact], after: &Sale) {
    let mut backwards = facts.to_vec();
    backwards.reverse();
    let other = settle(before, &seller(), &backwards, NOON);
    let winner = |sale: &Sale| sale.winner().map(|winner| winner.payment_id.clone());
    assert_eq!((other.status, winner(&other)), (after.status, winner(after)));
    for attempt in &after.attempts {
        let same = other.attempts.iter().find(|same| same.payment_id == attempt.payment_id);
        let same = same.expect("the same payments");
        assert_eq!((&same.history, same.approved_at), (&attempt.history, attempt.approved_at));
        assert_eq!((&same.amounts, &same.misfits), (&attempt.amounts, &attempt.misfits));
    }
}

/// The ledger keeps it and the station is shown it: a field that cannot be written would lose the whole sale.
pub(crate) fn kept_and_shown(sale: &Sale) {
    let item: serde_dynamo::Item = serde_dynamo::to_item(sale).expect("a sale is an item");
    let kept: Sale = serde_dynamo::from_item(item).expect("an item is a sale");
    assert_eq!(kept, *sale);
    for language in [Language::Es, Language::Pt, Language::En] {
        serde_json::to_string(&SaleView::new(sale, language, NOON)).expect("a sale can be shown");
    }
}
