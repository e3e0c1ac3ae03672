//! The QR as an outline.

use std::fmt::Write;

use anyhow::{Context, Result};
use qrcode::{Color, EcLevel, QrCode};

/// The white border that readers need, in modules.
pub const BORDER: u16 = 4;

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
    let mut path = String::new();
    for (y, row) in (BORDER..).zip(code.to_colors().chunks(code.width())) {
        let mut x = BORDER;
        for run in row.chunk_by(|one, next| one == next) {
            let length = u16::try_from(run.len())?;
            if run.first() == Some(&Color::Dark) {
                // Writing to a string does not fail.
                let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
            }
            x += length;
        }
    }
    Ok(Qr { width: width + 2 * BORDER, path })
}
