// SPDX-License-Identifier: BSD-2-Clause
//! The link: autonegotiation through the PHY (§8.2.4, §8.2.5), then watching whether it is up.
//! Virtual functions see the same status bit; without this it never comes up.

use core::time::Duration;

use mmio::{ABSENT32, Mmio};

use crate::registers::{Reg, Registers};

/// PHY 1, register 0 (control), write: autonegotiation enabled and restarted.
const NEGOTIATE: u32 = 1 << 26 | 1 << 21 | 0x1340;
const MDIC_READY: u32 = 1 << 28;
const MDIC_ERROR: u32 = 1 << 30;
const STATUS_FULL_DUPLEX: u32 = 1;
const STATUS_LINK_UP: u32 = 1 << 1;

const MDIC_WAIT: Duration = Duration::from_millis(1);
const MDIC_LIMIT: Duration = Duration::from_millis(100);
/// How long a negotiation may take before it is started again.
const NEGOTIATION_LIMIT: Duration = Duration::from_secs(5);
const WATCH_DOWN: Duration = Duration::from_millis(50);
const WATCH_UP: Duration = Duration::from_secs(1);

/// What the link is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// Nobody is there, or both sides still negotiate.
    #[default]
    Down,
    /// It carries frames.
    Up {
        /// 10, 100 or 1000.
        megabits: u16,
        /// Both sides may send at the same time.
        full_duplex: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Tell the PHY to negotiate.
    Start,
    /// The PHY must take the command before this time.
    Command(Duration),
    /// The link is to come up before this time, and is then watched.
    Watch(Duration),
}

/// The state machine of the link.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    stage: Stage,
    state: LinkState,
    /// Commands that the PHY did not take.
    errors: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

impl Link {
    /// A link that was not negotiated, as after a reset.
    pub const fn new() -> Self {
        Self {
            stage: Stage::Start,
            state: LinkState::Down,
            errors: 0,
        }
    }

    /// What the link was when it was last looked at.
    pub const fn state(&self) -> LinkState {
        self.state
    }

    /// How often the PHY did not take a command.
    pub const fn errors(&self) -> u32 {
        self.errors
    }

    /// Goes on at time `now`; returns when to ask again.
    pub fn poll(&mut self, registers: &mut impl Mmio, now: Duration) -> Duration {
        match self.stage {
            Stage::Start => {
                registers.set(Reg::Mdic, NEGOTIATE);
                self.stage = Stage::Command(now.saturating_add(MDIC_LIMIT));
                now.saturating_add(MDIC_WAIT)
            }
            Stage::Command(limit) => {
                let answer = registers.get(Reg::Mdic);
                let failed = answer & MDIC_ERROR != 0 || now >= limit;
                if answer & MDIC_READY != 0 && !failed {
                    self.stage = Stage::Watch(now.saturating_add(NEGOTIATION_LIMIT));
                } else if failed {
                    // Try again, but not at once.
                    self.errors = self.errors.saturating_add(1);
                    self.stage = Stage::Start;
                    return now.saturating_add(WATCH_UP);
                }
                now.saturating_add(MDIC_WAIT)
            }
            Stage::Watch(limit) => {
                self.state = read(registers);
                if self.state != LinkState::Down {
                    self.stage = Stage::Watch(now.saturating_add(NEGOTIATION_LIMIT));
                    return now.saturating_add(WATCH_UP);
                }
                if now >= limit {
                    self.stage = Stage::Start;
                }
                now.saturating_add(WATCH_DOWN)
            }
        }
    }
}

fn read(registers: &impl Mmio) -> LinkState {
    let status = registers.get(Reg::Status);
    if status == ABSENT32 || status & STATUS_LINK_UP == 0 {
        return LinkState::Down;
    }
    let megabits = match status >> 6 & 0b11 {
        0 => 10,
        1 => 100,
        _ => 1000,
    };
    let full_duplex = status & STATUS_FULL_DUPLEX != 0;
    LinkState::Up {
        megabits,
        full_duplex,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igb_model::{Card, ms};

    fn negotiations(card: &Card) -> usize {
        card.log
            .iter()
            .filter(|w| **w == (0x20, 0x0420_1340))
            .count()
    }

    #[test]
    fn negotiates_and_notices_what_becomes_of_it() {
        let (mut card, mut link, mut now) = (Card::new(), Link::new(), ms(0));
        let mut states = std::vec::Vec::new();
        while now < ms(20_000) {
            let up = now > ms(500) && !(ms(9000)..ms(10_000)).contains(&now);
            card.set(Reg::Status as usize, if up { 0x83 } else { 0x80 });
            now = link.poll(&mut card, now);
            if states.last() != Some(&link.state()) {
                states.push(link.state());
            }
        }
        let up = LinkState::Up {
            megabits: 1000,
            full_duplex: true,
        };
        assert_eq!(states, [LinkState::Down, up, LinkState::Down, up]);
        assert_eq!((negotiations(&card), link.errors()), (1, 0));
    }

    #[test]
    fn starts_over_if_nobody_answers() {
        let (mut card, mut link, mut now) = (Card::new(), Link::new(), ms(0));
        card.set(Reg::Status as usize, 0x80);
        while now < ms(21_000) {
            now = link.poll(&mut card, now);
        }
        assert!(
            (4..=5).contains(&negotiations(&card)),
            "{}",
            negotiations(&card)
        );
        assert_eq!(link.state(), LinkState::Down);
    }

    #[test]
    fn a_phy_that_takes_no_command_costs_little() {
        for answer in [0, MDIC_ERROR | MDIC_READY] {
            let (mut card, mut link, mut now) = (Card::new(), Link::new(), ms(0));
            card.mdic_answer = answer;
            let mut polls = 0;
            while now < ms(10_000) {
                now = link.poll(&mut card, now);
                polls += 1;
            }
            assert!(
                link.errors() >= 8 && polls < 1100,
                "{} {polls}",
                link.errors()
            );
        }
    }
}
