//! `surtidor sale`: a sale by whichever name somebody has of it at three in the morning.

use anyhow::{Context, Result, bail};
use surtidor::api::SaleView;
use surtidor::id::{ExternalReference, PaymentId, SaleId, StationId};
use surtidor::sale::{Language, Sale, SaleStatus};
use surtidor_cli::deployment::Deployment;
use surtidor_cli::live::access;
use time::OffsetDateTime;

use crate::screen::{BAD, CHANGED, FAINT, GOOD, STRONG, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub name: Name,
    #[command(flatten)]
    pub reader: Reader,
}

/// Which sale.
#[derive(clap::Args)]
pub(crate) struct Name {
    /// Its external reference (Mercado Pago's panel shows it), STATION/SALE with the station's own number of it, or the
    /// number of a payment (the buyer's receipt shows it).
    #[arg(value_name = "REF")]
    pub name: String,
}

/// Who reads.
#[derive(clap::Args)]
pub(crate) struct Reader {
    /// The language of what happened: es, pt or en.
    #[arg(long, default_value = "en", value_parser = ["es", "pt", "en"])]
    pub language: String,
}

impl Reader {
    pub(crate) fn language(&self) -> Language {
        Language::of_header(Some(&self.language))
    }
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    let deployment = at.deployment()?;
    let sale = find(&deployment, &options.name.name).await?;
    show(screen, &deployment, &sale, options.reader.language()).await?;
    Ok(Ended::Done)
}

/// A sale by one of its names.
pub(crate) async fn find(deployment: &Deployment, name: &str) -> Result<Sale> {
    let store = deployment.store();
    if let Some((station, sale)) = name.split_once('/') {
        let station =
            StationId::parse(station).map_err(|error| anyhow::anyhow!("station {station}: {error}"))?;
        let id = SaleId::parse(sale).map_err(|error| anyhow::anyhow!("sale {sale}: {error}"))?;
        let found = store.sale_named(&station, &id).await?;
        return found.with_context(|| format!("station {station} has told of no sale {id}"));
    }
    if let Ok(reference) = ExternalReference::of_payment(name) {
        let found = store.sale(&reference).await?;
        return found.with_context(|| format!("there is no sale {reference}"));
    }
    if let Ok(payment) = PaymentId::parse(name) {
        return of_payment(deployment, &payment).await;
    }
    bail!("{name} is no external reference, no STATION/SALE, and no number of a payment");
}

/// The sale that a payment names: whose payment it is, only its seller's token tells.
async fn of_payment(deployment: &Deployment, id: &PaymentId) -> Result<Sale> {
    let mercado_pago = deployment.mercado_pago()?;
    let mut troubles = Vec::new();
    for (account, token) in access(deployment).await? {
        let fact = match mercado_pago.payment(&token, id).await {
            Ok(payment) => {
                payment.fact().map_err(|why| anyhow::anyhow!("payment {id} cannot be read: {why}"))?
            }
            Err(error) if error.is_not_found() => continue,
            Err(error) => {
                troubles.push(format!("account {account}: {error}"));
                continue;
            }
        };
        let reference = fact.reference.unwrap_or_default();
        let parsed = ExternalReference::of_payment(&reference);
        let parsed = parsed.map_err(|_| {
            anyhow::anyhow!(
                "payment {id} of account {account} names {reference:?}, which is no sale of this system"
            )
        })?;
        let found = deployment.store().sale(&parsed).await?;
        return found.with_context(|| format!("payment {id} names sale {parsed}, which is not in the table"));
    }
    if !troubles.is_empty() {
        bail!("payment {id} was not found, and not everybody could be asked: {}", troubles.join("; "));
    }
    bail!("no account of this system has a payment {id}");
}

/// Shows a sale whole.
pub(crate) async fn show(
    screen: &Screen,
    deployment: &Deployment,
    sale: &Sale,
    language: Language,
) -> Result<()> {
    let now = OffsetDateTime::now_utc();
    let view = serde_json::to_value(SaleView::new(sale, language, now))?;
    if screen.is_json() {
        screen.json(&view);
        return Ok(());
    }
    let station = deployment.store().station(&sale.station).await?;
    let zone = station.as_ref().and_then(|station| station.time_zone.clone());
    let name = station.map(|station| format!(" {}", station.name)).unwrap_or_default();
    let status = match sale.status {
        SaleStatus::Paid => styled(GOOD.bold(), sale.status),
        SaleStatus::NeedsReview | SaleStatus::ChargedBack => styled(BAD.bold(), sale.status),
        _ => styled(CHANGED.bold(), sale.status),
    };
    let amount = sale.amount();
    screen.say(format!(
        "{status}  {} {amount}  sale {}",
        amount.currency(),
        styled(STRONG, &sale.delivery.sale_id)
    ));
    screen.say(format!(
        "station {}{name}, pump side {}, account {}",
        sale.station, sale.delivery.position, sale.account
    ));
    screen.say(format!("reference {}, version {}", sale.reference, sale.version));
    for reason in sale.review_reasons() {
        screen.say(format!("{} {}", styled(BAD, "review:"), reason.sentence(language)));
    }
    let text = |value: &serde_json::Value, key: &str| {
        value.get(key).and_then(|text| text.as_str()).unwrap_or("-").to_owned()
    };
    for (list, what, keys) in [
        ("attempts", "payment", ["payment_id", "status", "status_detail", "amount", "method"].as_slice()),
        ("charges", "charge", ["charge_id", "status", "amount", "terminal"].as_slice()),
        ("refunds", "refund", ["refund_id", "status", "amount", "reason"].as_slice()),
        (
            "chargebacks",
            "chargeback",
            ["chargeback_id", "amount", "documentation_status", "documentation_deadline"].as_slice(),
        ),
    ] {
        for item in view.get(list).and_then(|list| list.as_array()).into_iter().flatten() {
            let values: Vec<_> = keys.iter().map(|key| text(item, key)).collect();
            screen.say(format!("{what} {}", values.join("  ")));
        }
    }
    for command in sale.open_commands() {
        screen.say(format!(
            "{} the station has not acknowledged: {}",
            styled(CHANGED, "open:"),
            command.kind.word()
        ));
    }
    for warning in view.get("warnings").and_then(|list| list.as_array()).into_iter().flatten() {
        screen.say(format!(
            "{} {}: {}",
            styled(CHANGED, "warning:"),
            text(warning, "field"),
            text(warning, "detail")
        ));
    }
    for entry in &sale.timeline {
        screen.say(format!(
            "{}  {}",
            styled(FAINT, local(entry.at, zone.as_deref())),
            entry.event.words(language)
        ));
    }
    Ok(())
}

/// A time on the station's clock.
fn local(at: OffsetDateTime, zone: Option<&str>) -> String {
    let stamp = jiff::Timestamp::from_second(at.unix_timestamp()).unwrap_or_default();
    let zone = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    stamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}
