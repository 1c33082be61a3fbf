// SPDX-License-Identifier: BSD-2-Clause
//! What was measured, in the form that the host's benchmarks read.

use anyhow::Result;

use crate::clock::now;
use crate::{idle, interrupts};

/// Rounds before the first that counts: caches fill, addresses are resolved, and interrupt
/// throttling settles.
const WARM_UP: u32 = 100;

/// Prints one figure.
pub fn print(name: &str, value: f64, unit: &str) {
    println!("figure {name} {value:.3} {unit}");
}

/// Runs `round` so often and prints the median and the least of its durations, for how long the processors were
/// busy per round, and how many interrupts of devices there were.
pub fn rounds(name: &str, rounds: u32, mut round: impl FnMut() -> Result<()>) -> Result<()> {
    for _ in 0..WARM_UP {
        round()?;
    }
    let mut durations = Vec::with_capacity(rounds as usize);
    let (interrupts, idle, begun) = (interrupts::of_devices()?, idle::nanoseconds()?, now());
    for _ in 0..rounds {
        let started = now();
        round()?;
        durations.push(now().saturating_sub(started));
    }
    let elapsed = now().saturating_sub(begun);
    let busy = elapsed.saturating_sub(idle::nanoseconds()?.saturating_sub(idle));
    let interrupts = interrupts::of_devices()?.saturating_sub(interrupts);
    durations.sort_unstable();
    let median = durations.get(durations.len() / 2).copied().unwrap_or(0);
    let per_round = |total: u64| total as f64 / f64::from(rounds.max(1));
    print(&format!("{name}-median"), median as f64, "ns");
    let least = durations.first().copied().unwrap_or(0);
    print(&format!("{name}-least"), least as f64, "ns");
    print(&format!("{name}-busy"), per_round(busy), "ns");
    print(
        &format!("{name}-interrupts"),
        per_round(interrupts),
        "per-round",
    );
    Ok(())
}
