//! The countries that the unattended QR exists in, with what depends on them.
//!
//! Sources: the "unattended QR" pages' list of sites and the category tables of the point-of-sale reference.

use serde::{Deserialize, Serialize};

/// One of Mercado Pago's sites, which is a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Site {
    /// Argentina.
    Mla,
    /// Brazil.
    Mlb,
    /// Mexico.
    Mlm,
    /// Colombia.
    Mco,
    /// Peru.
    Mpe,
    /// Uruguay.
    Mlu,
    /// Chile.
    Mlc,
}

/// What a site fixes: one row a country, so that a table of the documents can be checked against this one.
struct Facts {
    id: &'static str,
    country: &'static str,
    currency: &'static str,
    /// ISO 4217 numeric, for the QR text.
    currency_number: &'static str,
    decimals: u32,
    gas_station: u64,
    gastronomy: u64,
}

const fn facts(
    (id, country): (&'static str, &'static str),
    (currency, currency_number, decimals): (&'static str, &'static str, u32),
    (gas_station, gastronomy): (u64, u64),
) -> Facts {
    Facts { id, country, currency, currency_number, decimals, gas_station, gastronomy }
}

impl Site {
    /// All of them.
    pub const ALL: [Site; 7] = [Site::Mla, Site::Mlb, Site::Mlm, Site::Mco, Site::Mpe, Site::Mlu, Site::Mlc];

    /// That CLP and COP are used without decimals is practice rather than a written rule of Mercado Pago.
    const fn facts(self) -> Facts {
        match self {
            Site::Mla => facts(("MLA", "AR"), ("ARS", "032", 2), (473_000, 621_102)),
            Site::Mlb => facts(("MLB", "BR"), ("BRL", "986", 2), (4_731_300, 5_611_203)),
            Site::Mlm => facts(("MLM", "MX"), ("MXN", "484", 2), (468_419, 5_812)),
            Site::Mco => facts(("MCO", "CO"), ("COP", "170", 0), (4_731, 5_611)),
            Site::Mpe => facts(("MPE", "PE"), ("PEN", "604", 2), (5_050, 5_520)),
            Site::Mlu => facts(("MLU", "UY"), ("UYU", "858", 2), (47_300, 56_101)),
            Site::Mlc => facts(("MLC", "CL"), ("CLP", "152", 0), (473_001, 561_000)),
        }
    }

    /// The site of an id (`MLA`) or a country code (`AR`), in any case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Site> {
        Self::ALL
            .into_iter()
            .find(|site| site.id().eq_ignore_ascii_case(code) || site.country().eq_ignore_ascii_case(code))
    }

    /// Mercado Pago's id: `MLA`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.facts().id
    }

    /// ISO 3166 code of the country: `AR`.
    #[must_use]
    pub const fn country(self) -> &'static str {
        self.facts().country
    }

    /// ISO 4217 code of the currency: `ARS`.
    #[must_use]
    pub const fn currency(self) -> &'static str {
        self.facts().currency
    }

    /// ISO 4217 number of the currency: `032`.
    pub(crate) const fn currency_number(self) -> &'static str {
        self.facts().currency_number
    }

    /// Decimals of the currency's amounts.
    #[must_use]
    pub const fn decimals(self) -> u32 {
        self.facts().decimals
    }

    /// Whether a point of sale may have this category. One of another country is unknown here.
    pub(crate) const fn has_category(self, category: u64) -> bool {
        category == self.facts().gas_station || category == self.facts().gastronomy
    }
}
