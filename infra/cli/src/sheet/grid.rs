//! An A4 page of small stickers, with marks to cut along.

use anyhow::Result;

use super::canvas::{Canvas, GREY};
use super::{Label, tile};

/// Stickers beside each other.
pub const COLUMNS: usize = 2;
/// Stickers below each other.
pub const ROWS: usize = 3;

/// Where the cuts are, in millimetres: the stickers lie in the middle of the page, edge to edge.
pub const VERTICAL: [f32; COLUMNS + 1] = [105.0 - tile::WIDTH, 105.0, 105.0 + tile::WIDTH];
pub const HORIZONTAL: [f32; ROWS + 1] = [
    148.5 - 1.5 * tile::HEIGHT,
    148.5 - 0.5 * tile::HEIGHT,
    148.5 + 0.5 * tile::HEIGHT,
    148.5 + 1.5 * tile::HEIGHT,
];

/// A page of at most as many labels as it holds.
pub fn draw(canvas: &mut Canvas, labels: &[Label]) -> Result<()> {
    let places = HORIZONTAL.into_iter().take(ROWS);
    let places = places.flat_map(|y| VERTICAL.into_iter().take(COLUMNS).map(move |x| (x, y)));
    for (label, (x, y)) in labels.iter().zip(places) {
        canvas.group(x, y, 1.0, |canvas| tile::draw(canvas, label))?;
    }
    for x in VERTICAL {
        canvas.line(&format!("M{x} 4v4M{x} 293v-4"), 0.2, GREY);
    }
    for y in HORIZONTAL {
        canvas.line(&format!("M3.5 {y}h4M206.5 {y}h-4"), 0.2, GREY);
    }
    // A cross where four stickers meet: it guides the second cut.
    for y in HORIZONTAL.into_iter().skip(1).take(ROWS - 1) {
        canvas.line(&format!("M103 {y}h4M105 {}v4", y - 2.0), 0.2, GREY);
    }
    Ok(())
}
