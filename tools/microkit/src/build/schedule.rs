// SPDX-License-Identifier: BSD-2-Clause
//! The domain schedule in the kernel's time.

use object_spec::{Schedule, ScheduleEntry};

use super::builder::Builder;
use crate::model::{self, Duration};

impl Builder<'_> {
    /// Turns the description's schedule into timer ticks.
    pub(super) fn schedule(&mut self) {
        let Some(domains) = &self.input.system.domains else {
            return;
        };
        let tick = u64::from(self.input.config.timer_tick_ms) * 1000;
        let entries = domains.schedule.iter().map(|entry| match *entry {
            model::ScheduleEntry::EndMarker => ScheduleEntry {
                domain: 0,
                ticks: 0,
            },
            model::ScheduleEntry::Run { domain, duration } => {
                let ticks = match duration {
                    Duration::Ticks(ticks) => ticks,
                    // Never less time than asked for.
                    Duration::Microseconds(time) => time.div_ceil(tick),
                };
                let ticks = u32::try_from(ticks).unwrap_or(u32::MAX).max(1);
                ScheduleEntry { domain, ticks }
            }
        });
        // The parser keeps both below the length of the kernel's table.
        self.spec.schedule = Some(Schedule {
            shift: u32::try_from(domains.index_shift).unwrap_or(u32::MAX),
            start: u32::try_from(domains.start_index).unwrap_or(u32::MAX),
            entries: entries.collect(),
        });
    }
}
