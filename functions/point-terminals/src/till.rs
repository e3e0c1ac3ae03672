//! What no pump told is sold at a till.

use surtidor::api::digest;
use surtidor::id::{PositionId, SaleOrder};
use surtidor::money::Money;
use surtidor::problem::Problem;
use surtidor::sale::{Delivery, Place, Sale};
use surtidor::store::{Registered, Station, Terminal};

use crate::charges::Asked;
use crate::handler::{Call, PointTerminals};

/// A sale that no pump told: something of the shop, or an amount that was agreed by word. It stands at the till, never at a
/// pump, so that no QR shows it.
pub(crate) async fn sale_at_till(
    api: &PointTerminals,
    call: Call<'_>,
    station: &Station,
    link: &Terminal,
    asked: &Asked,
    amount: Money,
) -> Result<Sale, Problem> {
    let delivery = Delivery {
        description: asked.description.clone(),
        ..Delivery::new(asked.sale_id.clone(), till_of(link, &station.positions)?, amount)
    };
    let digest = digest(&delivery);
    let told =
        |place| Sale::new(call.station.clone(), station.account.clone(), delivery.clone(), place, call.now);
    let sale = told(Place { order: SaleOrder::at(call.now), late: false });
    match api.store.register(&sale, &digest).await? {
        Registered::New => Ok(sale),
        Registered::Known(name) => {
            let sale = api.store.sale_told_before(&name, told).await?;
            same_amount(&sale, asked)?;
            Ok(sale)
        }
    }
}

/// The till of a terminal: the one that it is linked with, else one of its own that bears the end of its serial number.
fn till_of(link: &Terminal, pumps: &[PositionId]) -> Result<PositionId, Problem> {
    if let Some(till) = &link.till {
        return Ok(till.clone());
    }
    let letters: Vec<char> = link.terminal.serial().chars().filter(char::is_ascii_alphanumeric).collect();
    let end: String = letters.iter().skip(letters.len().saturating_sub(8)).collect();
    // What is sold at a till must never show at a pump.
    let till = PositionId::parse(&end).ok().filter(|till| !pumps.contains(till));
    till.ok_or_else(|| {
        let rule = "has no serial number that could name a till of its own: link it with a till first (PUT …/terminals/{terminal})";
        Problem::invalid("terminal", rule)
    })
}

/// An amount that is given must be what the sale owes.
pub(crate) fn same_amount(sale: &Sale, asked: &Asked) -> Result<(), Problem> {
    match asked.amount {
        Some(amount) if amount != sale.amount() => {
            let rule =
                format!("must be {}, which is what the sale {} owes", sale.amount(), sale.delivery.sale_id);
            Err(Problem::invalid("amount", rule))
        }
        _ => Ok(()),
    }
}

/// A terminal's id is never empty, so its serial number is not either.
#[cfg(test)]
mod tests {
    use super::*;
    use surtidor::id::{AccountId, StationId, TerminalId};

    fn link(terminal: &str, till: Option<&str>) -> Terminal {
        Terminal {
            account: AccountId::parse("demo").unwrap(),
            terminal: TerminalId::parse(terminal).unwrap(),
            station: StationId::parse("6232").unwrap(),
            position: None,
            till: till.map(|till| PositionId::parse(till).unwrap()),
            holder: None,
        }
    }

    #[test]
    fn a_terminal_without_till_has_one_of_its_own() {
        let till =
            |terminal: &str, till: Option<&str>| till_of(&link(terminal, till), &[]).unwrap().to_string();
        assert_eq!(till("NEWLAND_N950__N950NCB801293324", None), "01293324");
        assert_eq!(till("NEWLAND_N950__N950NCB801293324", Some("shop")), "shop");
        assert_eq!(till("INGENICO_MOVE2500__ING-ARG-47", None), "INGARG47".to_ascii_lowercase());
        assert_eq!(till("A__7", None), "7");
        assert!(till_of(&link("A__-", None), &[]).is_err());
        let pumps = [PositionId::parse("7").unwrap()];
        assert!(till_of(&link("A__7", None), &pumps).is_err(), "a pump of that name would show it");
    }
}
