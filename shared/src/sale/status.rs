//! The states of a sale and the steps between them, written down once.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaleStatus {
    /// Delivered and owed.
    Pending,
    /// Owed, but hidden by a later delivery at its position.
    Deferred,
    /// A payment of the right amount is approved.
    Paid,
    /// Paid, and some of it given back.
    PartiallyRefunded,
    /// Paid, and all of it given back.
    Refunded,
    /// Paid, and the buyer disputes it: Mercado Pago holds the money.
    InMediation,
    /// Paid, and taken back through the card.
    ChargedBack,
    /// Paid at the station by other means.
    SettledElsewhere,
    /// Withdrawn by the station.
    Void,
    /// Money arrived that does not fit, or that nobody can explain: a person decides.
    NeedsReview,
}

use SaleStatus::{
    ChargedBack, Deferred, InMediation, NeedsReview, Paid, PartiallyRefunded, Pending, Refunded,
    SettledElsewhere, Void,
};

impl SaleStatus {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Pending,
        Deferred,
        Paid,
        PartiallyRefunded,
        Refunded,
        InMediation,
        ChargedBack,
        SettledElsewhere,
        Void,
        NeedsReview,
    ];

    /// The transition table. Steps may skip states that were never seen: a payment that is refunded before we
    /// first hear of it takes its sale from `pending` to `refunded`.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Pending => &[
                Deferred,
                Paid,
                PartiallyRefunded,
                Refunded,
                InMediation,
                ChargedBack,
                SettledElsewhere,
                Void,
                NeedsReview,
            ],
            Deferred => &[
                Paid,
                PartiallyRefunded,
                Refunded,
                InMediation,
                ChargedBack,
                SettledElsewhere,
                Void,
                NeedsReview,
            ],
            Paid => &[PartiallyRefunded, Refunded, InMediation, ChargedBack, NeedsReview],
            // An earlier payment that is heard of late takes the place of one that was being given back.
            PartiallyRefunded => &[Paid, Refunded, InMediation, ChargedBack, NeedsReview],
            Refunded => &[Paid, PartiallyRefunded, InMediation, ChargedBack, NeedsReview],
            // A dispute ends either way; `charged_back` goes back when the seller wins.
            InMediation => &[Paid, PartiallyRefunded, Refunded, ChargedBack, NeedsReview],
            ChargedBack => &[Paid, PartiallyRefunded, Refunded, InMediation, NeedsReview],
            SettledElsewhere | Void => &[NeedsReview],
            // What a person or Mercado Pago mended is what it is.
            NeedsReview => &[
                Pending,
                Deferred,
                Paid,
                PartiallyRefunded,
                Refunded,
                InMediation,
                ChargedBack,
                SettledElsewhere,
                Void,
            ],
        }
    }

    /// Whether the table knows the step.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// Whether the station may still take other money for it, or withdraw it.
    #[must_use]
    pub fn is_owed(self) -> bool {
        matches!(self, Pending | Deferred)
    }

    /// Whether Mercado Pago has still to say whose the money is.
    #[must_use]
    pub fn is_disputed(self) -> bool {
        matches!(self, InMediation | ChargedBack)
    }

    /// The word in our API and in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Pending => "pending",
            Deferred => "deferred",
            Paid => "paid",
            PartiallyRefunded => "partially_refunded",
            Refunded => "refunded",
            InMediation => "in_mediation",
            ChargedBack => "charged_back",
            SettledElsewhere => "settled_elsewhere",
            Void => "void",
            NeedsReview => "needs_review",
        }
    }
}

impl fmt::Display for SaleStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table once more, as a picture: rows from, columns to, in the order of `ALL`.
    #[test]
    fn the_transition_table_is_what_the_ledger_relies_on() {
        let picture = [
            //        pend def paid part refd medi chbk else void revw
            "pending              . x x x x x x x x x",
            "deferred             . . x x x x x x x x",
            "paid                 . . . x x x x . . x",
            "partially_refunded   . . x . x x x . . x",
            "refunded             . . x x . x x . . x",
            "in_mediation         . . x x x . x . . x",
            "charged_back         . . x x x x . . . x",
            "settled_elsewhere    . . . . . . . . . x",
            "void                 . . . . . . . . . x",
            "needs_review         x x x x x x x x x .",
        ];
        for (from, row) in SaleStatus::ALL.into_iter().zip(picture) {
            let mut cells = row.split_whitespace();
            assert_eq!(cells.next(), Some(from.word()));
            for to in SaleStatus::ALL {
                assert_eq!(from.may_become(to), cells.next() == Some("x"), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn the_word_is_what_is_stored() {
        for status in SaleStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.word());
        }
    }
}
