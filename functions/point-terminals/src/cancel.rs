//! Cancelling is a request. What Mercado Pago says of the charge after it decides, never the answer to it: a charge that
//! was paid meanwhile is paid.

use lambda_http::{Body, Response};
use surtidor::api::nothing;
use surtidor::charging;
use surtidor::mercado_pago::Cancelled;
use surtidor::problem::Problem;
use surtidor::sale::{Charge, ChargeStanding, Sale};

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
    let (sale, charge) = if charge.mercado_pago_id.is_none() {
        // The answer that told its id may have been lost: it is searched for, and never made in order to be cancelled.
        let sale = look(api, &account, sale, &charge, call).await?;
        let charge = sale.charge(&charge.id).cloned().unwrap_or(charge);
        (sale, charge)
    } else {
        (sale, charge)
    };
    if is_decided(&sale, &charge.id, call) {
        return shown(200, &sale, &charge.id, call);
    }
    if charge.mercado_pago_id.is_none() {
        return give_up(api, call, sale, &charge).await;
    }
    let asked = charging::cancel(&api.mercado_pago, &account, &charge, call.now).await;
    tracing::info!(
        event = "charge_cancelled",
        charge = charge.id,
        ?asked,
        caller = call.caller.key_id,
        "A charge was asked to be cancelled"
    );
    // Whatever the call was answered.
    let sale = look(api, &account, sale, &charge, call).await?;
    if is_decided(&sale, &charge.id, call) {
        return shown(200, &sale, &charge.id, call);
    }
    let holds = |charge| sale.holds_its_terminal(charge, call.now);
    match asked {
        // Its order is over, and the payment is on its way to the sale.
        _ if !sale.charge(&charge.id).is_some_and(holds) => {
            api.look_behind(&sale, &charge, call.now).await;
            shown(202, &sale, &charge.id, call)
        }
        Err(error) => Err(not_answered(&error, call.language)),
        Ok(Cancelled::Refused) => Err(at_the_terminal(call)),
        Ok(Cancelled::Asked) => {
            api.look_behind(&sale, &charge, call.now).await;
            shown(202, &sale, &charge.id, call)
        }
    }
}

/// Nobody knows whether Mercado Pago ever made it. It is ended in our books, with advice to look at the terminal; if it was
/// made and is paid all the same, it is paid.
async fn give_up(
    api: &PointTerminals,
    call: Call<'_>,
    sale: Sale,
    charge: &Charge,
) -> Result<Response<Body>, Problem> {
    let end = |sale: &mut Sale| {
        sale.end_charge(&charge.id, "canceled", "not_confirmed", call.now);
        Ok(())
    };
    let (sale, ()) = api.change(sale, call.now, end).await?;
    shown(200, &sale, &charge.id, call)
}

/// Whether there is nothing left to cancel.
fn is_decided(sale: &Sale, charge: &str, call: Call<'_>) -> bool {
    sale.charge(charge).is_none_or(|charge| {
        let (status, _) = sale.charge_status(charge, call.now);
        matches!(status.standing(), ChargeStanding::Over | ChargeStanding::Paid)
    })
}

fn at_the_terminal(call: Call<'_>) -> Problem {
    Problem::conflict(call.language.of(
        "el terminal ya muestra el cobro: cancélelo en el terminal, o espere a que venza",
        "o terminal já mostra a cobrança: cancele no terminal, ou espere vencer",
        "the terminal shows the charge: cancel it at the terminal, or wait until it expires",
    ))
    .with_field("charge")
}
