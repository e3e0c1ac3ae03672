//! A terminal has one slot. Who holds it, is told to who finds it taken.

use surtidor::charging;
use surtidor::id::ExternalReference;
use surtidor::problem::Problem;
use surtidor::sale::{Charge, Language, Sale};
use surtidor::secrets::Account;
use surtidor::store::Terminal;

use crate::handler::{Call, PointTerminals, resource_of};

/// The charge that holds a terminal, by Mercado Pago's word where it can be had: what our books say may be seconds old.
pub(crate) async fn holder(
    api: &PointTerminals,
    account: &Account,
    link: &Terminal,
    this_sale: Option<&ExternalReference>,
    call: Call<'_>,
) -> Result<Option<(Sale, Charge)>, Problem> {
    let Some(id) = &link.holder else { return Ok(None) };
    let Some(reference) = Charge::sale_of(id).filter(|of| Some(of) != this_sale) else { return Ok(None) };
    let Some(sale) = api.store.sale(&reference).await? else { return Ok(None) };
    let Some(charge) = sale.charge(id).filter(|charge| sale.is_at_work(charge, call.now)).cloned() else {
        return Ok(None);
    };
    let sale = look(api, account, sale, &charge, call).await?;
    let held = sale.charge(id).filter(|charge| sale.is_at_work(charge, call.now)).cloned();
    Ok(held.map(|charge| (sale, charge)))
}

/// Takes in what Mercado Pago says of a charge now. Payments among it settle the sale by the one road. Without an answer
/// the sale stays as it is.
pub(crate) async fn look(
    api: &PointTerminals,
    account: &Account,
    sale: Sale,
    charge: &Charge,
    call: Call<'_>,
) -> Result<Sale, Problem> {
    let (fact, payments) = match charging::look(&api.mercado_pago, account, charge).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(sale),
        Err(error) => {
            tracing::warn!(event = "charge_unknown", charge = charge.id, %error, "Mercado Pago does not tell how a charge stands");
            return Ok(sale);
        }
    };
    if let (Some(id), false) = (&charge.mercado_pago_id, payments.is_empty()) {
        api.hint(&sale, resource_of(charge, id), call.now).await;
    }
    let take_in = |sale: &mut Sale| {
        sale.see_charges(std::slice::from_ref(&fact), call.now);
        Ok(())
    };
    api.change(sale, call.now, take_in).await.map(|(sale, ())| sale)
}

/// What to do about a terminal that is taken.
pub(crate) fn busy_words(language: Language) -> &'static str {
    language.of(
        "otro cobro ocupa el terminal: espere a que termine o cancélelo",
        "outra cobrança ocupa o terminal: espere terminar ou cancele",
        "another charge holds the terminal: let it end, or cancel it",
    )
}

/// Names who holds a terminal: the sale, the amount, since when.
pub(crate) fn busy(sale: &Sale, charge: &Charge, language: Language) -> Problem {
    let since = charge
        .created_at
        .replace_nanosecond(0)
        .unwrap_or(charge.created_at)
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default();
    let (currency, amount, id) = (charge.amount.currency(), charge.amount, &charge.id);
    let (sale_id, position, status) = (&sale.delivery.sale_id, &sale.delivery.position, &charge.status.0);
    let words = busy_words(language);
    let detail = format!("{words}. {id}: {sale_id} ({position}), {currency} {amount}, {status}, {since}");
    Problem::conflict(detail).with_field("terminal")
}
