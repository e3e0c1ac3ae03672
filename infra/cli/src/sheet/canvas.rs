//! What is drawn with: text, boxes and lines in SVG.

use std::fmt::{Display, Write};

use super::letters::{CAPITAL, FAMILY, Letters, Weight};
use super::qr::Qr;
use super::{Label, words};

/// Nearly black.
pub const INK: &str = "#14181c";
/// The paper.
pub const PAPER: &str = "#ffffff";
/// What guides the eye.
pub const ACCENT: &str = "#00695c";
/// The ground of what must be heeded.
pub const TINT: &str = "#e3f0ed";
/// What only support reads.
pub const GREY: &str = "#4a5258";
/// Captions upon ink.
pub const PALE: &str = "#b9c4c8";

/// From one baseline to the next, in ems.
pub const LEADING: f32 = 1.18;

/// A rectangle.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Area {
    pub fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self { x, y, width, height }
    }

    pub fn right(self) -> f32 {
        self.x + self.width
    }

    pub fn bottom(self) -> f32 {
        self.y + self.height
    }

    /// The same without a border.
    pub fn inset(self, by: f32) -> Self {
        Self::new(self.x + by, self.y + by, self.width - 2.0 * by, self.height - 2.0 * by)
    }
}

/// Where a line of text stands at its `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub weight: Weight,
    pub size: f32,
    pub colour: &'static str,
    pub anchor: Anchor,
    /// Space between letters, in ems.
    pub spacing: f32,
}

impl Style {
    pub fn new(weight: Weight, size: f32, colour: &'static str) -> Self {
        Self { weight, size, colour, anchor: Anchor::Start, spacing: 0.0 }
    }

    /// Small capitals above what they name.
    pub fn caption(size: f32, colour: &'static str) -> Self {
        Self { spacing: 0.08, ..Self::new(Weight::Bold, size, colour) }
    }

    pub fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    fn of_size(self, size: f32) -> Self {
        Self { size, ..self }
    }

    /// The height of its capitals.
    pub fn capital(self) -> f32 {
        self.size * CAPITAL
    }
}

/// A page in the making.
pub struct Canvas<'a> {
    letters: &'a Letters,
    svg: String,
}

impl<'a> Canvas<'a> {
    /// A white page.
    pub fn new(letters: &'a Letters, (width, height): (f32, f32)) -> Self {
        // In the units of SVG, a millimetre each: the size on paper is told where the page is written.
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             font-family=\"{FAMILY}\"><path fill=\"{PAPER}\" d=\"M0 0H{width}V{height}H0z\"/>"
        );
        Self { letters, svg }
    }

    pub fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }

    fn put(&mut self, element: impl Display) {
        // Writing to a string does not fail.
        let _ = write!(self.svg, "{element}");
    }

    /// Draws with an origin and a unit of its own.
    pub fn group<T>(&mut self, x: f32, y: f32, scale: f32, draw: impl FnOnce(&mut Self) -> T) -> T {
        self.put(format_args!("<g transform=\"translate({x} {y}) scale({scale})\">"));
        let drawn = draw(self);
        self.put("</g>");
        drawn
    }

    /// A filled box with round corners.
    pub fn panel(&mut self, area: Area, radius: f32, colour: &str) {
        let Area { x, y, width, height } = area;
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" fill=\"{colour}\"/>"
        ));
    }

    /// An outlined box with round corners; the line lies inside it.
    pub fn frame(&mut self, area: Area, radius: f32, line: f32, colour: &str) {
        let Area { x, y, width, height } = area.inset(line / 2.0);
        let radius = radius - line / 2.0;
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" fill=\"none\" \
             stroke=\"{colour}\" stroke-width=\"{line}\"/>"
        ));
    }

    /// A line along a path.
    pub fn line(&mut self, path: &str, line: f32, colour: &str) {
        self.put(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{line}\"/>"
        ));
    }

    pub fn disc(&mut self, x: f32, y: f32, radius: f32, colour: &str) {
        self.put(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{colour}\"/>"));
    }

    /// A QR in a frame, which lies outside the border that the QR needs.
    pub fn framed_qr(&mut self, qr: &Qr, square: Area, radius: f32, line: f32) {
        self.frame(square, radius, line, INK);
        let Area { x, y, width, .. } = square.inset(line);
        let module = width / f32::from(qr.width);
        // Dark upon white without half tones, which readers would have to guess at.
        self.put(format_args!(
            "<path transform=\"translate({x} {y}) scale({module})\" shape-rendering=\"crispEdges\" d=\"{}\"/>",
            qr.path
        ));
    }

    /// The width of a line.
    pub fn width(&self, style: Style, text: &str) -> f32 {
        style.size * self.ems(style, text)
    }

    fn ems(&self, style: Style, text: &str) -> f32 {
        let spaces = text.chars().fold(0.0, |sum, _| sum + style.spacing);
        self.letters.width(text, style.weight) + spaces
    }

    /// The style made small enough for the line to fit.
    pub fn fitted(&self, style: Style, width: f32, text: &str) -> Style {
        style.of_size(style.size.min(width / self.ems(style, text).max(f32::EPSILON)))
    }

    /// A line on its baseline.
    pub fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-weight=\"{}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\" \
             letter-spacing=\"{}\">{}</text>",
            style.weight.number(),
            style.size,
            style.colour,
            style.spacing * style.size,
            escaped(text),
        ));
    }

    /// A line on its baseline, made smaller where it is wider than it may be.
    pub fn line_of(&mut self, x: f32, y: f32, width: f32, style: Style, text: &str) {
        self.text(x, y, self.fitted(style, width, text), text);
    }

    /// Lines below `y`, which is the top of the first one's capitals; gives where the last one stands.
    pub fn block(&mut self, x: f32, y: f32, width: f32, lines: usize, style: Style, text: &str) -> f32 {
        let (size, lines) = self.letters.wrap(text, style.weight, style.size, width, lines);
        let style = style.of_size(size);
        let mut baseline = y + style.capital();
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                baseline += size * LEADING;
            }
            self.text(x, baseline, style, line);
        }
        baseline
    }
}

/// The root of a page that is written for others.
pub fn root((width, height): (f32, f32)) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
         viewBox=\"0 0 {width} {height}\">"
    )
}

/// What a page is, for those who cannot see it.
pub fn title(labels: &[Label]) -> String {
    let ids: Vec<_> = labels.iter().map(|label| label.external_id.as_str()).collect();
    let call = labels.first().map(|label| words::of(label.language).call).unwrap_or_default();
    format!("<title>{}</title>", escaped(&format!("{call}: {}", ids.join(", "))))
}

/// Text as XML holds it, without the characters that XML forbids.
fn escaped(text: &str) -> String {
    let allowed = |letter: &char| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}');
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(allowed) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
