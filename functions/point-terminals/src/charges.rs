//! An amount to a terminal: checked, written down, sent, and then shown as often as the till asks.

use lambda_http::{Body, Response};
use surtidor::api::{ChargeBody, digest, parse};
use surtidor::charging::{self, Sent};
use surtidor::edge::{path, path_id};
use surtidor::id::{InvalidId, PositionId, SaleId, SaleOrder};
use surtidor::mercado_pago::OperatingMode;
use surtidor::money::Money;
use surtidor::problem::Problem;
use surtidor::refunding::Try;
use surtidor::sale::{
    Charge, ChargeRefused, ChargeRequest, ChargeRequested, Delivery, Language, Place, PointApi, Sale, advice,
};
use surtidor::secrets::Account;
use surtidor::store::{Registered, Station, Terminal};

use crate::handler::{Call, PointTerminals, key_of, resource_of, shown};
use crate::terminals::linked;

/// What a till asks for, read.
struct Asked {
    key: Option<String>,
    sale_id: SaleId,
    amount: Option<Money>,
    description: Option<String>,
}

pub(crate) async fn post(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    let key = key_of(call.request)?;
    let body: ChargeBody = parse(call.request.body())?;
    let sale_id = body.sale_id(key.as_deref())?;
    let name = path(call.request, "terminal");
    let known = api.store.sale_named(call.station, &sale_id).await?;
    let station = api.station(call.station).await?;
    let account_id = known.as_ref().map_or(&station.account, |sale| &sale.account).clone();
    let account = api.account(&account_id).await?;
    let country = account.country.ok_or_else(no_country)?;
    let amount = body.amount(country.currency())?;
    let asked = Asked { key, sale_id, amount, description: body.description()? };
    if let Some(sale) = &known {
        same_amount(sale, &asked)?;
        let before = sale.charge_asked_before(&name, asked.key.as_deref(), call.now);
        if let Some(charge) = before.map_err(|error| refused(error, call.language))?.cloned() {
            return again(api, call, &account, sale.clone(), charge).await;
        }
    }
    let owed = match (&known, asked.amount) {
        (Some(sale), _) => sale.amount(),
        (None, Some(amount)) => amount,
        (None, None) => {
            let detail =
                format!("the station has told no sale {}: tell it first, or give an amount", asked.sale_id);
            return Err(Problem::not_found(detail).with_field("sale_id"));
        }
    };
    within_limits(owed, country)?;
    let terminal = api.terminal(&account, &name, call.language).await?;
    driven(terminal.mode(), call.language)?;
    let (link, _) = linked(api, call, &account_id, &terminal.id).await?;
    let this_sale = known.as_ref().map(|sale| &sale.reference);
    if let Some((holder, charge)) = holder(api, &account, &link, this_sale, call).await? {
        return Err(busy(&holder, &charge, call.language));
    }
    let sale = match known {
        Some(sale) => sale,
        None => sale_at_till(api, call, &station, &link, &asked, owed).await?,
    };
    let request = ChargeRequest {
        terminal: terminal.id,
        api: account.point,
        key: asked.key,
        caller: call.caller.key_id.clone(),
    };
    let ask = |sale: &mut Sale| {
        sale.request_charge(request.clone(), call.now).map_err(|error| refused(error, call.language))
    };
    match api.change(sale, call.now, ask).await? {
        (sale, ChargeRequested::Known(charge)) => again(api, call, &account, sale, charge).await,
        (sale, ChargeRequested::New(charge)) => {
            if api.store.claim_terminal(&link, &charge.id).await? {
                return deliver(api, call, &account, sale, charge, Try::First, 201).await;
            }
            // Somebody else's charge got there in between: this one was never sent.
            let end = |sale: &mut Sale| {
                sale.end_charge(&charge.id, "canceled", "terminal_busy", call.now);
                Ok(())
            };
            api.change(sale, call.now, end).await?;
            Err(Problem::conflict(busy_words(call.language)).with_field("terminal"))
        }
    }
}

/// The same request again: the same charge, sent once more under its key if nobody knows whether it was.
async fn again(
    api: &PointTerminals,
    call: Call<'_>,
    account: &Account,
    sale: Sale,
    charge: Charge,
) -> Result<Response<Body>, Problem> {
    if is_to_be_sent_again(&charge, call) {
        return deliver(api, call, account, sale, charge, Try::Again, 200).await;
    }
    shown(if charge.is_unconfirmed() { 202 } else { 200 }, &sale, &charge.id, call)
}

/// Whether a charge that nobody confirmed is sent once more, because its till still waits. A legacy intent has no
/// idempotency key, so while the request that sends it may be under way, it is left to that.
fn is_to_be_sent_again(charge: &Charge, call: Call<'_>) -> bool {
    let in_other_hands =
        charge.api == PointApi::PaymentIntents && call.now - charge.created_at < LONGEST_REQUEST;
    charge.is_unconfirmed() && call.now < charge.expires_at() && !in_other_hands
}

/// No request takes longer: API Gateway ends it.
const LONGEST_REQUEST: time::Duration = time::Duration::seconds(30);

/// Sends a charge that is written down, and writes down what came of it. `status` is that of the answer if Mercado Pago has
/// it; 202 while nobody knows.
async fn deliver(
    api: &PointTerminals,
    call: Call<'_>,
    account: &Account,
    sale: Sale,
    charge: Charge,
    attempt: Try,
    status: u16,
) -> Result<Response<Body>, Problem> {
    let mut sent = charging::send(&api.mercado_pago, account, &sale, &charge, attempt).await;
    if sent.is_err() && attempt == Try::First {
        sent = charging::send(&api.mercado_pago, account, &sale, &charge, Try::Again).await;
    }
    let sent = match sent {
        Ok(sent) => sent,
        Err(error) => {
            tracing::warn!(event = "charge_unknown", charge = charge.id, %error, "Whether a charge was made is not known yet");
            return shown(202, &sale, &charge.id, call);
        }
    };
    let sale = match charging::conclude(&api.store, sale.clone(), &charge.id, &sent, call.now).await {
        Ok(sale) => sale,
        Err(error) => {
            // The terminal has it; the same request, or the next look, brings our books up.
            tracing::error!(event = "store_failed", %error, "What came of a charge could not be stored");
            return shown(202, &sale, &charge.id, call);
        }
    };
    match (sent, sale.charge(&charge.id)) {
        // Unless another request made it meanwhile.
        (Sent::Refused(code), Some(charge)) if !sale.is_at_work(charge, call.now) => {
            let words = advice(&charge.status, charge.detail.as_deref(), call.language);
            let detail = format!("{words} ({code})");
            Err(if code.starts_with("already_queued") {
                Problem::conflict(detail).with_field("terminal")
            } else {
                Problem::refused(detail)
            })
        }
        _ => shown(status, &sale, &charge.id, call),
    }
}

/// A sale that no pump told: something of the shop, or an amount that was agreed by word. It stands at the till, never at a
/// pump, so that no QR shows it.
async fn sale_at_till(
    api: &PointTerminals,
    call: Call<'_>,
    station: &Station,
    link: &Terminal,
    asked: &Asked,
    amount: Money,
) -> Result<Sale, Problem> {
    let delivery = Delivery {
        sale_id: asked.sale_id.clone(),
        position: till_of(link)?,
        amount,
        description: asked.description.clone(),
        delivered_at: None,
        invoice_number: None,
        shift: None,
        period: None,
        attendant: None,
        products: Vec::new(),
        loyalty: None,
    };
    let digest = digest(&delivery);
    let place = Place { order: SaleOrder::at(call.now), late: false };
    let sale = Sale::new(call.station.clone(), station.account.clone(), delivery, place, call.now);
    match api.store.register(&sale, &digest).await? {
        Registered::New => Ok(sale),
        Registered::Known(name) => {
            let sale = api.store.sale_told_before(&name, &station.account, sale.delivery, call.now).await?;
            same_amount(&sale, asked)?;
            Ok(sale)
        }
    }
}

/// The till of a terminal: the one that it is linked with, else one of its own that bears the end of its serial number.
fn till_of(link: &Terminal) -> Result<PositionId, Problem> {
    if let Some(till) = &link.till {
        return Ok(till.clone());
    }
    let letters: Vec<char> = link.terminal.serial().chars().filter(char::is_ascii_alphanumeric).collect();
    let end: String = letters.iter().skip(letters.len().saturating_sub(8)).collect();
    PositionId::parse(&end).map_err(|_| {
        Problem::invalid(
            "terminal",
            "has no serial number that could name its till: link it with a till first",
        )
    })
}

/// The charge that holds a terminal, by Mercado Pago's word where it can be had: what our books say may be seconds old.
async fn holder(
    api: &PointTerminals,
    account: &Account,
    link: &Terminal,
    this_sale: Option<&surtidor::id::ExternalReference>,
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

fn same_amount(sale: &Sale, asked: &Asked) -> Result<(), Problem> {
    match asked.amount {
        Some(amount) if amount != sale.amount() => {
            let rule =
                format!("must be {}, which is what the sale {} owes", sale.amount(), sale.delivery.sale_id);
            Err(Problem::invalid("amount", rule))
        }
        _ => Ok(()),
    }
}

fn within_limits(amount: Money, country: surtidor::country::Country) -> Result<(), Problem> {
    if amount.currency() != country.currency() {
        let rule = format!("must be in {}, the account's currency", country.currency());
        return Err(Problem::invalid("currency", rule));
    }
    let limits = country.point_limits().ok_or_else(|| {
        let code = country.code();
        Problem::refused(format!(
            "Mercado Pago has no terminals that can be driven in {code}: they are in AR, BR, CL and MX"
        ))
    })?;
    if (limits.least..=limits.most).contains(&amount) {
        return Ok(());
    }
    let rule = format!(
        "must be from {} to {} {}, which is what a terminal takes",
        limits.least,
        limits.most,
        amount.currency()
    );
    Err(Problem::invalid("amount", rule))
}

fn no_country() -> Problem {
    Problem::refused(
        "the account has no country in the accounts secret, and a terminal is not told a currency: add \"country\": \"AR\"",
    )
}

fn driven(mode: OperatingMode, language: Language) -> Result<(), Problem> {
    let detail = match mode {
        OperatingMode::Pdv => return Ok(()),
        OperatingMode::Standalone => language.of(
            "el terminal está en modo STANDALONE y solo cobra a mano: páselo a PDV (PUT …/mode) y reinícielo",
            "o terminal está no modo STANDALONE e só cobra à mão: passe para PDV (PUT …/mode) e reinicie",
            "the terminal is in STANDALONE mode and takes money by hand only: set it to PDV (PUT …/mode) and restart it",
        ),
        OperatingMode::Other => language.of(
            "el terminal no está en modo PDV: páselo a PDV (PUT …/mode) y reinícielo",
            "o terminal não está no modo PDV: passe para PDV (PUT …/mode) e reinicie",
            "the terminal is not in PDV mode: set it to PDV (PUT …/mode) and restart it",
        ),
    };
    Err(Problem::conflict(detail).with_field("terminal"))
}

fn busy_words(language: Language) -> &'static str {
    language.of(
        "otro cobro ocupa el terminal: espere a que termine o cancélelo",
        "outra cobrança ocupa o terminal: espere terminar ou cancele",
        "another charge holds the terminal: let it end, or cancel it",
    )
}

/// Names who holds a terminal: the sale, the amount, since when.
fn busy(sale: &Sale, charge: &Charge, language: Language) -> Problem {
    let since = charge.created_at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    let (currency, amount, id) = (charge.amount.currency(), charge.amount, &charge.id);
    let (sale_id, position, status) = (&sale.delivery.sale_id, &sale.delivery.position, &charge.status.0);
    let words = busy_words(language);
    let detail = format!("{words}. {id}: {sale_id} ({position}), {currency} {amount}, {status}, {since}");
    Problem::conflict(detail).with_field("terminal")
}

fn refused(error: ChargeRefused, language: Language) -> Problem {
    match error {
        ChargeRefused::KeyReused(_) => Problem::conflict(error.to_string()).with_field("Idempotency-Key"),
        ChargeRefused::AtWork(ref charge) => {
            let words = language.of(
                "el cobro {} de esta venta sigue en el terminal",
                "a cobrança {} desta venda segue no terminal",
                "charge {} of this sale is still at terminal",
            );
            let detail =
                format!("{} {}: {}", words.replace("{}", &charge.id), charge.terminal, busy_words(language));
            Problem::conflict(detail).with_field("terminal")
        }
        ChargeRefused::InDoubt(ref charge) => {
            let words = advice(&charge.status, charge.detail.as_deref(), language);
            Problem::conflict(format!("{}: {words}", charge.id)).with_field("Idempotency-Key")
        }
        ChargeRefused::NotOwed(_) | ChargeRefused::TooMany => Problem::conflict(error.to_string()),
    }
}

/// The charge that the path names, with its sale.
pub(crate) async fn named(api: &PointTerminals, call: Call<'_>) -> Result<(Sale, Charge), Problem> {
    let absent = || Problem::not_found("the station has no such charge");
    let reference = path_id(call.request, "charge", |text| {
        Charge::sale_of(text).ok_or(InvalidId("is not an id of a charge"))
    })?;
    if reference.station() != call.station {
        return Err(absent());
    }
    let id = path(call.request, "charge").to_ascii_lowercase();
    let sale = api.store.sale(&reference).await?.ok_or_else(absent)?;
    let charge = sale.charge(&id).cloned().ok_or_else(absent)?;
    Ok((sale, charge))
}

pub(crate) async fn get(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    let (sale, charge) = named(api, call).await?;
    if is_to_be_sent_again(&charge, call) {
        // The till waits for it: it is sent once more, under its key.
        let account = api.account(&sale.account).await?;
        let shown_all_the_same = shown(200, &sale, &charge.id, call);
        return match deliver(api, call, &account, sale, charge, Try::Again, 200).await {
            Ok(answer) if answer.status() == 200 => Ok(answer),
            _ => shown_all_the_same,
        };
    }
    let (status, _) = sale.charge_status(&charge, call.now);
    use surtidor::sale::ChargeStanding::{AtWork, InDoubt};
    if matches!(status.standing(), AtWork | InDoubt) {
        api.look_behind(&sale, &charge, call.now).await;
    }
    shown(200, &sale, &charge.id, call)
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
        let till = |terminal: &str, till: Option<&str>| till_of(&link(terminal, till)).unwrap().to_string();
        assert_eq!(till("NEWLAND_N950__N950NCB801293324", None), "01293324");
        assert_eq!(till("NEWLAND_N950__N950NCB801293324", Some("shop")), "shop");
        assert_eq!(till("INGENICO_MOVE2500__ING-ARG-47", None), "INGARG47".to_ascii_lowercase());
        assert_eq!(till("A__7", None), "7");
        assert!(till_of(&link("A__-", None)).is_err());
    }
}
