//! What people do with a terminal, and what happens to it.

use std::sync::Arc;

use serde::Deserialize;
use time::Duration;

use super::view::{ChargeView, TerminalView};
use crate::amount::minor_units;
use crate::app::{App, lock};
use crate::buyer::means::{self, Means};
use crate::buyer::purchase::{bare_payment, settled, twisted};
use crate::buyer::scan::find_pos;
use crate::clock::Moment;
use crate::control::lever::LeverError;
use crate::faults::{Receive, Twist};
use crate::model::charge::{Charge, Standing};
use crate::model::payment::Payment;
use crate::model::terminal::{OperatingMode, Terminal};
use crate::world::{Change, World};

/// A terminal to be added.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TerminalDraft {
    /// The seller's collector id.
    pub account: u64,
    /// Model and serial number: `NEWLAND_N950__N950NCB801293324`.
    pub id: String,
    /// What names its point of sale.
    pub pos: Option<String>,
    /// Who drives it; the seller's software when not given.
    pub operating_mode: OperatingMode,
}

/// A card at a terminal.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRead {
    /// A means of payment that is approved or rejected at once (`visa`, `rejected_funds`, ...).
    pub means: String,
    /// What the buyer adds, in major units: `"10.00"`.
    #[serde(default)]
    pub tip: Option<String>,
    /// The payment belongs to a charge that is already over: the newest one of the terminal. It stays as it is.
    #[serde(default)]
    pub late: bool,
}

/// How a terminal loses its network.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkLoss {
    /// A card that was read just before. Its payment exists, and the charge does not know of it.
    pub card: Option<String>,
    /// The result is given up at once, not after 40 seconds.
    pub now: bool,
}

type Done = Result<Vec<Change>, LeverError>;

impl App {
    /// Whether terminals receive by themselves, and how long after.
    fn receiving(&self) -> Option<Duration> {
        let terminals = self.faults().terminals;
        let by_itself = terminals.receive.map_or(self.auto_poll, |receive| receive == Receive::Auto);
        by_itself.then(|| {
            Duration::milliseconds(
                i64::try_from(terminals.receive_after_ms.unwrap_or(1_000)).unwrap_or(i64::MAX),
            )
        })
    }

    /// Lets happen what is due at terminals. Nothing runs beside the calls: this is done before anything is looked at.
    pub fn catch_up(self: &Arc<Self>) {
        // No charge, no reading: each reading of the clock is one that others do not get.
        if !self.world().has_open_charges() {
            return;
        }
        let now = self.clock.now();
        let receive = self.receiving();
        // What did not change is not written down.
        let Some(changes) = self.world().catch_up(now, receive) else { return };
        self.changed.notify_one();
        self.announce(&changes);
    }

    /// All terminals.
    pub fn terminals(self: &Arc<Self>) -> Vec<TerminalView> {
        self.catch_up();
        let world = self.world();
        world.terminals.values().filter_map(|terminal| world.view_terminal(terminal)).collect()
    }

    /// A terminal as it is now.
    pub fn terminal(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.catch_up();
        let world = self.world();
        let terminal = world.terminals.get(id).ok_or_else(|| no_terminal(id))?;
        world.view_terminal(terminal).ok_or_else(|| no_terminal(id))
    }

    /// The newest charges of a terminal that are over.
    pub fn receipts(&self, id: &str, count: usize) -> Vec<ChargeView> {
        self.world().receipts(id, count)
    }

    /// Adds a terminal, or gives one another point of sale and mode.
    pub fn add_terminal(self: &Arc<Self>, draft: TerminalDraft) -> Result<TerminalView, LeverError> {
        let TerminalDraft { account, id, pos, operating_mode } = draft;
        let named =
            id.split_once("__").is_some_and(|(model, serial)| !model.is_empty() && !serial.is_empty());
        if !named || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(LeverError::refused("id must read like NEWLAND_N950__N950NCB801293324"));
        }
        let outcome = self.change(|world| {
            let added = (|| {
                if !world.accounts.contains_key(&account) {
                    return Err(LeverError::unknown(format!("there is no account {account}")));
                }
                let pos = match &pos {
                    Some(name) => {
                        let pos =
                            find_pos(world, name).map_err(|error| LeverError::unknown(error.to_string()))?;
                        if pos.owner != account {
                            return Err(LeverError::refused("the point of sale is another seller's"));
                        }
                        Some(pos.id)
                    }
                    None => None,
                };
                let fresh = Terminal {
                    id: id.clone(),
                    owner: account,
                    pos: None,
                    mode: operating_mode,
                    online: true,
                    stuck: false,
                    printing: false,
                    slot: None,
                    last: None,
                };
                let known = world.terminals.get(&id).filter(|terminal| terminal.owner == account).cloned();
                let terminal = Terminal { pos, mode: operating_mode, ..known.unwrap_or(fresh) };
                world.terminals.insert(id.clone(), terminal);
                Ok(())
            })();
            (added, Vec::new())
        });
        outcome?;
        self.terminal(&id)
    }

    /// Does something with a terminal.
    fn at(
        self: &Arc<Self>,
        id: &str,
        act: impl FnOnce(&mut World, Moment) -> Done,
    ) -> Result<TerminalView, LeverError> {
        self.terminal(id)?;
        let now = self.clock.now();
        self.change(|world| match act(world, now) {
            Ok(changes) => (Ok(()), changes),
            Err(error) => (Err(error), Vec::new()),
        })?;
        self.terminal(id)
    }

    /// The terminal takes what is queued for it, and lets go what the API called off.
    pub fn receive(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, now| {
            listening(world, id)?;
            Ok(world.receive(id, now).into_iter().collect())
        })
    }

    /// Someone holds a card to the terminal, which receives first what is queued.
    pub fn read_card(self: &Arc<Self>, id: &str, card: &CardRead) -> Result<TerminalView, LeverError> {
        let means = decided(&card.means)?;
        self.at(id, |world, now| {
            if card.late {
                let charge = world.charges.values().filter(|charge| charge.terminal == id);
                let charge = charge.max_by_key(|charge| charge.number).cloned();
                let charge = charge
                    .filter(|charge| charge.standing.is_over() && charge.standing != Standing::Processed);
                let charge = charge.ok_or_else(|| {
                    LeverError::refused("the newest charge of the terminal is not over unpaid")
                })?;
                let tip = tip(card, &charge)?;
                let payment = self.card_payment(world, &charge, tip, means, now);
                return Ok(world.charge_card(&charge.id, tip, payment));
            }
            listening(world, id)?;
            let charge = shown(world, id, now)?;
            let tip = tip(card, &charge)?;
            let payment = self.card_payment(world, &charge, tip, means, now);
            let mut changes = world.charge_card(&charge.id, tip, payment);
            changes.extend(world.learn(&charge.id, now));
            Ok(changes)
        })
    }

    /// The cancel key of the terminal is pressed.
    pub fn cancel_at_terminal(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.end(id, Standing::Canceled)
    }

    /// The terminal breaks off, without a payment.
    pub fn fail_at_terminal(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.end(id, Standing::Broken)
    }

    fn end(self: &Arc<Self>, id: &str, standing: Standing) -> Result<TerminalView, LeverError> {
        self.at(id, |world, now| {
            listening(world, id)?;
            let charge = shown(world, id, now)?;
            Ok(world.conclude(&charge.id, standing, now).into_iter().collect())
        })
    }

    /// Nobody acts: the charge is shown until it expires.
    pub fn walk_away(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, now| {
            listening(world, id)?;
            shown(world, id, now)?;
            Ok(Vec::new())
        })
    }

    /// The charge expires at once.
    pub fn expire(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, now| {
            let charge = queued(world, id)?;
            Ok(world.conclude(&charge.id, Standing::Expired, now).into_iter().collect())
        })
    }

    /// The terminal loses its network. What it shows is waited for 40 seconds.
    pub fn lose_network(self: &Arc<Self>, id: &str, loss: &NetworkLoss) -> Result<TerminalView, LeverError> {
        let means = loss.card.as_deref().map(decided).transpose()?;
        self.at(id, |world, now| {
            let mut changes = Vec::new();
            if let Some(means) = means {
                listening(world, id)?;
                let charge = shown(world, id, now)?;
                let payment = self.card_payment(world, &charge, 0, means, now);
                changes = world.charge_card(&charge.id, 0, payment);
            }
            terminal(world, id)?.online = false;
            let charge = world.charge_at(id).filter(|charge| charge.standing == Standing::AtTerminal);
            if let Some(charge) = charge.map(|charge| charge.id.clone()) {
                world.cut_off(&charge, now);
                if loss.now {
                    changes.extend(world.conclude(&charge, Standing::ActionRequired, now));
                }
            }
            Ok(changes)
        })
    }

    /// The network is back: a charge that was not given up yet learns what came of its card.
    pub fn restore_network(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, now| {
            let terminal = terminal(world, id)?;
            terminal.online = true;
            let Some(charge) = terminal.slot.clone() else { return Ok(Vec::new()) };
            if let Some(charge) = world.charges.get_mut(&charge) {
                charge.given_up = None;
            }
            Ok(world.learn(&charge, now).into_iter().collect())
        })
    }

    /// The slot stays taken, and what is in it does not move: not even its time runs out.
    pub fn get_stuck(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, _| {
            terminal(world, id)?.stuck = true;
            Ok(Vec::new())
        })
    }

    /// A print action that does not end takes the slot.
    pub fn print_stuck(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, _| {
            let terminal = terminal(world, id)?;
            if terminal.is_occupied() {
                return Err(LeverError::refused("the terminal's slot is taken"));
            }
            terminal.printing = true;
            Ok(Vec::new())
        })
    }

    /// The terminal works again. A charge that is still in its slot goes on where it was.
    pub fn free(self: &Arc<Self>, id: &str) -> Result<TerminalView, LeverError> {
        self.at(id, |world, _| {
            let terminal = terminal(world, id)?;
            (terminal.stuck, terminal.printing) = (false, false);
            Ok(Vec::new())
        })
    }

    /// Someone changes the mode at the terminal itself.
    pub fn set_terminal_mode(
        self: &Arc<Self>,
        id: &str,
        mode: OperatingMode,
    ) -> Result<TerminalView, LeverError> {
        self.at(id, |world, _| {
            terminal(world, id)?.mode = mode;
            Ok(Vec::new())
        })
    }

    /// The payment that a card makes of a charge.
    fn card_payment(&self, world: &World, charge: &Charge, tip: i64, means: &Means, now: Moment) -> Payment {
        let pos = world.terminals.get(&charge.terminal).and_then(|terminal| terminal.pos);
        let pos = pos.and_then(|pos| world.points.get(&pos));
        let payment = Payment {
            charge: Some(charge.id.clone()),
            description: charge.description.clone().unwrap_or_default(),
            external_reference: charge.external_reference.clone(),
            pos: pos.map(|pos| pos.id),
            store: pos.map(|pos| pos.store_id),
            ..bare_payment(charge.owner, charge.site, (charge.amount + tip, means.method), now)
        };
        let twist: Twist = lock(&self.faults).next_payment.take().unwrap_or_default();
        twisted(settled(payment, means.status, means.detail), twist)
    }
}

fn no_terminal(id: &str) -> LeverError {
    LeverError::unknown(format!("there is no terminal {id:?}"))
}

fn terminal<'a>(world: &'a mut World, id: &str) -> Result<&'a mut Terminal, LeverError> {
    world.terminals.get_mut(id).ok_or_else(|| no_terminal(id))
}

fn listening(world: &mut World, id: &str) -> Result<(), LeverError> {
    if terminal(world, id)?.is_listening() {
        Ok(())
    } else {
        Err(LeverError::refused("the terminal is offline, stuck or not in PDV mode"))
    }
}

/// The charge in the slot.
fn queued(world: &World, id: &str) -> Result<Charge, LeverError> {
    world.charge_at(id).cloned().ok_or_else(|| LeverError::refused("nothing is queued for the terminal"))
}

/// The charge on the screen, which is received first if need be.
fn shown(world: &mut World, id: &str, now: Moment) -> Result<Charge, LeverError> {
    if queued(world, id)?.standing == Standing::Waiting {
        world.receive(id, now);
    }
    queued(world, id)
}

/// A means of payment whose end the terminal shows at once.
fn decided(name: &str) -> Result<&'static Means, LeverError> {
    let means = means::find(name);
    let means = means.filter(|means| matches!(means.status, "approved" | "rejected"));
    means.ok_or_else(|| LeverError::refused(format!("{name:?} is not approved or rejected at a terminal")))
}

fn tip(card: &CardRead, charge: &Charge) -> Result<i64, LeverError> {
    let Some(text) = &card.tip else { return Ok(0) };
    match minor_units(text, charge.site.decimals()) {
        Ok(tip) if tip >= 0 => Ok(tip),
        _ => Err(LeverError::refused("tip is not an amount")),
    }
}
