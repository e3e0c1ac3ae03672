//! The fonts that the program carries, and how wide text is in them.

use anyhow::{Context, Result};
use ttf_parser::Face;

/// The family of the fonts.
pub const FAMILY: &str = "Barlow";

const MEDIUM: &[u8] = include_bytes!("../../fonts/Barlow-Medium.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/Barlow-Bold.ttf");
const BLACK: &[u8] = include_bytes!("../../fonts/Barlow-ExtraBold.ttf");

/// The files of the fonts.
pub const FONTS: [&[u8]; 3] = [MEDIUM, BOLD, BLACK];

/// The height of capitals and digits, in ems.
pub const CAPITAL: f32 = 0.7;

/// How heavy text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// For reading.
    Medium,
    /// For titles.
    Bold,
    /// For what is read from afar.
    Black,
}

impl Weight {
    /// As CSS names it.
    pub fn number(self) -> u16 {
        match self {
            Self::Medium => 500,
            Self::Bold => 700,
            Self::Black => 800,
        }
    }
}

/// The measures of the fonts.
pub struct Letters {
    medium: Face<'static>,
    bold: Face<'static>,
    black: Face<'static>,
}

impl Letters {
    pub fn new() -> Result<Self> {
        let face = |font| Face::parse(font, 0).context("cannot read a font");
        Ok(Self { medium: face(MEDIUM)?, bold: face(BOLD)?, black: face(BLACK)? })
    }

    /// The width of a line in ems. Pairs that move together are not counted, so it is rather too wide.
    pub fn width(&self, text: &str, weight: Weight) -> f32 {
        let face = match weight {
            Weight::Medium => &self.medium,
            Weight::Bold => &self.bold,
            Weight::Black => &self.black,
        };
        let advance = |letter| {
            let glyph = face.glyph_index(letter).unwrap_or_default();
            face.glyph_hor_advance(glyph).unwrap_or_else(|| face.units_per_em())
        };
        text.chars().map(|letter| f32::from(advance(letter))).sum::<f32>() / f32::from(face.units_per_em())
    }

    /// The text on at most `lines` lines of the width, and the greatest size, up to `size`, at which it fits.
    pub fn wrap(
        &self,
        text: &str,
        weight: Weight,
        size: f32,
        width: f32,
        lines: usize,
    ) -> (f32, Vec<String>) {
        // On one line everything fits at some size; more lines are better only where they let the text be larger.
        let smallest = size.min(width / self.width(text, weight).max(f32::EPSILON));
        let mut size = size;
        while size > smallest {
            if let Some(found) = self.broken(text, weight, width / size, lines) {
                return (size, self.balanced(found, text, weight, width / size));
            }
            size *= 0.97;
        }
        (smallest, vec![text.to_owned()])
    }

    /// The text broken at spaces, each line as full as can be; nothing where it needs more lines or a word is too
    /// wide.
    fn broken(&self, text: &str, weight: Weight, ems: f32, lines: usize) -> Option<Vec<String>> {
        let mut broken: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let longer = broken.last().map(|line| format!("{line} {word}"));
            match (longer.filter(|line| self.width(line, weight) <= ems), broken.last_mut()) {
                (Some(longer), Some(line)) => *line = longer,
                _ if self.width(word, weight) > ems => return None,
                _ => broken.push(word.to_owned()),
            }
        }
        (broken.len() <= lines).then_some(broken)
    }

    /// As many lines as were found, but of like length: a single short word below a full line looks lost.
    fn balanced(&self, found: Vec<String>, text: &str, weight: Weight, ems: f32) -> Vec<String> {
        let (mut best, mut ems) = (found, ems);
        while !best.is_empty() {
            ems *= 0.97;
            match self.broken(text, weight, ems, best.len()) {
                Some(narrower) => best = narrower,
                None => break,
            }
        }
        best
    }
}
