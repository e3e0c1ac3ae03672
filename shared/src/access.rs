//! Who may do what: the roles of keys, what each of them may do, what each route asks for, and for which stations a key
//! is. Pure: the authorizer tells role and scope, the functions ask here.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::StationId;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The software of one station.
    Station,
    /// Who serves at the pumps and in the shop.
    Attendant,
    /// Who answers for a station.
    Manager,
    /// Who gives money back for the chain.
    Treasury,
    /// Who looks and changes nothing.
    Auditor,
    /// Who helps stations with their set-up.
    Support,
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See sales, refunds, charges, terminals and open commands.
    Read,
    /// Tell what happens at the pumps, and that a command was done.
    Tell,
    /// Send an amount to a terminal, and cancel it there.
    Charge,
    /// Say that a sale was paid at the station by other means.
    Settle,
    /// Withdraw a sale.
    Void,
    /// Give money back.
    Refund,
    /// Link terminals, and set how they work.
    SetUp,
    /// Have the set-up of a terminal checked.
    Check,
}

/// What each route asks for, as the template names it. A route that is not here is open to nobody.
pub const ROUTES: [(&str, Permission); 17] = [
    ("PUT /v1/stations/{station}/positions/{position}", Permission::Tell),
    ("POST /v1/stations/{station}/heartbeat", Permission::Tell),
    ("POST /v1/stations/{station}/sales", Permission::Tell),
    ("GET /v1/stations/{station}/sales/{sale}", Permission::Read),
    ("POST /v1/stations/{station}/sales/{sale}/settle", Permission::Settle),
    ("POST /v1/stations/{station}/sales/{sale}/void", Permission::Void),
    ("GET /v1/stations/{station}/commands", Permission::Read),
    ("POST /v1/stations/{station}/commands/{command}/ack", Permission::Tell),
    ("POST /v1/stations/{station}/sales/{sale}/refunds", Permission::Refund),
    ("GET /v1/stations/{station}/sales/{sale}/refunds", Permission::Read),
    ("GET /v1/stations/{station}/terminals", Permission::Read),
    ("PUT /v1/stations/{station}/terminals/{terminal}", Permission::SetUp),
    ("PUT /v1/stations/{station}/terminals/{terminal}/mode", Permission::SetUp),
    ("GET /v1/stations/{station}/terminals/{terminal}/check", Permission::Check),
    ("POST /v1/stations/{station}/terminals/{terminal}/charges", Permission::Charge),
    ("GET /v1/stations/{station}/charges/{charge}", Permission::Read),
    ("POST /v1/stations/{station}/charges/{charge}/cancel", Permission::Charge),
];

impl Permission {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Tell,
        Self::Charge,
        Self::Settle,
        Self::Void,
        Self::Refund,
        Self::SetUp,
        Self::Check,
    ];

    /// What a route asks for.
    #[must_use]
    pub fn of_route(route: &str) -> Option<Self> {
        ROUTES.into_iter().find(|(known, _)| *known == route).map(|(_, permission)| permission)
    }

    /// What cannot be done without it: "… may not <words>".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Tell => "tell what happens at the pumps, nor acknowledge commands",
            Self::Charge => "charge at terminals",
            Self::Settle => "settle sales",
            Self::Void => "void sales",
            Self::Refund => "give refunds",
            Self::SetUp => "link terminals, nor set their mode",
            Self::Check => "check terminals",
        }
    }
}

impl Role {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("station", Self::Station),
        ("attendant", Self::Attendant),
        ("manager", Self::Manager),
        ("treasury", Self::Treasury),
        ("auditor", Self::Auditor),
        ("support", Self::Support),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, role)| *role == self).map_or("", |(word, _)| word)
    }

    /// The role of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, role)| role)
    }

    /// Everything that it may do.
    #[must_use]
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::{Charge, Check, Read, Refund, SetUp, Settle, Void};
        match self {
            Self::Station => &Permission::ALL,
            Self::Attendant => &[Read, Charge, Settle],
            Self::Manager => &[Read, Charge, Settle, Void, Refund, SetUp, Check],
            Self::Treasury => &[Read, Refund],
            Self::Auditor => &[Read],
            Self::Support => &[Read, Check],
        }
    }

    /// Whether it may do this.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The stations that a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every station of the deployment, also those to come.
    All,
    /// These.
    Stations(Vec<StationId>),
}

/// How "every station" is written where stations are listed in a text.
const ALL: &str = "*";

impl Scope {
    /// Whether a station is among them.
    #[must_use]
    pub fn includes(&self, station: &StationId) -> bool {
        match self {
            Self::All => true,
            Self::Stations(stations) => stations.contains(station),
        }
    }

    /// Reads what it is written as in one text. Nothing, or anything that is no station, is no scope.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == ALL {
            return Some(Self::All);
        }
        let stations = text.split(',').map(StationId::parse).collect::<Result<_, _>>();
        stations.ok().map(Self::Stations)
    }
}

/// `*`, or the stations with commas between them.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL),
            Self::Stations(stations) => {
                let ids: Vec<_> = stations.iter().map(StationId::as_str).collect();
                f.write_str(&ids.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, as people were told it.
    #[test]
    fn each_role_may_do_this_and_nothing_else() {
        let expected = "
            station    Read Tell Charge Settle Void Refund SetUp Check
            attendant  Read      Charge Settle
            manager    Read      Charge Settle Void Refund SetUp Check
            treasury   Read                         Refund
            auditor    Read
            support    Read                                      Check
        ";
        let lines = expected.lines().map(str::split_whitespace).map(Iterator::collect::<Vec<_>>);
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), Role::WORDS.len());
        for ((word, role), line) in Role::WORDS.into_iter().zip(lines) {
            let may = Permission::ALL.into_iter().filter(|permission| role.may(*permission));
            let may: Vec<_> =
                std::iter::once(word.to_owned()).chain(may.map(|may| format!("{may:?}"))).collect();
            assert_eq!(may, line);
        }
    }

    #[test]
    fn a_role_is_stored_as_its_word() {
        for (word, role) in Role::WORDS {
            assert_eq!(serde_json::to_value(role).unwrap(), word);
            assert_eq!((role.word(), Role::of_word(word)), (word, Some(role)));
        }
        assert_eq!(Role::of_word("boss"), None);
        assert!(serde_json::from_str::<Role>(r#""boss""#).is_err());
    }

    #[test]
    fn every_permission_is_asked_for_by_a_route_and_unknown_routes_ask_for_none() {
        for permission in Permission::ALL {
            assert!(ROUTES.iter().any(|(_, asked)| *asked == permission), "{permission:?}");
        }
        assert_eq!(Permission::of_route("DELETE /v1/stations/{station}/sales/{sale}"), None);
        assert_eq!(Permission::of_route(""), None);
    }

    #[test]
    fn a_scope_survives_being_written_and_nothing_is_no_scope() {
        let id = |text: &str| StationId::parse(text).unwrap();
        for (scope, text) in [
            (Scope::All, "*"),
            (Scope::Stations(vec![id("6232")]), "6232"),
            (Scope::Stations(vec![id("6232"), id("a1")]), "6232,a1"),
        ] {
            assert_eq!(scope.to_string(), text);
            assert_eq!(Scope::parse(text), Some(scope));
        }
        for text in ["", ",", "6232,", "6232, 6233", "6232,*", "**", "a b"] {
            assert_eq!(Scope::parse(text), None, "{text}");
        }
        let two = Scope::Stations(vec![id("6232"), id("6233")]);
        assert!(two.includes(&id("6233")) && !two.includes(&id("6234")));
        assert!(Scope::All.includes(&id("6234")));
    }
}
