//! The QR as an image that can be printed and scanned.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// The white border that scanners need, in modules.
const BORDER: usize = 4;
/// Pixels of a module in the PNG.
const SCALE: usize = 8;

/// A QR without a border, as a square of dark and light.
struct Modules {
    width: usize,
    dark: Vec<bool>,
}

fn modules(text: &str) -> Option<Modules> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    Some(Modules { width, dark: code.to_colors().into_iter().map(|color| color == Color::Dark).collect() })
}

impl Modules {
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let at = |value: usize| value.checked_sub(BORDER).filter(|value| *value < self.width);
        at(x).zip(at(y)).is_some_and(|(x, y)| self.dark[y * self.width + x])
    }

    /// The dark runs of each row, border included: `(x, y, length)`.
    fn runs(&self) -> Vec<(usize, usize, usize)> {
        let whole = self.width + 2 * BORDER;
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for y in 0..whole {
            for x in (0..whole).filter(|x| self.is_dark(*x, y)) {
                match runs.last_mut() {
                    Some((start, row, length)) if *row == y && *start + *length == x => *length += 1,
                    _ => runs.push((x, y, 1)),
                }
            }
        }
        runs
    }
}

/// The QR as PNG.
pub fn png(text: &str) -> Option<Vec<u8>> {
    let modules = modules(text)?;
    let side = (modules.width + 2 * BORDER) * SCALE;
    let pixels: Vec<u8> = (0..side * side)
        .map(|at| if modules.is_dark(at % side / SCALE, at / side / SCALE) { 0 } else { 255 })
        .collect();
    let mut file = Vec::new();
    let side = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// The QR as SVG.
pub fn svg(text: &str) -> Option<String> {
    let modules = modules(text)?;
    let side = modules.width + 2 * BORDER;
    let mut path = String::new();
    for (x, y, length) in modules.runs() {
        // Writing to a string does not fail.
        let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

/// A page to print, with the name of the point of sale under its QR.
pub fn pdf(text: &str, name: &str) -> Option<Vec<u8>> {
    let modules = modules(text)?;
    let side = modules.width + 2 * BORDER;
    // A4 has 595 by 842 points; the QR is centred and 420 points wide, and y grows upwards.
    let mut squares = String::new();
    for (x, y, length) in modules.runs() {
        let _ = writeln!(squares, "{x} {} {length} 1 re", side - 1 - y);
    }
    // A string of Latin-1 bytes in hex; letters beyond it are left out.
    let letters: Vec<u8> = name.chars().filter_map(|letter| u8::try_from(letter).ok()).collect();
    let name = hex::encode(letters);
    let scale = 42_000 / side;
    let drawing = format!(
        "q {whole}.{part:02} 0 0 {whole}.{part:02} 88 280 cm\n{squares}f Q\n\
         BT /F1 32 Tf 110 230 Td <{name}> Tj ET\nBT /F1 14 Tf 110 205 Td (Mercado Pago) Tj ET\n",
        whole = scale / 100,
        part = scale % 100,
    );
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R\
         /Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>>>"
            .to_owned(),
        format!("<</Length {}>>stream\n{drawing}endstream", drawing.len()),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(format!("{:010} 00000 n \n", file.len()));
        let _ = writeln!(file, "{number} 0 obj\n{object}\nendobj");
    }
    let start = file.len();
    let count = objects.len() + 1;
    let _ = write!(
        file,
        "xref\n0 {count}\n0000000000 65535 f \n{}trailer<</Size {count}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n",
        places.concat()
    );
    Some(file.into_bytes())
}
