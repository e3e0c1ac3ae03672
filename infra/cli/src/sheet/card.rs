//! The upright cards: sticker, window, lanyard and counter share one design.

use anyhow::Result;

use super::canvas::{ACCENT, Anchor, Area, Canvas, GREY, INK, LEADING, PALE, PAPER, Style, TINT};
use super::letters::{CAPITAL, Weight};
use super::{Format, Label, qr, words};

/// The border of the design, in its own units.
const MARGIN: f32 = 6.0;
/// The line around the QR.
const FRAME: f32 = 0.5;
/// The least width of a module, in millimetres.
const MODULE: f32 = 0.52;

/// How a format uses the design: millimetres of a unit, and what the slot takes at the top.
fn measure(format: Format) -> (f32, f32) {
    match format {
        Format::Window => (1.41, 0.0),
        Format::Lanyard => (0.74, 7.0),
        _ => (1.0, 0.0),
    }
}

/// One card.
pub fn draw(canvas: &mut Canvas, label: &Label, format: Format) -> Result<()> {
    let (unit, top) = measure(format);
    let (width, height) = format.size();
    if format == Format::Lanyard {
        canvas.frame(Area::new(width / 2.0 - 8.0, 4.0, 16.0, 3.5), 1.75, 0.2, GREY);
    }
    let page = Area::new(MARGIN, MARGIN, width / unit - 2.0 * MARGIN, (height - top) / unit - 2.0 * MARGIN);
    canvas.group(0.0, top, unit, |canvas| design(canvas, label, page, unit))
}

fn design(canvas: &mut Canvas, label: &Label, page: Area, unit: f32) -> Result<()> {
    let words = words::of(label.language);
    let y = who(canvas, label, page);
    let y = call(canvas, label, Area { y: y + 5.5, ..page });
    let top = y + 4.0;

    // The foot is set from below.
    let band = Area::new(page.x, page.bottom() - 13.0, page.width, 8.0);
    check(canvas, &format!("{} {}", words.check, label.side), band);
    footer(canvas, label, page.x, page.bottom(), page.width);

    // The number and the QR share what is left, and the number gives way to a QR of many modules.
    let qr = qr::of(&label.qr)?;
    let room = band.y - 3.5 - (top + 3.5);
    let wanted = (f32::from(qr.width) * MODULE / unit + 2.0 * FRAME).max(50.0);
    let panel = Area::new(page.x, top, page.width, (room - wanted).clamp(24.0, 38.0));
    let side = (room - panel.height).min(page.width * 0.66);
    let square = Area::new(page.x, panel.bottom() + 3.5 + (room - panel.height - side) / 2.0, side, side);
    let column = square.right() + 5.0;
    place(canvas, label, panel, column);
    canvas.framed_qr(&qr, square, 2.5, FRAME);
    steps(canvas, label, Area::new(column, square.y, page.right() - column, side));
    Ok(())
}

/// Brand and name.
fn who(canvas: &mut Canvas, label: &Label, area: Area) -> f32 {
    let bold = Style::new(Weight::Bold, 4.6, INK);
    let Some(brand) = label.brand.as_deref() else {
        return canvas.block(area.x, area.y, area.width, 2, bold, &label.station_name);
    };
    let bold = canvas.fitted(bold, area.width, brand);
    let baseline = area.y + bold.capital();
    canvas.text(area.x, baseline, bold, brand);
    let name = Style::new(Weight::Medium, 4.0, INK);
    canvas.block(area.x, baseline + 2.2, area.width, 2, name, &label.station_name)
}

/// The call to pay, and with which app.
fn call(canvas: &mut Canvas, label: &Label, area: Area) -> f32 {
    let words = words::of(label.language);
    let call = canvas.fitted(Style::new(Weight::Black, 12.5, INK), area.width, words.call);
    let with = Style::new(Weight::Medium, 4.2, ACCENT);
    let baseline = area.y + call.capital();
    canvas.text(area.x - call.size * 0.02, baseline, call, words.call);
    let below = baseline + 3.8 + with.capital();
    canvas.line_of(area.x, below, area.width, with, words.with);
    below
}

/// The side in large, and the station, which stands above the steps.
fn place(canvas: &mut Canvas, label: &Label, panel: Area, column: f32) {
    let words = words::of(label.language);
    canvas.panel(panel, 3.0, INK);
    let inside = panel.inset(4.5);
    let caption = Style::caption(3.2, PALE);
    let below = inside.y + caption.capital();
    canvas.text(inside.x, below, caption, words.side);
    canvas.text(column, below, caption, words.station);
    let height = inside.bottom() - below - 3.0;
    let side = Style::new(Weight::Black, height / CAPITAL, PAPER);
    let side = canvas.fitted(side, column - inside.x - 4.0, &label.side);
    canvas.text(inside.x - side.size * 0.03, inside.bottom(), side, &label.side);
    // However short the number of the station is, that of the side is the larger one.
    let station = Style::new(Weight::Bold, (side.size * 0.7).min(11.0), PAPER);
    canvas.line_of(column, inside.bottom(), inside.right() - column, station, &label.station);
}

fn steps(canvas: &mut Canvas, label: &Label, area: Area) {
    let disc = 2.6;
    let title_style = Style::new(Weight::Bold, 4.8, INK);
    let number_style = Style::new(Weight::Bold, 3.8, PAPER).at(Anchor::Middle);
    let sentence_style = Style::new(Weight::Medium, 3.4, INK);
    // Two lines of a sentence below a title; the last step ends where the QR does.
    let height = 2.0 * disc + 2.2 + sentence_style.capital() + sentence_style.size * LEADING;
    let mut y = area.y;
    for (number, (title, sentence)) in ["1", "2", "3"].into_iter().zip(words::of(label.language).steps) {
        let middle = y + disc;
        canvas.disc(area.x + disc, middle, disc, ACCENT);
        canvas.text(area.x + disc, middle + number_style.capital() / 2.0, number_style, number);
        let left = 2.0 * disc + 1.8;
        let baseline = middle + title_style.capital() / 2.0;
        canvas.line_of(area.x + left, baseline, area.width - left, title_style, title);
        canvas.block(area.x, y + 2.0 * disc + 2.2, area.width, 2, sentence_style, sentence);
        y += (area.height - height) / 2.0;
    }
}

/// The warning: phone and pump must name the same side.
pub fn check(canvas: &mut Canvas, text: &str, band: Area) {
    canvas.panel(band, band.height / 4.0, TINT);
    let style = Style::new(Weight::Bold, band.height / 2.0, INK).at(Anchor::Middle);
    let style = canvas.fitted(style, band.width - 6.0, text);
    canvas.text(band.x + band.width / 2.0, band.y + f32::midpoint(band.height, style.capital()), style, text);
}

/// What to do when it does not work, and which print this is.
pub fn footer(canvas: &mut Canvas, label: &Label, x: f32, y: f32, width: f32) {
    let words = words::of(label.language);
    let help = Style::new(Weight::Bold, 3.2, INK);
    canvas.text(x, y, help, words.help);
    let day = words::day(label.date, label.language);
    let print = format!("{} · v{} · {day}", label.external_id, label.version);
    let room = width - canvas.width(help, words.help) - 4.0;
    canvas.line_of(x + width, y, room, Style::new(Weight::Medium, 2.5, GREY).at(Anchor::End), &print);
}
