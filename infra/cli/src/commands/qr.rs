//! `surtidor qr`: sheets to print and hang up, with the QRs that Mercado Pago has at this moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use secrecy::SecretString;
use surtidor::country::Country;
use surtidor::id::{AccountId, PositionId, StationId};
use surtidor::mercado_pago::Pos;
use surtidor::sale::Language;
use surtidor::store::{Record, Station};
use surtidor_cli::advice::{Asked, advice};
use surtidor_cli::deployment::Deployment;
use surtidor_cli::live::{by_our_ids, document, entry};
use surtidor_cli::sheet::{Format, Label, Printer};
use time::OffsetDateTime;

use super::plan::plural;
use crate::screen::{BAD, GOOD, Screen, styled};
use crate::{At, Ended};

#[derive(clap::Args)]
#[command(after_help = "\
Formats: sticker 100 x 150 mm for the pump; window A5; lanyard 86 x 124 mm; counter A6; a4, many stickers a page with cut
marks. Each print bears its version: when a QR dies, because its POS was made anew, doctor tells which prints to replace.")]
pub(crate) struct Options {
    /// Only this station; may be given several times.
    #[arg(long = "station", value_name = "ID")]
    stations: Vec<String>,
    /// Only this pump side of them; may be given several times.
    #[arg(long = "position", value_name = "ID")]
    positions: Vec<String>,
    /// What is printed.
    #[arg(long, default_value = "sticker", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::word)))]
    format: String,
    /// Kind of file: one PDF a station, or one PNG or SVG a page.
    #[arg(long = "as", value_enum, default_value_t = Kind::Pdf)]
    kind: Kind,
    /// Dots per inch of PNGs.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(72..=1200))]
    dpi: u16,
    /// Language of the sheet; that of the country if it is not given.
    #[arg(long, value_parser = ["es", "pt", "en"])]
    language: Option<String>,
    /// The folder that the files are written into.
    #[arg(long, default_value = "qr", value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Pdf,
    Png,
    Svg,
}

pub(crate) async fn run(screen: &Screen, at: &At, options: &Options) -> Result<Ended> {
    let format =
        Format::ALL.into_iter().find(|format| format.word() == options.format).context("a format")?;
    let wanted: Vec<StationId> = parsed("--station", &options.stations, StationId::parse)?;
    let pump_sides: Vec<PositionId> = parsed("--position", &options.positions, PositionId::parse)?;
    let deployment = at.deployment()?;
    let store = deployment.store();
    let mut records = store.records().await?;
    records.retain(|record| wanted.is_empty() || wanted.contains(&record.station));
    if let Some(missing) = wanted.iter().find(|id| records.iter().all(|record| record.station != **id)) {
        bail!("station {missing} was not set up yet: surtidor apply");
    }
    let ids: Vec<StationId> = records.iter().map(|record| record.station.clone()).collect();
    let stations = store.stations(&ids).await?;
    let busy = screen.busy();
    busy.set_message("reading the QRs from Mercado Pago");
    let sellers = sellers(&deployment, &records).await?;
    busy.finish_and_clear();
    let printer = Printer::new()?;
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make {}", options.out.display()))?;
    let count = records.iter().map(|record| record.points.len()).sum();
    let progress = screen.progress("printed", count);
    let (mut files, mut troubles) = (Vec::new(), Vec::new());
    let mut count_printed = 0_usize;
    for mut record in records {
        let station = stations.iter().find(|station| station.station == record.station);
        let (Some(station), Some(seller)) = (station, sellers.get(&record.account)) else {
            troubles.push(format!(
                "stations.{}: its account has no token, or it is not in the table",
                record.station
            ));
            continue;
        };
        let mut labels = Vec::new();
        let mut shown = Vec::new();
        for (side, qr) in
            record.points.iter().filter(|(side, _)| pump_sides.is_empty() || pump_sides.contains(side))
        {
            let place = format!("stations.{}.positions.{side}", record.station);
            match text_of(seller, &qr.pos, &qr.identity) {
                Ok(text) => {
                    labels.push(label(
                        station,
                        side,
                        &qr.pos,
                        qr.version,
                        text,
                        options.language.as_deref(),
                        seller,
                    ));
                    shown.push(side.clone());
                }
                Err(why) => troubles.push(format!("{place}: {why}")),
            }
        }
        if labels.is_empty() {
            continue;
        }
        files.extend(write(&printer, &labels, format, options, &|| progress.tick())?);
        count_printed = count_printed.saturating_add(labels.len());
        for side in shown {
            if let Some(qr) = record.points.get_mut(&side) {
                qr.printed = qr.version;
            }
        }
        store.put_record(&record).await?;
    }
    drop(progress);
    if screen.is_json() {
        screen.json(&serde_json::json!({"printed": count_printed, "files": files, "problems": troubles}));
    } else {
        for trouble in &troubles {
            screen.warn(format!("{} {trouble}", styled(BAD, "not printed:")));
        }
        for file in &files {
            screen.say(file.display());
        }
        screen.warn(styled(
            GOOD,
            format!(
                "{count_printed} {} in {} {}",
                plural(count_printed, "QR", "QRs"),
                files.len(),
                plural(files.len(), "file", "files")
            ),
        ));
    }
    if count_printed == 0 && troubles.is_empty() {
        bail!("there is nothing to print: no such pump side was set up");
    }
    Ok(if troubles.is_empty() { Ended::Done } else { Ended::Failed })
}

fn parsed<T>(
    flag: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, surtidor::id::InvalidId>,
) -> Result<Vec<T>> {
    texts.iter().map(|text| parse(text).map_err(|error| anyhow::anyhow!("{flag} {text}: {error}"))).collect()
}

/// What of a seller is printed.
struct Seller {
    points: BTreeMap<String, Pos>,
    language: Language,
}

async fn sellers(deployment: &Deployment, records: &[Record]) -> Result<BTreeMap<AccountId, Seller>> {
    let accounts =
        document(deployment, &deployment.stack.accounts_secret).await.context("accounts secret")?;
    let mercado_pago = deployment.mercado_pago()?;
    let mut names: Vec<&AccountId> = records.iter().map(|record| &record.account).collect();
    names.sort();
    names.dedup();
    let mut sellers = BTreeMap::new();
    for id in names {
        let facts = entry(&accounts, id);
        let Some(token) = facts.get("access_token").and_then(|token| token.as_str()) else { continue };
        let points = mercado_pago.points_of_sale(&SecretString::from(token.to_owned())).await;
        let points =
            points.map_err(|error| anyhow::anyhow!("accounts.{id}: {}", advice(Asked::Pos, &error)))?;
        let is_brazil = facts.get("country").and_then(|country| country.as_str()) == Some(Country::Br.code());
        let language = if is_brazil { Language::Pt } else { Language::Es };
        sellers.insert(id.clone(), Seller { points: by_our_ids(points), language });
    }
    Ok(sellers)
}

/// The QR of a point of sale, if it is the one that set-up knows.
fn text_of(seller: &Seller, external_id: &str, identity: &str) -> Result<String, String> {
    let pos = seller.points.get(&external_id.to_ascii_lowercase());
    let pos = pos.ok_or_else(|| {
        format!("its POS {external_id} is gone at Mercado Pago: surtidor apply makes a new one")
    })?;
    if pos.identity() != Some(identity) {
        return Err(format!(
            "its POS {external_id} is another one than was set up: surtidor apply takes note of it"
        ));
    }
    let text = pos.qr_code().map(str::to_owned);
    text.ok_or_else(|| {
        let image = pos.qr_image().unwrap_or("the panel");
        format!("Mercado Pago gives no text of this QR: print its own sheet, {image}")
    })
}

fn label(
    station: &Station,
    side: &PositionId,
    external_id: &str,
    version: u32,
    qr: String,
    language: Option<&str>,
    seller: &Seller,
) -> Label {
    Label {
        brand: station.brand.clone(),
        station_name: station.name.clone(),
        station: station.station.as_str().to_ascii_uppercase(),
        side: side.as_str().to_ascii_uppercase(),
        qr,
        version,
        date: today(station.time_zone.as_deref()),
        external_id: external_id.to_owned(),
        language: language.map_or(seller.language, |language| Language::of_header(Some(language))),
    }
}

/// The date at the station.
fn today(zone: Option<&str>) -> time::Date {
    let now = jiff::Timestamp::now();
    let zone = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    let offset =
        time::UtcOffset::from_whole_seconds(zone.to_offset(now).seconds()).unwrap_or(time::UtcOffset::UTC);
    OffsetDateTime::now_utc().to_offset(offset).date()
}

/// Writes the sheets of a station.
fn write(
    printer: &Printer,
    labels: &[Label],
    format: Format,
    options: &Options,
    tick: &dyn Fn(),
) -> Result<Vec<PathBuf>> {
    let Some(first) = labels.first() else { return Ok(Vec::new()) };
    let station = first.station.to_ascii_lowercase();
    let word = format.word();
    let of_page = |page: usize, end: &str| match labels.get(page).filter(|_| format.labels_a_page() == 1) {
        Some(label) => format!("{station}-{}-{word}.{end}", label.side.to_ascii_lowercase()),
        None => format!("{station}-{word}-{}.{end}", page.saturating_add(1)),
    };
    let pages: Vec<(String, Vec<u8>)> = match options.kind {
        Kind::Pdf => vec![(format!("{station}-{word}.pdf"), printer.pdf(labels, format, tick)?)],
        Kind::Png => {
            let pages = printer.png(labels, format, options.dpi)?.into_iter().enumerate();
            pages.map(|(page, bytes)| (of_page(page, "png"), bytes)).collect()
        }
        Kind::Svg => {
            let pages = printer.svg(labels, format)?.into_iter().enumerate();
            pages.map(|(page, text)| (of_page(page, "svg"), text.into_bytes())).collect()
        }
    };
    if options.kind != Kind::Pdf {
        for _ in labels {
            tick();
        }
    }
    pages.into_iter().map(|(name, bytes)| save(&options.out, &name, &bytes)).collect()
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
