//! An amount to a terminal: checked, written down, sent, and then shown as often as the till asks.

use lambda_http::{Body, Response};
use surtidor::access::Permission;
use surtidor::api::{ChargeBody, parse};
use surtidor::charging::{self, Sent};
use surtidor::edge::{path, path_id};
use surtidor::id::{InvalidId, SaleId};
use surtidor::mercado_pago::OperatingMode;
use surtidor::money::Money;
use surtidor::problem::Problem;
use surtidor::queue::Resource;
use surtidor::refunding::Try;
use surtidor::sale::{
    Charge, ChargeRefused, ChargeRequest, ChargeRequested, ChargeStanding, Language, PointApi, Sale,
    SaleStatus,
};
use surtidor::secrets::Account;

use crate::handler::{Call, PointTerminals, key_of, shown};
use crate::slot::{busy, busy_words, holder};
use crate::terminals::linked;
use crate::till::{sale_at_till, same_amount};

/// What a till asks for, read.
pub(crate) struct Asked {
    pub(crate) key: Option<String>,
    pub(crate) sale_id: SaleId,
    pub(crate) amount: Option<Money>,
    pub(crate) description: Option<String>,
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
        if let Some(charge) = before.map_err(|error| refused(&error, call.language))?.cloned() {
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
        sale.request_charge(request.clone(), call.now).map_err(|error| refused(&error, call.language))
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
    if is_to_be_sent_again(&sale, &charge, call) {
        return send_again(api, call, account, sale, charge).await;
    }
    shown(if charge.is_unconfirmed() { 202 } else { 200 }, &sale, &charge.id, call)
}

/// Sends a charge once more. Whoever was to send it may have died before the terminal was claimed for it.
async fn send_again(
    api: &PointTerminals,
    call: Call<'_>,
    account: &Account,
    sale: Sale,
    charge: Charge,
) -> Result<Response<Body>, Problem> {
    let (link, _) = linked(api, call, &sale.account, &charge.terminal).await?;
    if link.holder.as_ref() != Some(&charge.id) {
        if let Some((holder, other)) = holder(api, account, &link, Some(&sale.reference), call).await? {
            return Err(busy(&holder, &other, call.language));
        }
        if !api.store.claim_terminal(&link, &charge.id).await? {
            return Err(Problem::conflict(busy_words(call.language)).with_field("terminal"));
        }
    }
    deliver(api, call, account, sale, charge, Try::Again, 200).await
}

/// Whether a charge that nobody confirmed is sent once more, because its till still waits: an order, which its key makes the
/// same one, while its sale is owed. A legacy intent has no key, so it is never sent a second time.
fn is_to_be_sent_again(sale: &Sale, charge: &Charge, call: Call<'_>) -> bool {
    charge.api == PointApi::Orders
        && charge.is_unconfirmed()
        && sale.status.is_owed()
        && call.now < charge.expires_at()
}

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
    if sent.is_err() && attempt == Try::First && charge.api == PointApi::Orders {
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
    if !sale.status.is_owed() {
        // Other money came while it was sent: a look at the sale takes it off the terminal.
        api.hint(&sale, Resource::Sale(sale.reference.clone()), call.now).await;
    }
    match (sent, sale.charge(&charge.id)) {
        // Unless another request made it meanwhile.
        (Sent::Refused(code), Some(charge)) if !sale.is_at_work(charge, call.now) => {
            let words = sale.charge_advice(charge, call.now, call.language);
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

fn within_limits(amount: Money, country: surtidor::country::Country) -> Result<(), Problem> {
    if amount.currency() != country.currency() {
        let (owed, takes) = (amount.currency(), country.currency());
        return Err(Problem::conflict(format!("the sale is in {owed}, and the account takes {takes}")));
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

fn refused(error: &ChargeRefused, language: Language) -> Problem {
    match error {
        ChargeRefused::KeyReused(_) => Problem::conflict(error.to_string()).with_field("Idempotency-Key"),
        ChargeRefused::AtWork(charge) => {
            let words = language.of(
                "el cobro {} de esta venta sigue en el terminal",
                "a cobrança {} desta venda segue no terminal",
                "charge {} of this sale is still at terminal",
            );
            let detail =
                format!("{} {}: {}", words.replace("{}", &charge.id), charge.terminal, busy_words(language));
            Problem::conflict(detail).with_field("terminal")
        }
        ChargeRefused::InDoubt(charge) => {
            let words = language.of(
                "no se sabe si se cobró: mire el terminal y, si no muestra una aprobación, cobre otra vez con una Idempotency-Key nueva",
                "não se sabe se foi cobrado: olhe o terminal e, se não mostrar aprovação, cobre de novo com uma Idempotency-Key nova",
                "whether it was paid is not known: look at the terminal, and if it shows no approval charge again with a new Idempotency-Key",
            );
            Problem::conflict(format!("{}: {words}", charge.id)).with_field("Idempotency-Key")
        }
        ChargeRefused::NotOwed(SaleStatus::NeedsReview) => Problem::conflict(language.of(
            "entró dinero que no corresponde con la venta: alguien debe revisarla antes de cobrar",
            "entrou dinheiro que não corresponde à venda: alguém deve revisá-la antes de cobrar",
            "money came in that does not fit the sale: somebody must look at it before it is charged",
        )),
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
    // Whoever only looks sends nothing to a terminal by it.
    let may_send = call.caller.may(Permission::Charge).is_ok();
    if may_send && is_to_be_sent_again(&sale, &charge, call) {
        // The till waits for it: it is sent once more, under its key.
        let account = api.account(&sale.account).await?;
        let shown_all_the_same = shown(200, &sale, &charge.id, call);
        return match send_again(api, call, &account, sale, charge).await {
            Ok(answer) if answer.status() == 200 => Ok(answer),
            _ => shown_all_the_same,
        };
    }
    let (status, _) = sale.charge_status(&charge, call.now);
    if matches!(status.standing(), ChargeStanding::AtWork | ChargeStanding::InDoubt) {
        api.look_behind(&sale, &charge, call.now).await;
    }
    shown(200, &sale, &charge.id, call)
}
