// SPDX-License-Identifier: BSD-2-Clause
//! The guests behind streams, and what is told of one.

use core::fmt;

use vmm_control::{Access, Busy, Command, Phase, Snapshot, State, exit_name};

/// What can be asked and told of those streams that are guests'.
pub trait Guests {
    /// Does this stream belong to a guest?
    fn is_guest(&self, stream: usize) -> bool;

    /// What its monitor tells. None if that was never started.
    fn snapshot(&self, stream: usize) -> Option<Snapshot>;

    /// Gives its monitor a command.
    ///
    /// # Errors
    ///
    /// [`Busy`] if that has not obeyed the command before.
    fn command(&mut self, stream: usize, command: Command) -> Result<(), Busy>;
}

/// A guest's state in a few words.
pub(crate) struct Brief<'a>(pub Option<&'a Snapshot>);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(snapshot) = self.0 else {
            return f.write_str("no monitor yet");
        };
        match (snapshot.state, snapshot.phase, snapshot.end) {
            (State::Running, Phase::Idle, _) => f.write_str("running, idle"),
            (State::Ended, _, Some(end)) => write!(f, "{end}"),
            (state, ..) => state.fmt(f),
        }
    }
}

/// What `stat` was asked last: rates are since then.
#[derive(Debug)]
pub(crate) struct Earlier {
    pub stream: usize,
    pub snapshot: Snapshot,
}

/// Gives `line` all that is known of a guest, a line at a time. `earlier` is what was known before
/// of the same life of it.
pub(crate) fn report(
    name: &str,
    now: &Snapshot,
    earlier: Option<&Snapshot>,
    mut line: impl FnMut(fmt::Arguments<'_>),
) {
    let ticks = now.times.total();
    let rates = Rates {
        ticks: ticks.saturating_sub(earlier.map_or(0, |earlier| earlier.times.total())),
        hz: now.tsc_hz,
    };
    let plural = if now.starts == 1 { "" } else { "s" };
    let brief = Brief(Some(now));
    line(format_args!(
        "{name}: {brief}; started {} time{plural}; {} since then",
        now.starts,
        Seconds(ticks, now.tsc_hz)
    ));
    line(format_args!(
        "time: guest {}, monitor {}, idle {}",
        Share(now.times.guest, ticks),
        Share(now.times.vmm, ticks),
        Share(now.times.idle, ticks)
    ));
    line(format_args!(
        "interrupts: {} injected{}, {} pending",
        now.injected,
        rates.of(now.injected, earlier.map_or(0, |earlier| earlier.injected)),
        now.pending
    ));
    let total = earlier.map_or(0, Snapshot::total_exits);
    let since = if earlier.is_some() {
        "the last look"
    } else {
        "its start"
    };
    line(format_args!(
        "exits: {}{}; per second since {since}",
        now.total_exits(),
        rates.of(now.total_exits(), total)
    ));
    for (at, count) in now
        .exits
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let before = earlier.map_or(0, |earlier| earlier.exits[at]);
        let name = exit_name(at);
        line(format_args!(
            "  {name:<20} {count:>10}{}",
            rates.of(*count, before)
        ));
    }
    let accesses = Access::ALL
        .into_iter()
        .map(|access| (access, now.accesses(access)));
    for (access, count) in accesses.filter(|(_, count)| *count > 0) {
        let before = earlier.map_or(0, |earlier| earlier.accesses(access));
        let name = access.name();
        line(format_args!(
            "  - {name:<18} {count:>10}{}",
            rates.of(count, before)
        ));
    }
}

/// How counts become counts per second.
struct Rates {
    ticks: u64,
    hz: u64,
}

impl Rates {
    fn of(&self, now: u64, before: u64) -> Rate {
        let more = u128::from(now.saturating_sub(before));
        let rate = (more * u128::from(self.hz)).checked_div(self.ticks.into());
        Rate(rate.filter(|_| self.hz != 0))
    }
}

/// ` (N/s)`, or nothing if there was no time.
struct Rate(Option<u128>);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => write!(f, " ({rate}/s)"),
            None => Ok(()),
        }
    }
}

/// A part in percent, with one decimal.
struct Share(u64, u64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = u128::from(self.0) * 1_000;
        let permille = part.checked_div(self.1.into()).unwrap_or(0);
        write!(f, "{}.{} %", permille / 10, permille % 10)
    }
}

/// Ticks as seconds, with milliseconds.
struct Seconds(u64, u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousand = u128::from(self.0) * 1_000;
        match thousand.checked_div(self.1.into()) {
            Some(ms) => write!(f, "{}.{:03} s", ms / 1_000, ms % 1_000),
            None => write!(f, "{} ticks", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use vmm_control::{Control, End, Guest, Page};

    use super::*;

    fn lines(now: &Snapshot, earlier: Option<&Snapshot>) -> Vec<String> {
        let mut lines = Vec::new();
        report("a", now, earlier, |line| lines.push(line.to_string()));
        lines
    }

    #[test]
    fn all_is_told_with_rates_since_the_start_or_the_last_look() {
        let page = Page::new();
        let (mut control, guest) = (Control::attach(&page, 1_000), Guest::attach(&page));
        control.started(0);
        for _ in 0..30 {
            control.count_exit(10);
        }
        control.count_exit(48);
        control.count(Access::IoApic);
        control.count_injected();
        control.switch(Phase::Guest, 400);
        control.switch(Phase::Idle, 1_200);
        let first = guest.snapshot(1_600).expect("a monitor");
        let expected = [
            "a: running, idle; started 1 time; 1.600 s since then",
            "time: guest 50.0 %, monitor 25.0 %, idle 25.0 %",
            "interrupts: 1 injected (0/s), 0 pending",
            "exits: 31 (19/s); per second since its start",
            "  cpuid                        30 (18/s)",
            "  ept-violation                 1 (0/s)",
            "  - ioapic                      1 (0/s)",
        ];
        assert_eq!(lines(&first, None), expected);
        control.count_exit(48);
        let second = guest.snapshot(2_000).expect("a monitor");
        let lines = lines(&second, Some(&first));
        assert_eq!(lines[3], "exits: 32 (2/s); per second since the last look");
        assert_eq!(lines[5], "  ept-violation                 2 (2/s)");
    }

    #[test]
    fn nonsense_divides_by_nothing() {
        let page = Page::new();
        let mut control = Control::attach(&page, 0);
        control.started(0);
        control.count_exit(u32::MAX);
        let snapshot = Guest::attach(&page).snapshot(0).expect("a monitor");
        let lines = lines(&snapshot, None);
        assert_eq!(lines[0], "a: running; started 1 time; 0 ticks since then");
        assert_eq!(lines[3], "exits: 1; per second since its start");
        assert_eq!(
            Rates {
                ticks: 1,
                hz: u64::MAX
            }
            .of(u64::MAX, 0)
            .to_string()
            .len(),
            44
        );
    }

    #[test]
    fn brief() {
        let page = Page::new();
        let (mut control, guest) = (Control::attach(&page, 0), Guest::attach(&page));
        assert_eq!(Brief(None).to_string(), "no monitor yet");
        let told = |now| Brief(guest.snapshot(now).as_ref()).to_string();
        assert_eq!(told(0), "not started");
        control.started(0);
        assert_eq!(told(0), "running");
        control.ended(End::TripleFault { rip: 16 }, 0);
        assert_eq!(told(0), format!("{}", End::TripleFault { rip: 16 }));
        control.stopped(0);
        assert_eq!(told(0), "stopped");
    }
}
