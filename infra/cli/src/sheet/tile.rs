//! The small sticker, of which an A4 page holds many: the QR at the right, the number at its left.

use anyhow::Result;

use super::canvas::{ACCENT, Anchor, Area, Canvas, INK, PALE, PAPER, Style};
use super::card;
use super::letters::{CAPITAL, Weight};
use super::{Label, qr, words};

/// Its width in millimetres.
pub const WIDTH: f32 = 95.0;
/// Its height in millimetres.
pub const HEIGHT: f32 = 93.0;

const MARGIN: f32 = 4.5;
const QR: f32 = 47.0;

/// One sticker, with its left upper corner at the origin.
pub fn draw(canvas: &mut Canvas, label: &Label) -> Result<()> {
    let words = words::of(label.language);
    let page = Area::new(0.0, 0.0, WIDTH, HEIGHT).inset(MARGIN);
    let middle = page.y + 7.6;

    who(canvas, label, Area { height: 5.0, ..page });

    let panel = Area::new(page.x, middle, page.width - QR - 3.0, QR);
    place(canvas, label, panel);
    let square = Area::new(page.right() - QR, middle, QR, QR);
    canvas.framed_qr(&qr::of(&label.qr)?, square, 2.0, 0.4);

    let call = Style::new(Weight::Black, 5.2, INK);
    let baseline = square.bottom() + 2.6 + call.capital();
    canvas.text(page.x, baseline, call, words.call);
    let with = Style::new(Weight::Medium, 3.0, ACCENT).at(Anchor::End);
    canvas.line_of(
        page.right(),
        baseline,
        page.width - canvas.width(call, words.call) - 4.0,
        with,
        words.with,
    );

    steps(canvas, label, Area::new(page.x, baseline + 3.0, page.width, 9.0));
    let band = Area::new(page.x, page.bottom() - 8.2, page.width, 5.2);
    card::check(canvas, &format!("{} {}", words.check, label.side), band);
    canvas.group(0.0, page.bottom(), 0.8, |canvas| {
        card::footer(canvas, label, page.x / 0.8, 0.0, page.width / 0.8);
    });
    Ok(())
}

/// Brand and name on one line, or the name below if both are too long for that.
fn who(canvas: &mut Canvas, label: &Label, area: Area) {
    let bold = Style::new(Weight::Bold, 3.8, INK);
    let medium = Style::new(Weight::Medium, 3.4, INK);
    let name = label.station_name.as_str();
    let Some(brand) = label.brand.as_deref() else {
        canvas.block(area.x, area.y, area.width, 2, bold, name);
        return;
    };
    let bold = canvas.fitted(bold, area.width, brand);
    let baseline = area.y + bold.capital();
    canvas.text(area.x, baseline, bold, brand);
    let taken = canvas.width(bold, brand) + 2.5;
    if taken + canvas.width(medium, name) <= area.width {
        canvas.text(area.x + taken, baseline, medium, name);
    } else {
        canvas.block(area.x, baseline + 1.4, area.width, 1, Style { size: 3.0, ..medium }, name);
    }
}

fn place(canvas: &mut Canvas, label: &Label, panel: Area) {
    let words = words::of(label.language);
    canvas.panel(panel, 2.0, INK);
    let inside = panel.inset(3.5);
    let caption = Style::caption(2.5, PALE);
    let station = canvas.fitted(Style::new(Weight::Bold, 7.0, PAPER), inside.width, &label.station);
    canvas.line_of(inside.x, inside.y + caption.capital(), inside.width, caption, words.side);
    canvas.text(inside.x, inside.bottom(), station, &label.station);
    let above = inside.bottom() - station.capital() - 2.0;
    canvas.text(inside.x, above, caption, words.station);

    let top = inside.y + caption.capital() + 2.5;
    let height = above - caption.capital() - 3.5 - top;
    let side = canvas.fitted(Style::new(Weight::Black, height / CAPITAL, PAPER), inside.width, &label.side);
    canvas.text(inside.x - side.size * 0.03, top + f32::midpoint(height, side.capital()), side, &label.side);
}

fn steps(canvas: &mut Canvas, label: &Label, area: Area) {
    let number_style = Style::new(Weight::Bold, 2.9, PAPER).at(Anchor::Middle);
    let gap = 2.0;
    let width = (area.width - 2.0 * gap) / 3.0;
    let disc = 1.9;
    let mut x = area.x;
    for (number, (title, sentence)) in ["1", "2", "3"].into_iter().zip(words::of(label.language).steps) {
        canvas.disc(x + disc, area.y + disc, disc, ACCENT);
        canvas.text(x + disc, area.y + disc + number_style.capital() / 2.0, number_style, number);
        let left = x + 2.0 * disc + 1.3;
        let room = width - 2.0 * disc - 1.3;
        let bottom = canvas.block(left, area.y + 0.4, room, 1, Style::new(Weight::Bold, 3.3, INK), title);
        canvas.block(left, bottom + 1.2, room, 2, Style::new(Weight::Medium, 2.5, INK), sentence);
        x += width + gap;
    }
}
