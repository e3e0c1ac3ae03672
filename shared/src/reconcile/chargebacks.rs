//! Chargebacks on the road: what nobody told of them is asked for, and never stands in the way of the rest.

use time::OffsetDateTime;

use super::{ReconcileError, Reconciler};
use crate::change::change;
use crate::queue::{Hint, Resource};
use crate::sale::{Chargeback, Sale};
use crate::secrets::Account;

impl Reconciler {
    /// Asks for what is missing in a sale whose payment was taken back: the chargeback, where its own news did not come,
    /// and on a look at the sale itself also how the known ones stand. `changed` says whether the hint told something new
    /// of the sale: an ordinary payment, and a repeat, cost no call.
    pub(super) async fn follow_chargebacks(
        &self,
        hint: &Hint,
        account: &Account,
        sale: Sale,
        changed: bool,
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        let look = matches!(hint.resource, Resource::Sale(_));
        let mut facts = Vec::new();
        if look {
            for known in sale.chargebacks.iter().filter(|known| known.is_undecided()) {
                match self.mercado_pago.chargeback(&account.access_token, &known.id).await {
                    Ok(told) => facts.push(told.fact(known.id.clone())),
                    Err(error) => {
                        tracing::warn!(event = "chargeback_not_found", sale = %sale.reference, chargeback = %known.id, %error, "A known chargeback could not be read again");
                    }
                }
            }
        }
        if look || changed {
            facts.extend(self.search_chargebacks(account, &sale).await);
        }
        if !facts.is_empty() {
            let take_in = |sale: &mut Sale| {
                sale.see_chargebacks(&facts, now);
                Ok::<_, ReconcileError>(())
            };
            change(&self.store, sale, now, take_in).await?;
        }
        Ok(())
    }

    /// The chargebacks of payments that are taken back and of which none is known. How the search takes a payment is
    /// inferred, so whatever it answers is no reason to work off the hint once more.
    async fn search_chargebacks(&self, account: &Account, sale: &Sale) -> Vec<Chargeback> {
        let mut facts = Vec::new();
        for payment in sale.without_chargeback() {
            match self.mercado_pago.chargebacks_of(&account.access_token, payment).await {
                Ok(found) => {
                    let known = facts.len();
                    facts.extend(found.of(payment));
                    if facts.len() == known {
                        tracing::warn!(event = "chargeback_not_found", sale = %sale.reference, %payment, "The search finds no chargeback of a payment that was taken back");
                    }
                }
                Err(error) => {
                    tracing::warn!(event = "chargeback_not_found", sale = %sale.reference, %payment, %error, "The chargeback of a payment could not be searched for");
                }
            }
        }
        facts
    }
}
