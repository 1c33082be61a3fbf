// SPDX-License-Identifier: BSD-2-Clause
//! Whom the tests talk to, and waiting for what they say.

use core::time::Duration;

use iommu_manager_interface::Manager;
use pf_manager_interface::{Claim, Error, PfManager, Query, State, Status};
use sel4_microkit::Channel;
use sel4_test::{TestResult, check_eq, fail};
use test_support::event::{self, wait_any};
use timer_interface::Timer;

pub const NET_A: Channel = Channel::new(1);
pub const NET_B: Channel = Channel::new(2);
pub const BLOCK: Channel = Channel::new(3);
pub const STRANGER: Channel = Channel::new(4);
pub const TIMER: Channel = Channel::new(5);
pub const IOMMU: Channel = Channel::new(6);
pub const BREAKER: Channel = Channel::new(7);

pub const VF_A: u16 = 0x98;

/// Longer than anything takes: a start after a crash takes two seconds, most of it waiting.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

pub fn pf_manager(channel: Channel) -> PfManager<Channel> {
    PfManager::new(channel)
}

pub fn iommu() -> Manager<Channel> {
    Manager::new(IOMMU)
}

/// Lets time go by.
pub fn sleep(time: Duration) -> TestResult {
    Timer::new(TIMER).after(0, time)?;
    event::wait_for(TIMER)?;
    Timer::new(TIMER).expired()?;
    Ok(())
}

/// Waits until the function of `channel` is in `state`, going by what the PF manager notifies.
pub fn wait_until(channel: Channel, state: State) -> Result<Query, sel4_test::Failure> {
    let (manager, timer) = (pf_manager(channel), Timer::new(TIMER));
    timer.after(0, PATIENCE)?;
    loop {
        let query = manager.query()?;
        if query.state == state {
            timer.cancel(0)?;
            event::drain();
            return Ok(query);
        }
        let channels = wait_any()?;
        if channels.contains(TIMER) && timer.expired()?.contains(0) {
            fail!("it stays {}, and is not {state}", query.state);
        }
    }
}

/// Has the function of `channel`, whatever it was at.
pub fn have(channel: Channel) -> TestResult {
    let manager = pf_manager(channel);
    if manager.query()?.state == State::Quarantined {
        manager.release()?;
    }
    if manager.claim()? == Claim::Pending {
        wait_until(channel, State::Granted)?;
    }
    Ok(())
}

/// The refusal that a request must meet.
pub fn check_refused<T>(result: Result<T, Error>, status: Status, state: State) -> TestResult {
    let expected = Error::Refused {
        status,
        detail: 0,
        state,
    };
    match result {
        Err(error) => check_eq!(error, expected),
        Ok(_) => fail!("not refused, but expected {expected:?}"),
    }
    Ok(())
}
