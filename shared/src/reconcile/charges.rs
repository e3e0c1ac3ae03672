//! Charges at terminals on the road: each is looked at with its sale, and withdrawn when the sale is owed no more.

use time::OffsetDateTime;

use super::{Findings, ReconcileError, Reconciler};
use crate::change::change;
use crate::charging;
use crate::mercado_pago::ApiError;
use crate::queue::{Hint, Resource};
use crate::sale::{Charge, ChargeFact, ChargeStanding, Sale};
use crate::secrets::Account;

impl Reconciler {
    /// Asks for what Mercado Pago knows of a sale's charges: of each by its id, or where that is not known by the
    /// payments that bear its reference. One that cannot be found does not stand in the way of the others.
    pub(super) async fn look_at_charges(
        &self,
        account: &Account,
        sale: &Sale,
        found: &mut Findings,
        now: OffsetDateTime,
    ) -> Result<(), ReconcileError> {
        for charge in sale.charges_to_look_at(now) {
            match charging::look(&self.mercado_pago, account, charge).await {
                Ok(Some((fact, payments))) => {
                    // An order that is over, or that lost its terminal, may have been paid without knowing it.
                    if payments.is_empty() && fact.status.standing() != ChargeStanding::AtWork {
                        found.payments.extend(self.payments_of(account, charge.reference()).await?);
                    }
                    found.charges.push(fact);
                    found.payments.extend(payments);
                }
                Ok(None) => found.payments.extend(self.payments_of(account, charge.reference()).await?),
                Err(charging::Looked::Api(error)) if !error.is_passing() => {
                    tracing::warn!(event = "charge_not_found", charge = charge.id, %error, "A charge could not be read");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// A payment may be heard of before its order, and cannot be judged without it where the buyer added something to the
    /// amount, or where the answer to the charge was lost.
    pub(super) async fn ask_about_charges(
        &self,
        account: &Account,
        sale: &Sale,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        if !found.charges.is_empty() {
            return Ok(());
        }
        let charges: Vec<_> =
            found.payments.iter().filter_map(|payment| sale.charge_to_ask_about(payment)).collect();
        for charge in charges {
            if let Some((fact, _)) = charging::look(&self.mercado_pago, account, charge).await? {
                found.charges.push(fact);
            }
        }
        Ok(())
    }

    /// A charge that still waits at its terminal while other money settled the sale is taken away, so that nobody pays
    /// twice. It is a service: what cannot be taken away and is paid goes back.
    pub(super) async fn withdraw_charges(
        &self,
        hint: &Hint,
        account: &Account,
        sale: Sale,
        changed: bool,
        now: OffsetDateTime,
    ) -> Result<Sale, ReconcileError> {
        let look = changed || matches!(hint.resource, Resource::Sale(_));
        if !look || sale.status.is_owed() {
            return Ok(sale);
        }
        let mut facts = Vec::new();
        for charge in sale.charges_at_work(now).filter(|charge| charge.mercado_pago_id.is_some()) {
            if let Err(error) = self.withdraw(account, charge, &mut facts, now).await {
                tracing::warn!(event = "charge_not_withdrawn", charge = charge.id, %error, "A charge of a settled sale stays at its terminal");
            }
        }
        if facts.is_empty() {
            return Ok(sale);
        }
        let take_in = |sale: &mut Sale| {
            sale.see_charges(&facts, now);
            Ok::<_, ReconcileError>(())
        };
        change(&self.store, sale, now, take_in).await.map(|(sale, ())| sale)
    }

    async fn withdraw(
        &self,
        account: &Account,
        charge: &Charge,
        facts: &mut Vec<ChargeFact>,
        now: OffsetDateTime,
    ) -> Result<(), ApiError> {
        charging::cancel(&self.mercado_pago, account, charge, now).await?;
        // What it came to is read; payments among it have hints of their own.
        match charging::look(&self.mercado_pago, account, charge).await {
            Ok(found) => facts.extend(found.map(|(fact, _)| fact)),
            Err(charging::Looked::Api(error)) => return Err(error),
            Err(charging::Looked::Document(_)) => {}
        }
        Ok(())
    }
}
