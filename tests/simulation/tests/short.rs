//! The short form: a few seeds in rough weather. `cargo simulate` plays as many as one likes.

use surtidor_simulation::weather::{CALM, ROUGH, Weather};
use surtidor_simulation::{Outcome, Plan, play};

fn small(seed: u64, weather: Weather) -> Plan {
    Plan { stations: 3, sides: 2, deliveries: 6, ..Plan::new(seed, weather) }
}

fn equal(outcome: &Outcome, seed: u64) {
    let differences: Vec<_> = outcome.differences.iter().map(|difference| &difference.what).collect();
    assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
}

#[test]
fn the_three_books_are_equal_in_calm_weather() {
    equal(&play(&small(1, CALM)), 1);
}

#[test]
fn the_three_books_are_equal_after_rough_weather() {
    for seed in [1, 2] {
        let outcome = play(&small(seed, ROUGH));
        equal(&outcome, seed);
        for fault in
            ["process killed", "notification lost", "AWS's answer lost", "Mercado Pago's answer lost"]
        {
            let struck = outcome.tally.get(&format!("fault: {fault}"));
            assert!(struck.is_some_and(|count| *count > 0), "seed {seed} had no fault of the kind: {fault}");
        }
    }
}

#[test]
fn the_three_books_are_equal_without_the_net_as_long_as_no_notification_is_lost() {
    let plan = small(4, ROUGH);
    assert!(!plan.looks_back);
    equal(&play(&plan), 4);
}

#[test]
fn a_seed_plays_the_same_story_every_time() {
    let plan = Plan { told: true, deliveries: 4, ..small(5, ROUGH) };
    let (once, again) = (play(&plan), play(&plan));
    assert!(once.story.len() > 1_000, "a story is told");
    for (line, (one, other)) in once.story.iter().zip(&again.story).enumerate() {
        assert_eq!(one, other, "line {line}");
    }
    assert_eq!(once.tally, again.tally);
}
