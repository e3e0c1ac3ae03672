//! The QR as an outline.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use qrcode::{Color, EcLevel, QrCode};

/// The white border that readers need, in modules.
pub const BORDER: u16 = 4;

type Point = (u16, u16);

/// A QR: how many modules it is wide with its border, and the outline of the dark ones as SVG path.
pub struct Qr {
    pub width: u16,
    pub path: String,
}

/// The QR of a text, which survives the loss of a seventh of its content: dirt and scratches.
pub fn of(text: &str) -> Result<Qr> {
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).context("the text is too long for a QR")?;
    let width = u16::try_from(code.width())?;
    let mut edges = Edges::default();
    for (y, row) in (BORDER..).zip(code.to_colors().chunks(code.width())) {
        for (x, _) in (BORDER..).zip(row).filter(|(_, color)| **color == Color::Dark) {
            edges.add([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]);
        }
    }
    Ok(Qr { width: width + 2 * BORDER, path: edges.path() })
}

/// The edges between dark and light, each from where to where with the dark at its right. Modules that touch are
/// drawn as one area: squares beside each other would show hair lines between them.
#[derive(Default)]
struct Edges(BTreeMap<Point, Vec<Point>>);

impl Edges {
    fn add(&mut self, [a, b, c, d]: [Point; 4]) {
        for (from, to) in [(a, b), (b, c), (c, d), (d, a)] {
            // An edge that was there in the other direction has dark on both sides.
            if !self.take(to, from) {
                self.0.entry(from).or_default().push(to);
            }
        }
    }

    fn take(&mut self, from: Point, to: Point) -> bool {
        let Some(ends) = self.0.get_mut(&from) else { return false };
        let Some(at) = ends.iter().position(|end| *end == to) else { return false };
        ends.swap_remove(at);
        if ends.is_empty() {
            self.0.remove(&from);
        }
        true
    }

    /// Every closed line, its straight parts as one.
    fn path(mut self) -> String {
        let mut path = String::new();
        while let Some(start) = self.0.keys().next().copied() {
            // Writing to a string does not fail.
            let _ = write!(path, "M{} {}", start.0, start.1);
            let (mut corner, mut here) = (start, start);
            while let Some(next) = self.0.get(&here).and_then(|ends| ends.first().copied()) {
                self.take(here, next);
                if corner.0 != next.0 && corner.1 != next.1 {
                    path.push_str(&straight(corner, here));
                    corner = here;
                }
                here = next;
            }
            path.push_str(&straight(corner, here));
            path.push('z');
        }
        path
    }
}

fn straight(from: Point, to: Point) -> String {
    if from.1 == to.1 { format!("H{}", to.0) } else { format!("V{}", to.1) }
}
