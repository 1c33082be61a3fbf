// SPDX-License-Identifier: BSD-2-Clause
//! Whom the tests talk to, what must be so at all times, and waiting.

use core::ops::Range;
use core::time::Duration;

use hostile_vf_tests::{Diary, Entry, SECRET_WORDS, secret};
use iommu_manager_interface::{Manager, State as Guard};
use pf_manager_interface::{Access, Claim, PfManager, Query, Reason, State};
use sel4_microkit::{Channel, memory_region_symbol};
use sel4_test::{Failure, TestResult, check, check_eq, fail};
use test_support::event::{self, wait_any};
use timer_interface::Timer;

/// A function of this program: its channel to the PF manager and its requester id.
#[derive(Clone, Copy)]
pub struct Own {
    pub channel: Channel,
    pub requester: u16,
}

/// The network function.
pub const CARD: Own = Own {
    channel: Channel::new(1),
    requester: 0x98,
};
/// The NVMe function.
pub const DISK: Own = Own {
    channel: Channel::new(2),
    requester: 0x21,
};
const TIMER: Channel = Channel::new(5);
const IOMMU: Channel = Channel::new(6);

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// In which bystanders get something done.
const WHILE: Duration = Duration::from_millis(200);

pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

pub fn now() -> Result<Duration, Failure> {
    Ok(Timer::new(TIMER).now()?)
}

/// Lets time go by.
pub fn sleep(time: Duration) -> TestResult {
    Timer::new(TIMER).after(0, time)?;
    event::wait_for(TIMER)?;
    Timer::new(TIMER).expired()?;
    Ok(())
}

/// Whether `channel` notifies within some time.
pub fn notified_within(channel: Channel, time: Duration) -> Result<bool, Failure> {
    let timer = Timer::new(TIMER);
    timer.after(0, time)?;
    loop {
        let channels = wait_any()?;
        if channels.contains(channel) {
            timer.cancel(0)?;
            return Ok(true);
        }
        if channels.contains(TIMER) && timer.expired()?.contains(0) {
            return Ok(false);
        }
    }
}

impl Own {
    pub fn manager(self) -> PfManager<Channel> {
        PfManager::new(self.channel)
    }

    /// Waits until it is in `state`, going by what the PF manager notifies.
    pub fn wait_until(self, state: State) -> Result<Query, Failure> {
        let end = now()? + PATIENCE;
        loop {
            let query = self.manager().query()?;
            if query.state == state {
                return Ok(query);
            }
            let left = end.saturating_sub(now()?);
            if left.is_zero() || !notified_within(self.channel, left)? {
                fail!("it stays {}, and is not {state}", query.state);
            }
        }
    }

    /// Has it, whatever it was at.
    pub fn have(self) -> TestResult {
        match self.manager().query()?.state {
            State::Quarantined => {
                self.manager().release()?;
            }
            State::Granted => return Ok(()),
            _ => {}
        }
        if self.manager().claim()? == Claim::Pending {
            self.wait_until(State::Granted)?;
        }
        self.manager().write_config(4, 4)?;
        Ok(())
    }

    /// It is stopped for this, everybody says the same, and the owner was told.
    pub fn expect_caught(self, access: Access, at: u64, code: u8) -> TestResult {
        self.expect_caught_in(access, at..at + 1, code)
    }

    /// The same, somewhere in a range: by many pages at once it may be stopped at several before
    /// it is blocked.
    pub fn expect_caught_in(self, access: Access, range: Range<u64>, code: u8) -> TestResult {
        let query = self.wait_until(State::Quarantined)?;
        let reason = if access == Access::Interrupt {
            Reason::Interrupt
        } else {
            Reason::Dma
        };
        check_eq!(query.reason, reason);
        let Some(fault) = query.last else {
            fail!("no record");
        };
        check_eq!((fault.access, fault.code), (access, code), "the record");
        check!(range.contains(&fault.address), "at {:#x}", fault.address);
        let guard = Manager::new(IOMMU).query(self.requester)?;
        check_eq!(guard.state, Guard::Quarantined as u16);
        let last = (guard.last.requester, guard.last.reason);
        check_eq!(last, (self.requester, code), "the record");
        check!(range.contains(&guard.last.at), "at {:#x}", guard.last.at);
        Ok(())
    }

    /// It has not overstepped since `before`, and is still granted.
    pub fn expect_innocent(self, before: Query) -> TestResult {
        let query = self.manager().query()?;
        check_eq!(query.state, State::Granted);
        check_eq!(query.faults, before.faults, "faults");
        Ok(())
    }
}

/// What the bystanders tell.
pub fn diary() -> Entry {
    let diary = memory_region_symbol!(diary: *mut Diary);
    // SAFETY: the region is a page, which is enough; words are read atomically.
    unsafe { diary.as_ref() }.read()
}

/// A word of the secret, as it is now.
pub fn secret_word(word: usize) -> u64 {
    let words = memory_region_symbol!(secret: *mut u64);
    // SAFETY: the caller stays inside the region; a device might write to it.
    unsafe { words.add(word).read_volatile() }
}

/// The bystanders and their memory, before something is tried.
pub struct Watch(Entry);

impl Watch {
    pub fn begin() -> Self {
        Self(diary())
    }

    /// Nothing was lost, and all goes on.
    pub fn end(self) -> TestResult {
        let from = diary();
        sleep(WHILE)?;
        let (before, after) = (self.0, diary());
        for word in 0..SECRET_WORDS {
            check_eq!(secret_word(word), secret(word as u64), "word {word}");
        }
        check_eq!(after.lost, before.lost, "frames lost");
        check_eq!(after.trouble, before.trouble, "trouble of bystanders");
        check_eq!(after.strange, before.strange, "interrupts of others");
        let frames = after.received - from.received;
        check!(frames > 400, "{frames} frames arrived in {WHILE:?}");
        check!(after.sent - after.received < 64, "frames do not arrive");
        check!(after.passes - from.passes > 150, "the bystanders starve");
        Ok(())
    }
}

pub fn everybody_works() -> TestResult {
    CARD.have()?;
    DISK.have()?;
    for _ in 0..100 {
        let diary = diary();
        if diary.received > 100 && diary.verified != 0 {
            check_eq!((diary.lost, diary.trouble, diary.strange), (0, 0, 0));
            return Watch::begin().end();
        }
        sleep(ms(100))?;
    }
    fail!("{:?}", diary())
}

pub fn everybody_has_worked() -> TestResult {
    let diary = diary();
    log::info!("bystanders: {diary:?}");
    check_eq!((diary.lost, diary.trouble, diary.strange), (0, 0, 0));
    check!(
        diary.verified >= 16 << 20,
        "{} bytes verified",
        diary.verified
    );
    Ok(())
}

/// The physical address of the region with the secret, or of the IOMMU's tables.
pub fn secret_paddr() -> u64 {
    *sel4_microkit::var!(secret_paddr: u64 = 0)
}

/// See [`secret_paddr`].
pub fn tables_paddr() -> u64 {
    *sel4_microkit::var!(tables_paddr: u64 = 0)
}
