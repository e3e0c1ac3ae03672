//! The countries that Mercado Pago takes money in, with what depends on them.

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

/// A country, by its ISO 3166-1 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Country {
    /// Argentina.
    Ar,
    /// Brazil.
    Br,
    /// Chile.
    Cl,
    /// Colombia.
    Co,
    /// Mexico.
    Mx,
    /// Peru.
    Pe,
    /// Uruguay.
    Uy,
}

/// The amounts that a Point terminal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The least.
    pub least: Money,
    /// The most.
    pub most: Money,
}

impl Country {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Ar, Self::Br, Self::Cl, Self::Co, Self::Mx, Self::Pe, Self::Uy];

    /// Its ISO 3166-1 code, and what Mercado Pago calls its site.
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Ar => ("AR", "MLA"),
            Self::Br => ("BR", "MLB"),
            Self::Cl => ("CL", "MLC"),
            Self::Co => ("CO", "MCO"),
            Self::Mx => ("MX", "MLM"),
            Self::Pe => ("PE", "MPE"),
            Self::Uy => ("UY", "MLU"),
        }
    }

    /// The two letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.codes().0
    }

    /// Mercado Pago's id of its site there.
    #[must_use]
    pub fn site(self) -> &'static str {
        self.codes().1
    }

    /// What is paid with.
    #[must_use]
    pub fn currency(self) -> Currency {
        match self {
            Self::Ar => Currency::ARS,
            Self::Br => Currency::BRL,
            Self::Cl => Currency::CLP,
            Self::Co => Currency::COP,
            Self::Mx => Currency::MXN,
            Self::Pe => Currency::PEN,
            Self::Uy => Currency::UYU,
        }
    }

    /// Mercado Pago's category of fuel stations there (POS reference, "category").
    #[must_use]
    pub fn fuel_station_category(self) -> u32 {
        match self {
            Self::Ar => 473_000,
            Self::Br => 4_731_300,
            Self::Cl => 473_001,
            Self::Co => 4_731,
            Self::Mx => 468_419,
            Self::Pe => 5_050,
            Self::Uy => 47_300,
        }
    }

    /// What a Point terminal takes there; `None` where Mercado Pago has no terminals to drive. The figures are those of
    /// the payment intents' reference; the reference of Orders gives none, and Chile has only those.
    #[must_use]
    pub fn point_limits(self) -> Option<Limits> {
        let (least, most) = match self {
            Self::Ar => (500, 400_000_000),
            Self::Br => (100, 7_000_000),
            Self::Mx => (500, 35_000_000),
            Self::Cl => (1, Money::MAX_MINOR),
            Self::Co | Self::Pe | Self::Uy => return None,
        };
        let money = |minor| Money::from_minor(minor, self.currency()).ok();
        Some(Limits { least: money(least)?, most: money(most)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_in_the_countrys_money() {
        for country in Country::ALL {
            if let Some(limits) = country.point_limits() {
                assert!(limits.least < limits.most, "{country:?}");
                assert_eq!(limits.least.currency(), country.currency());
            }
        }
        let text = |country: Country| {
            country.point_limits().map(|limits| format!("{} to {}", limits.least, limits.most))
        };
        assert_eq!(text(Country::Ar).as_deref(), Some("5.00 to 4000000.00"));
        assert_eq!(text(Country::Cl).as_deref(), Some("1 to 1000000000000"));
        assert_eq!(text(Country::Uy), None);
    }

    #[test]
    fn a_country_is_written_as_its_code() {
        for country in Country::ALL {
            assert_eq!(serde_json::to_value(country).unwrap(), country.code());
        }
    }
}
