//! Point Smart terminals.

use serde::{Deserialize, Serialize};

/// Who drives a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OperatingMode {
    /// The seller's software, through the API.
    #[default]
    Pdv,
    /// Whoever holds it.
    Standalone,
    /// Nobody has said yet.
    Undefined,
}

impl OperatingMode {
    /// Mercado Pago's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pdv => "PDV",
            Self::Standalone => "STANDALONE",
            Self::Undefined => "UNDEFINED",
        }
    }

    /// The mode of a word that software may set. `SELF_SERVICE` of the newest pages is not simulated.
    pub(crate) fn settable(word: &str) -> Option<Self> {
        [Self::Pdv, Self::Standalone].into_iter().find(|mode| mode.word() == word)
    }
}

/// A terminal. It takes one charge at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Terminal {
    /// Model and serial number: `NEWLAND_N950__N950NCB801293324`.
    pub id: String,
    /// The seller.
    pub owner: u64,
    /// The point of sale that it belongs to.
    pub pos: Option<u64>,
    /// Who drives it.
    pub mode: OperatingMode,
    /// Whether it reaches Mercado Pago.
    pub online: bool,
    /// Whether its slot stays taken and nothing moves.
    pub stuck: bool,
    /// Whether a print action that does not end takes the slot.
    pub printing: bool,
    /// The charge that is queued or shown. Charges that are not over, and only they, are in a slot.
    pub slot: Option<String>,
    /// The charge that was over last.
    pub last: Option<String>,
}

impl Terminal {
    /// Whether another charge is refused.
    pub fn is_occupied(&self) -> bool {
        self.slot.is_some() || self.stuck || self.printing
    }

    /// Whether it shows what is queued for it.
    pub fn is_listening(&self) -> bool {
        self.online && !self.stuck && !self.printing && self.mode == OperatingMode::Pdv
    }
}
