//! Whether the simulation can see: takes one guard out of the product at a time, plays, and expects the books to differ.
//!
//! `cargo mutations` tries all of them, in a copy of the sources under `target/mutations`; `cargo mutations NAME` one;
//! `cargo mutations --check` only says whether each guard is still where the list says.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;

/// Takes guards out of the product, one at a time, and expects the simulation to find out.
#[derive(Parser)]
struct Options {
    /// Only this one.
    name: Option<String>,
    /// Only look whether each guard is where the list says.
    #[arg(long)]
    check: bool,
    /// Journeys in which it must be found out.
    #[arg(long, default_value_t = 8_000)]
    journeys: u64,
}

/// One guard, and the text without it.
struct Mutation {
    /// What is missing then.
    name: &'static str,
    file: &'static str,
    /// Stands exactly once in the file.
    guard: &'static str,
    without: &'static str,
}

const MUTATIONS: [Mutation; 25] = [
    Mutation {
        name: "amount-unchecked",
        file: "shared/src/settlement.rs",
        guard: "(amount_differs, ReviewReason::Amount)",
        without: "(amount_differs && false, ReviewReason::Amount)",
    },
    Mutation {
        name: "collector-unchecked",
        file: "shared/src/settlement.rs",
        guard: "(!only(&attempt.collectors, &seller.collector_id), ReviewReason::Collector)",
        without: "(attempt.collectors.is_empty(), ReviewReason::Collector)",
    },
    Mutation {
        name: "losers-kept",
        file: "shared/src/settlement.rs",
        guard: "    give_back_the_losers(&mut sale, now);\n",
        without: "    if sale.version == u64::MAX {\n        give_back_the_losers(&mut sale, now);\n    }\n",
    },
    Mutation {
        name: "cash-and-phone-both-kept",
        file: "shared/src/sale.rs",
        guard: "if matches!(self.disposition, Disposition::Settled { .. } | Disposition::Void) {\n            return None;",
        without: "if matches!(self.disposition, Disposition::Void) {\n            return None;",
    },
    Mutation {
        name: "facts-by-arrival",
        file: "shared/src/sale/attempt.rs",
        guard: "self.history.insert(place, observation);",
        without: "let _ = place;\n            self.history.push(observation);",
    },
    Mutation {
        name: "unconditional-write",
        file: "shared/src/store/sales.rs",
        guard: ".condition_expression(\"version = :read\")",
        without: ".condition_expression(\"version <> :read OR version = :read\")",
    },
    Mutation {
        name: "conflict-taken-for-success",
        file: "shared/src/change.rs",
        guard: "Err(SaveError::Conflict(other)) => standing = *other,",
        without: "Err(SaveError::Conflict(other)) => return Ok((*other, given)),",
    },
    Mutation {
        name: "name-taken-twice",
        file: "shared/src/store/sales.rs",
        guard: ".condition_expression(\"attribute_not_exists(pk)\")",
        without: ".condition_expression(\"attribute_not_exists(pk) OR attribute_exists(pk)\")",
    },
    Mutation {
        name: "half-told-sale-left",
        file: "shared/src/store/sales.rs",
        guard: "        let standing = self.put_new(item_of(&sale, sale.received_at)?).await?;\n        standing.map_or(Ok(sale), read)",
        without: "        Ok(sale)",
    },
    Mutation {
        name: "new-key-on-each-try",
        file: "shared/src/refunding.rs",
        guard: "mercado_pago.refund(token, payment, amount, refund.idempotency_key()).await",
        without: "mercado_pago.refund(token, payment, amount, &format!(\"{}-{}\", refund.id, fastrand::u64(..))).await",
    },
    Mutation {
        name: "told-once-more",
        file: "shared/src/sale/command.rs",
        guard: "let is_new = self.commands.iter().all(|command| command.id != id);",
        without: "let id = format!(\"{id}-{}\", self.commands.len());\n        let is_new = true;",
    },
    Mutation {
        name: "told-paid-at-each-look",
        file: "shared/src/settlement.rs",
        guard: "(Standing::Approved, None | Some(CommandKind::Withdrawn)) => CommandKind::Paid,",
        without: "(Standing::Approved, _) => CommandKind::Paid,",
    },
    Mutation {
        name: "paid-elsewhere-kept",
        file: "shared/src/sale/command.rs",
        guard: "&& command.acknowledged == Some(Acknowledgement::PaidElsewhere)\n",
        without: "&& command.acknowledged == Some(Acknowledgement::AlreadyDone)\n",
    },
    Mutation {
        name: "paid-elsewhere-not-heard",
        file: "functions/station-api/src/commands.rs",
        guard: "    let Acknowledge { result } = parse(request.body())?;\n",
        without: "    let Acknowledge { result: _ } = parse(request.body())?;\n    let result = surtidor::sale::Acknowledgement::Done;\n",
    },
    Mutation {
        name: "acknowledged-before-durable",
        file: "functions/webhook-intake/src/handler.rs",
        guard: "        Problem::unavailable()\n    })?;\n    tracing::info!(event = \"hint_queued\"",
        without: "        Problem::unavailable()\n    }).or(Ok::<(), Problem>(()))?;\n    tracing::info!(event = \"hint_queued\"",
    },
    Mutation {
        name: "failed-hints-dropped",
        file: "functions/payment-reconciliation/src/handler.rs",
        guard: "response.add_failure(message.message_id.clone().unwrap_or_default());",
        without: "let _ = message;",
    },
    Mutation {
        name: "never-looked-back",
        file: "shared/src/reconcile/changes.rs",
        guard: "for (reference, found) in sales {\n            if let Err(error)",
        without: "for (reference, found) in sales.into_iter().take(0) {\n            if let Err(error)",
    },
    Mutation {
        name: "stray-money-untold",
        file: "shared/src/reconcile.rs",
        guard: "if !no_money && self.store",
        without: "if !no_money && now.year() == 0 && self.store",
    },
    Mutation {
        name: "new-key-for-each-charge",
        file: "shared/src/mercado_pago/point.rs",
        guard: "let call = self.call(Method::POST, token, \"/v1/orders\").with_key(reference);",
        without: "let key = format!(\"{reference}-{}\", fastrand::u64(..));\n                let call = self.call(Method::POST, token, \"/v1/orders\").with_key(&key);",
    },
    Mutation {
        name: "cancellation-believed",
        file: "functions/point-terminals/src/cancel.rs",
        guard: "    // Whatever the call was answered.\n    let sale = look(api, &account, sale, &charge, call).await?;\n",
        without: "    let cancelled = |sale: &mut Sale| {\n        let known = sale.charges.iter_mut().find(|known| known.id == charge.id);\n        if let Some(known) = known {\n            known.status = surtidor::sale::ChargeStatus(\"canceled\".to_owned());\n        }\n        Ok(())\n    };\n    let (sale, ()) = api.change(sale, call.now, cancelled).await?;\n",
    },
    Mutation {
        name: "other-terminal-unheeded",
        file: "shared/src/settlement.rs",
        guard: "(charge.is_some_and(|charge| charge.told_terminal.is_some()), ReviewReason::Terminal)",
        without: "(charge.is_some_and(|charge| charge.id.is_empty()), ReviewReason::Terminal)",
    },
    Mutation {
        name: "terminal-claimed-blindly",
        file: "shared/src/store/terminals.rs",
        guard: "attribute_not_exists(pk) OR (station = :station AND {free})",
        without: "attribute_not_exists(pk) OR station = :station OR {free}",
    },
    Mutation {
        name: "charged-twice-at-once",
        file: "shared/src/sale/charge.rs",
        guard: "ChargeStanding::AtWork if self.status.is_owed() => {",
        without: "ChargeStanding::AtWork if self.version == u64::MAX => {",
    },
    Mutation {
        name: "charge-forgets-its-key",
        file: "shared/src/sale/charge.rs",
        guard: "match self.charges.iter().find(is_it) {",
        without: "match self.charges_at_work(now).find(is_it) {",
    },
    Mutation {
        name: "intent-sent-twice",
        file: "functions/point-terminals/src/charges.rs",
        guard: "    charge.api == PointApi::Orders\n        && charge.is_unconfirmed()",
        without: "    (charge.api == PointApi::Orders || call.now > charge.created_at)\n        && charge.is_unconfirmed()",
    },
];

fn main() -> ExitCode {
    let options = Options::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository");
    let chosen: Vec<_> =
        MUTATIONS.iter().filter(|one| options.name.as_ref().is_none_or(|name| one.name == name)).collect();
    if chosen.is_empty() {
        eprintln!("there is no mutation of that name; there are:");
        for one in &MUTATIONS {
            eprintln!("  {}", one.name);
        }
        return ExitCode::FAILURE;
    }
    let misplaced = chosen.iter().filter(|one| !one.is_in_place(&root)).count();
    if misplaced > 0 || options.check {
        println!("{} of {} guards are in place", chosen.len() - misplaced, chosen.len());
        return if misplaced > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let work = root.join("target/mutations");
    let tree = copy_of(&root, &work);
    let mut unseen = 0;
    for one in &chosen {
        let file = tree.join(one.file);
        let text = std::fs::read_to_string(&file).expect("a source");
        write(&file, text.replacen(one.guard, one.without, 1).as_bytes());
        let verdict = try_out(&tree, &work, options.journeys);
        write(&file, text.as_bytes());
        println!("{:32} {verdict}", one.name);
        unseen += usize::from(!verdict.starts_with("seen"));
    }
    println!("{} of {} mutations were seen", chosen.len() - unseen, chosen.len());
    if unseen > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Mutation {
    fn is_in_place(&self, root: &Path) -> bool {
        let text = std::fs::read_to_string(root.join(self.file)).unwrap_or_default();
        let times = text.matches(self.guard).count();
        if times != 1 {
            eprintln!("{}: its guard stands {times} times in {}, not once", self.name, self.file);
        }
        times == 1
    }
}

/// Builds the copy and plays it.
fn try_out(tree: &Path, work: &Path, journeys: u64) -> String {
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(tree).args(arguments).arg("--target-dir").arg(work.join("target"));
        cargo.args([
            "--profile",
            "simulation",
            "--quiet",
            "--package",
            "surtidor-simulation",
            "--bin",
            "simulate",
        ]);
        cargo
    };
    if !cargo(&["build"]).stderr(Stdio::inherit()).status().is_ok_and(|status| status.success()) {
        return "does not compile".to_owned();
    }
    let play = Command::new(work.join("target/simulation/simulate"))
        .args(["--seed", "1", "--journeys", &journeys.to_string()])
        .current_dir(tree)
        .output()
        .expect("the simulation");
    let told = String::from_utf8_lossy(&play.stdout).into_owned();
    if play.status.success() {
        return "NOT SEEN: the books are equal without it".to_owned();
    }
    let difference = told.lines().skip_while(|line| !line.ends_with("the books differ")).nth(1);
    match difference {
        Some(difference) => format!("seen: {}", difference.trim()),
        None => format!(
            "seen: it came to an end of its own: {}",
            String::from_utf8_lossy(&play.stderr).lines().next().unwrap_or_default()
        ),
    }
}

/// The sources as they are now, without what is built. Only what differs is written, so that little is built again.
fn copy_of(root: &Path, work: &Path) -> PathBuf {
    let tree = work.join("tree");
    let list = Command::new("git").current_dir(root).args(["ls-files", "-z"]).output().expect("git");
    for file in String::from_utf8_lossy(&list.stdout).split('\0').filter(|file| !file.is_empty()) {
        if let Ok(bytes) = std::fs::read(root.join(file)) {
            write(&tree.join(file), &bytes);
        }
    }
    tree
}

fn write(file: &Path, bytes: &[u8]) {
    if std::fs::read(file).is_ok_and(|known| known == bytes) {
        return;
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    std::fs::write(file, bytes).expect("a copy of a source");
}
