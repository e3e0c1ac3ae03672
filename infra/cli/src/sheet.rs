//! The sheets with a QR that hang at pumps: one drawing in SVG, printed as PDF or as picture.
//!
//! A label is drawn in millimetres with text as text; `usvg` reads the drawing with the fonts that the program
//! carries. A PDF keeps the text and embeds the fonts; an SVG page has outlines instead, so that it looks alike
//! on every machine.

mod canvas;
mod card;
mod grid;
mod letters;
mod qr;
#[cfg(test)]
mod tests;
mod tile;
mod words;

use std::sync::Arc;

use anyhow::{Context, Result};
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::usvg::{Indent, Options, Tree, WriteOptions, fontdb};
use resvg::{tiny_skia, tiny_skia::Pixmap};
use surtidor::sale::Language;
use time::Date;

use canvas::Canvas;
use letters::Letters;

/// Millimetres of an inch.
const INCH: f32 = 25.4;
/// Points of an inch, the unit of PDF.
const POINTS: f32 = 72.0;

/// What is printed for one side of a pump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The brand of the chain, as text.
    pub brand: Option<String>,
    /// The station's name.
    pub station_name: String,
    /// The station's number: `6232`.
    pub station: String,
    /// The side of the pump: `3`.
    pub side: String,
    /// The content of the QR, encoded as it is.
    pub qr: String,
    /// Which print of this side it is.
    pub version: u32,
    /// The day of the print.
    pub date: Date,
    /// The point of sale: `EST6232S03`.
    pub external_id: String,
    /// The language of the words.
    pub language: Language,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A sticker for the pump, 100 by 150 mm.
    Sticker,
    /// A card for a window, A5.
    Window,
    /// A card that an attendant wears, 86 by 124 mm, with the place of the punched slot.
    Lanyard,
    /// A card that stands on a counter, A6.
    Counter,
    /// Small stickers to be cut from A4.
    A4,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Sticker, Self::Window, Self::Lanyard, Self::Counter, Self::A4];

    /// Its name on the command line and in file names.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sticker => "sticker",
            Self::Window => "window",
            Self::Lanyard => "lanyard",
            Self::Counter => "counter",
            Self::A4 => "a4",
        }
    }

    /// Width and height of a page in millimetres.
    #[must_use]
    pub fn size(self) -> (f32, f32) {
        match self {
            Self::Sticker => (100.0, 150.0),
            Self::Window => (148.0, 210.0),
            Self::Lanyard => (86.0, 124.0),
            Self::Counter => (105.0, 148.0),
            Self::A4 => (210.0, 297.0),
        }
    }

    /// How many labels a page holds.
    #[must_use]
    pub fn labels_a_page(self) -> usize {
        match self {
            Self::A4 => grid::COLUMNS * grid::ROWS,
            _ => 1,
        }
    }
}

/// Draws labels. It holds the fonts, so one serves for many calls.
pub struct Printer {
    letters: Letters,
    options: Options<'static>,
}

impl Printer {
    /// A printer with the fonts of this program.
    pub fn new() -> Result<Self> {
        let mut fonts = fontdb::Database::new();
        for font in letters::FONTS {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
        }
        fonts.set_sans_serif_family(letters::FAMILY);
        let options = Options {
            fontdb: Arc::new(fonts),
            font_family: letters::FAMILY.to_owned(),
            ..Options::default()
        };
        Ok(Self { letters: Letters::new()?, options })
    }

    /// One document with every page. `progress` is called after each page.
    pub fn pdf(&self, labels: &[Label], format: Format, progress: &dyn Fn()) -> Result<Vec<u8>> {
        let mut document = krilla::Document::new();
        if let Some(label) = labels.first() {
            let words = words::of(label.language);
            document.set_metadata(
                Metadata::new().title(words.call.to_owned()).language(words.language.to_owned()),
            );
        }
        let (width, height) = format.size();
        let size =
            Size::from_wh(width / INCH * POINTS, height / INCH * POINTS).context("a page has a size")?;
        for page in labels.chunks(format.labels_a_page()) {
            let tree = self.tree(page, format)?;
            let mut page = document.start_page_with(PageSettings::new(size));
            let mut surface = page.surface();
            surface.draw_svg(&tree, size, SvgSettings::default()).context("cannot draw the page")?;
            surface.finish();
            page.finish();
            progress();
        }
        document.finish().map_err(|error| anyhow::anyhow!("cannot write the PDF: {error:?}"))
    }

    /// Every page as SVG, text as outlines.
    pub fn svg(&self, labels: &[Label], format: Format) -> Result<Vec<String>> {
        let options = WriteOptions {
            coordinates_precision: 3,
            transforms_precision: 6,
            indent: Indent::None,
            ..WriteOptions::default()
        };
        let page = |page: &[Label]| {
            let drawing = self.tree(page, format)?.to_string(&options);
            let (_, inside) = drawing.split_once('>').context("a drawing has a root")?;
            Ok(format!("{}{}{inside}", canvas::root(format.size()), canvas::title(page)))
        };
        labels.chunks(format.labels_a_page()).map(page).collect()
    }

    /// Every page as PNG; 300 dots per inch are right for print. The file tells its resolution.
    pub fn png(&self, labels: &[Label], format: Format, dpi: u16) -> Result<Vec<Vec<u8>>> {
        let scale = f32::from(dpi) / INCH;
        let page = |page: &[Label]| picture(&self.tree(page, format)?, scale);
        labels.chunks(format.labels_a_page()).map(page).collect()
    }

    fn tree(&self, labels: &[Label], format: Format) -> Result<Tree> {
        let drawing = self.drawing(labels, format)?;
        Tree::from_str(&drawing, &self.options).context("cannot read the drawing")
    }

    /// A page with text as text, a unit a millimetre.
    fn drawing(&self, labels: &[Label], format: Format) -> Result<String> {
        let mut canvas = Canvas::new(&self.letters, format.size());
        match (format, labels) {
            (Format::A4, labels) => grid::draw(&mut canvas, labels)?,
            (format, labels) => {
                for label in labels {
                    card::draw(&mut canvas, label, format)?;
                }
            }
        }
        Ok(canvas.finish())
    }
}

fn picture(tree: &Tree, scale: f32) -> Result<Vec<u8>> {
    let size = tree.size();
    let pixels = |length: f32| (length * scale).round();
    let whole = tiny_skia::Size::from_wh(pixels(size.width()), pixels(size.height()))
        .context("the resolution is too low")?
        .to_int_size();
    let mut picture = Pixmap::new(whole.width(), whole.height()).context("the resolution is too high")?;
    picture.fill(tiny_skia::Color::WHITE);
    resvg::render(tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, whole.width(), whole.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(dots(scale)));
    let mut writer = encoder.write_header()?;
    // The page is opaque, so its colours are not changed by their alpha.
    writer.write_image_data(picture.data())?;
    writer.finish()?;
    Ok(file)
}

/// The resolution as PNG tells it, in dots a metre.
fn dots(scale: f32) -> png::PixelDimensions {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 65,535 dots an inch"
    )]
    let metre = (scale * 1000.0).round() as u32;
    png::PixelDimensions { xppu: metre, yppu: metre, unit: png::Unit::Meter }
}
