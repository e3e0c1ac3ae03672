//! Cancelling is a request. What Mercado Pago says of the charge after it decides, never the answer to it: a charge that
//! was paid meanwhile is paid.

use lambda_http::{Body, Response};
use surtidor::api::nothing;
use surtidor::charging::{self, Sent};
use surtidor::mercado_pago::Cancelled;
use surtidor::problem::Problem;
use surtidor::refunding::Try;
use surtidor::sale::{Charge, ChargeStanding, Sale};
use surtidor::secrets::Account;

use crate::charges::named;
use crate::handler::{Call, PointTerminals, not_answered, shown};
use crate::slot::look;

pub(crate) async fn post(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    nothing(call.request.body())?;
    let (sale, charge) = named(api, call).await?;
    if is_decided(&sale, &charge.id, call) {
        return shown(200, &sale, &charge.id, call);
    }
    let account = api.account(&sale.account).await?;
    let (sale, charge) = confirmed(api, call, &account, sale, charge).await?;
    if is_decided(&sale, &charge.id, call) {
        return shown(200, &sale, &charge.id, call);
    }
    let asked = charging::cancel(&api.mercado_pago, &account, &charge, call.now).await;
    let asked = asked.map_err(|error| not_answered(&error, call.language))?;
    tracing::info!(
        event = "charge_cancelled",
        charge = charge.id,
        ?asked,
        caller = call.caller.key_id,
        "A charge was asked to be cancelled"
    );
    let sale = look(api, &account, sale, &charge, call).await?;
    if is_decided(&sale, &charge.id, call) {
        return shown(200, &sale, &charge.id, call);
    }
    if asked == Cancelled::Refused {
        return Err(at_the_terminal(call));
    }
    api.look_behind(&sale, &charge, call.now).await;
    shown(202, &sale, &charge.id, call)
}

/// Whether there is nothing left to cancel.
fn is_decided(sale: &Sale, charge: &str, call: Call<'_>) -> bool {
    sale.charge(charge).is_none_or(|charge| {
        let (status, _) = sale.charge_status(charge, call.now);
        matches!(status.standing(), ChargeStanding::Over | ChargeStanding::Paid)
    })
}

/// The charge with Mercado Pago's id of it. Where the answer that told it was lost, the same request gives it again; if
/// there was none before, there is one now, to be cancelled at once.
async fn confirmed(
    api: &PointTerminals,
    call: Call<'_>,
    account: &Account,
    sale: Sale,
    charge: Charge,
) -> Result<(Sale, Charge), Problem> {
    if !charge.is_unconfirmed() {
        return Ok((sale, charge));
    }
    let sent = charging::send(&api.mercado_pago, account, &sale, &charge, Try::Again).await;
    let sent = sent.map_err(|error| {
        let busy = matches!(error, surtidor::mercado_pago::ApiError::Refused { .. })
            || error == surtidor::mercado_pago::ApiError::Busy { status: 409 };
        if busy { at_the_terminal(call) } else { not_answered(&error, call.language) }
    })?;
    if let Sent::Refused(code) = &sent {
        tracing::info!(
            event = "charge_never_made",
            charge = charge.id,
            code,
            "A charge that was cancelled had never been made"
        );
    }
    let sale = charging::conclude(&api.store, sale, &charge.id, &sent, call.now).await?;
    let charge = sale.charge(&charge.id).cloned().unwrap_or(charge);
    Ok((sale, charge))
}

fn at_the_terminal(call: Call<'_>) -> Problem {
    Problem::conflict(call.language.of(
        "el terminal ya muestra el cobro: cancélelo en el terminal, o espere a que venza",
        "o terminal já mostra a cobrança: cancele no terminal, ou espere vencer",
        "the terminal shows the charge: cancel it at the terminal, or wait until it expires",
    ))
    .with_field("charge")
}
