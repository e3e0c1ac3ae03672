//! `cargo simulate`: as many journeys as one likes, with everything going wrong.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use surtidor_simulation::weather::{CALM, ROUGH};
use surtidor_simulation::{Outcome, Plan, play};

/// Half of the time went into the default allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Plays seeds until enough journeys are done, and compares the three books after each.
#[derive(Parser)]
#[command(name = "simulate", version)]
struct Options {
    /// Journeys to play at least.
    #[arg(long, default_value_t = 100_000)]
    journeys: u64,
    /// The first seed; the next ones follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seeds at once.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Let nothing go wrong.
    #[arg(long)]
    calm: bool,
    /// Play only --seed and tell its story: of what differs, or with a word of it (a sale, a payment), all of it.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    explain: Option<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let weather = if options.calm { CALM } else { ROUGH };
    if let Some(word) = &options.explain {
        return explain(Plan { told: true, ..Plan::new(options.seed, weather) }, word);
    }
    let size = Plan::new(0, weather).journeys();
    let seeds = options.journeys.div_ceil(size);
    let (next, done, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let total: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds || failed.load(Ordering::Relaxed) {
                        return;
                    }
                    let seed = options.seed + number;
                    let outcome = play(&Plan::new(seed, weather));
                    if !outcome.differences.is_empty() {
                        failed.store(true, Ordering::Relaxed);
                        tell_of_failure(seed, &outcome, options.calm);
                    }
                    let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    for (what, count) in outcome.tally {
                        *total.entry(what).or_default() += count;
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, seeds, size, start);
                }
            });
        }
    });
    let total = total.into_inner().unwrap_or_default();
    println!();
    for (what, count) in &total {
        println!("{count:>10}  {what}");
    }
    let played = done.into_inner();
    let sum = |kind: &str| {
        total.iter().filter(|(what, _)| what.starts_with(kind)).map(|(_, count)| count).sum::<u64>()
    };
    println!(
        "{} journeys in {played} seeds, {} faults, {} invocations, {:.0} s",
        played * size,
        sum("fault: "),
        sum("invocations: "),
        start.elapsed().as_secs_f64()
    );
    if failed.into_inner() {
        return ExitCode::FAILURE;
    }
    println!("the three books are equal");
    ExitCode::SUCCESS
}

fn progress(done: u64, seeds: u64, size: u64, start: Instant) {
    let out = std::io::stderr();
    let spent = start.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "an estimate")]
    let left = spent / done as f64 * (seeds - done) as f64;
    let line = format!("{} of {} journeys, {spent:.0} s, about {left:.0} s left", done * size, seeds * size);
    if out.is_terminal() {
        let _ = write!(out.lock(), "\r{line}   ");
    } else if done == seeds || done.is_multiple_of((seeds / 20).max(1)) {
        let _ = writeln!(out.lock(), "{line}");
    }
}

fn tell_of_failure(seed: u64, outcome: &Outcome, calm: bool) {
    println!("\nseed {seed}: the books differ");
    for difference in &outcome.differences {
        println!("  {}", difference.what);
    }
    let calm = if calm { " --calm" } else { "" };
    println!("  tell its story: cargo simulate --seed {seed}{calm} --explain");
}

/// Plays one seed and prints of its story what is about a difference, or what has a word in it.
fn explain(plan: Plan, word: &str) -> ExitCode {
    let outcome = play(&plan);
    let mut words: Vec<_> =
        outcome.differences.iter().take(1).flat_map(|difference| difference.about.clone()).collect();
    if !word.is_empty() {
        words = vec![word.to_owned()];
    }
    // In keys of the ledger the reference has lost its beginning.
    let ends: Vec<_> = words
        .iter()
        .map(|word| if word.len() > 16 { word[word.len() - 16..].to_owned() } else { word.clone() })
        .collect();
    for line in &outcome.story {
        if ends.iter().any(|end| line.contains(end.as_str())) {
            println!("{line}");
        }
    }
    for difference in &outcome.differences {
        println!("differs: {}", difference.what);
    }
    if outcome.differences.is_empty() {
        println!("seed {}: the three books are equal", plan.seed);
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
