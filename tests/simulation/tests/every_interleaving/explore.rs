//! Goes through everything that can happen, breadth first, so that the way to what is wrong is the shortest.
//!
//! It is written here and not taken from `stateright`: that brings an HTTP server and sixteen other crates for its
//! explorer in a browser, tells states apart by 64-bit hashes only, and does not find a run that goes round for ever.
//! What is needed is less: states are compared whole, and every run must end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

/// What was gone through without finding anything wrong.
pub struct Explored<S> {
    /// How many different states there are.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// Those in which nothing more can happen.
    pub ends: Vec<Rc<S>>,
}

/// Something wrong, and the shortest way to it.
#[derive(Debug)]
pub struct Violation {
    pub what: String,
    pub path: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, after:", self.what)?;
        self.path.iter().enumerate().try_for_each(|(at, step)| writeln!(f, "{:>4}. {step}", at + 1))
    }
}

/// From a start, takes every step from every state. `wrong` judges each state, and is told whether it is an end.
pub fn explore<S: Eq + Hash>(
    start: S,
    steps: impl Fn(&S) -> Vec<(String, S)>,
    wrong: impl Fn(&S, bool) -> Result<(), String>,
) -> Result<Explored<S>, Violation> {
    let mut reached = Reached { states: vec![Rc::new(start)], ways: vec![None] };
    let mut known = HashMap::from([(Rc::clone(&reached.states[0]), 0)]);
    let (mut edges, mut ends) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(state) = reached.states.get(at).cloned() {
        let next = steps(&state);
        if let Err(what) = wrong(&state, next.is_empty()) {
            return Err(Violation { what, path: reached.path_to(at) });
        }
        if next.is_empty() {
            ends.push(Rc::clone(&state));
        }
        for (step, state) in next {
            let place = match known.entry(Rc::new(state)) {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) => {
                    reached.states.push(Rc::clone(entry.key()));
                    reached.ways.push(Some((at, step)));
                    *entry.insert(reached.states.len() - 1)
                }
            };
            edges.push((at, place));
        }
        at += 1;
    }
    if let Some(at) = on_or_behind_a_circle(at, &edges) {
        return Err(Violation { what: "it goes round for ever".to_owned(), path: reached.path_to(at) });
    }
    Ok(Explored { states: at, steps: edges.len(), ends })
}

/// Every state so far, and the step by which each was first reached, from which state.
struct Reached<S> {
    states: Vec<Rc<S>>,
    ways: Vec<Option<(usize, String)>>,
}

impl<S> Reached<S> {
    fn path_to(&self, mut at: usize) -> Vec<String> {
        let mut path = Vec::new();
        while let Some((from, step)) = &self.ways[at] {
            path.push(step.clone());
            at = *from;
        }
        path.reverse();
        path
    }
}

/// A state from which a run may come back to where it was: what is left when, again and again, every state is taken
/// away to which no step leads any more.
fn on_or_behind_a_circle(states: usize, edges: &[(usize, usize)]) -> Option<usize> {
    let mut coming = vec![0_usize; states];
    let mut going = vec![Vec::new(); states];
    for (from, to) in edges {
        coming[*to] += 1;
        going[*from].push(*to);
    }
    let mut free: Vec<_> = (0..states).filter(|state| coming[*state] == 0).collect();
    while let Some(state) = free.pop() {
        for to in &going[state] {
            coming[*to] -= 1;
            if coming[*to] == 0 {
                free.push(*to);
            }
        }
    }
    coming.iter().position(|coming| *coming > 0)
}
