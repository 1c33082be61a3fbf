// SPDX-License-Identifier: BSD-2-Clause
//! Random lives of a virtual function, with actions that fail and actions that take long. The
//! effects keep their own account of the device and object to any order that is not safe.

use core::time::Duration;
use std::vec::Vec;

use proptest::prelude::*;

use super::super::*;

/// What the hardware around the function would be in.
#[derive(Default)]
struct Device {
    exists: bool,
    owner: Option<Owner>,
    dma: bool,
    interrupts: bool,
    bus_master: bool,
    /// Reset since it was last granted.
    reset: bool,
    drained: bool,
    moods: Vec<u8>,
    calls: usize,
}

impl Device {
    fn check(&mut self, action: Action) {
        match action {
            Action::Configure => assert!(!self.exists && self.owner.is_none()),
            Action::Remove => {
                assert!(self.exists && self.owner.is_none());
                assert!(!self.dma && !self.interrupts && !self.bus_master);
            }
            Action::Grant(owner) => {
                assert!(self.exists && self.owner.is_none_or(|has| has == owner));
                assert!(!self.dma && !self.interrupts, "granted over an old grant");
                assert!(!self.bus_master);
            }
            Action::Quarantine | Action::Stop => assert!(self.exists),
            Action::Reset => assert!(!self.bus_master, "reset while it runs"),
            Action::Drain => assert!(self.reset && !self.bus_master),
            Action::InvalidateDma => assert!(self.drained && !self.bus_master),
            Action::InvalidateInterrupts => assert!(self.drained && !self.dma),
            Action::Free => {
                assert!(self.reset && self.drained, "freed before it was reset");
                assert!(
                    !self.dma && !self.interrupts && !self.bus_master,
                    "freed in reach"
                );
            }
        }
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::Configure => self.exists = true,
            Action::Remove => self.exists = false,
            Action::Grant(owner) => {
                self.owner = Some(owner);
                (self.dma, self.interrupts, self.bus_master) = (true, true, true);
                (self.reset, self.drained) = (false, false);
            }
            Action::Quarantine | Action::Stop => self.bus_master = false,
            Action::Reset => self.reset = true,
            Action::Drain => self.drained = true,
            Action::InvalidateDma => self.dma = false,
            Action::InvalidateInterrupts => self.interrupts = false,
            Action::Free => self.owner = None,
        }
    }
}

impl Effects for Device {
    fn perform(&mut self, _: u16, action: Action, now: Duration) -> Outcome {
        self.check(action);
        let mood = self.moods.get(self.calls % self.moods.len()).copied();
        self.calls += 1;
        match mood {
            Some(0) => {
                // A grant that fails has been done in part; the rest that fails was not done.
                if matches!(action, Action::Grant(_)) {
                    self.apply(action);
                }
                Outcome::Failed
            }
            Some(1) => Outcome::Wait(now.saturating_add(Duration::from_millis(10))),
            _ => {
                self.apply(action);
                Outcome::Done
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_life_breaks_a_rule(
        events in prop::collection::vec((0u8..9, 0u16..3, 0u64..900), 1..120),
        moods in prop::collection::vec(0u8..12, 1..40),
    ) {
        let (mut vf, mut device) = (Vf::new(0), Device { moods, ..Device::default() });
        let mut now = Duration::ZERO;
        for (event, owner, pause) in events {
            now += Duration::from_millis(pause);
            let (owner, before) = (Owner(owner), vf.state());
            let calls = device.calls;
            let result = match event {
                0 => vf.configure(&mut device, now),
                1 => vf.remove(&mut device, now),
                2 | 3 => vf.grant(&mut device, owner, now),
                4 => vf.quarantine(&mut device, Reason::Dma, now),
                5 => vf.release(owner, now),
                6 => vf.revoke(now),
                7 => vf.renew(owner, now),
                _ => vf.poll(&mut device, now).map(|_| ()),
            };
            if let Err(refused) = result && !matches!(refused, Refused::Failed(_)) {
                prop_assert_eq!(vf.state(), before);
                prop_assert_eq!(device.calls, calls, "refused, but something was done");
            }
            // Whoever the machine says has it includes whoever the device can reach.
            let reached = device.owner.filter(|_| device.dma || device.interrupts);
            prop_assert!(reached.is_none() || reached == vf.state().owner());
            if let State::Configured | State::Absent = vf.state() {
                prop_assert!(device.owner.is_none() && !device.bus_master);
            }
            prop_assert_eq!(vf.state() != State::Absent, device.exists);
        }
        // However it went, it can always be taken away once nothing fails any more.
        device.moods = std::vec![2];
        let _ = vf.revoke(now);
        prop_assert_eq!(vf.poll(&mut device, now), Ok(None));
        prop_assert!(vf.state().owner().is_none());
    }
}
