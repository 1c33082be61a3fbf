// SPDX-License-Identifier: BSD-2-Clause
//! What the life of a virtual function leads to in its physical function, its configuration space,
//! and the IOMMU manager.

use core::time::Duration;

use image_spec::vf_grants::Grant;
use iommu_manager_interface::State;
use pci::{Bdf, Express, FunctionReset};
use sriov::{Action, Effects, Outcome, set_bus_master};

use crate::device::Device;
use crate::parts::Bus;
use crate::{Parts, Problem};

/// How often to ask whether requests are still under way.
const DRAIN_INTERVAL: Duration = Duration::from_millis(1);

/// Everything that is needed to act on one virtual function.
pub(crate) struct Hands<'h, P: Parts> {
    pub bus: &'h mut Bus<P>,
    pub device: &'h mut Device<P>,
    pub grant: &'h Grant,
    pub reset: &'h mut Option<FunctionReset>,
}

impl<P: Parts> Hands<'_, P> {
    fn at(&self) -> Bdf {
        Bdf(self.grant.requester.get())
    }

    /// Policy first, then memory and interrupts; last the function may issue requests.
    fn grant(&mut self) -> Result<(), Problem> {
        let at = self.at();
        self.device.driver.allow(self.grant);
        let iommu = &self.bus.iommu;
        let attached = iommu.attach(at.0);
        attached.map_err(|error| Problem::Iommu("attach", error))?;
        for handle in self.grant.handles() {
            let bound = iommu.bind(at.0, handle);
            bound.map_err(|error| Problem::Iommu("bind", error))?;
        }
        set_bus_master(&mut self.bus.config, at, true);
        Ok(())
    }

    /// Everywhere, whatever one of them says.
    fn quarantine(&mut self) -> Result<(), Problem> {
        let at = self.at();
        set_bus_master(&mut self.bus.config, at, false);
        self.device.driver.silence(self.grant.vf);
        let blocked = self.bus.iommu.quarantine(at.0);
        blocked.map_err(|error| Problem::Iommu("quarantine", error))
    }

    fn stop(&mut self) {
        *self.reset = None;
        let at = self.at();
        set_bus_master(&mut self.bus.config, at, false);
        self.device.driver.forbid(self.grant.vf);
    }

    fn reset(&mut self, now: Duration) -> Result<Option<Duration>, Problem> {
        let at = self.at();
        let config = &mut self.bus.config;
        let reset = match self.reset {
            Some(reset) => reset,
            None => self.reset.insert(FunctionReset::start(config, at, now)?),
        };
        if let pci::Progress::Wait(next) = reset.poll(config, now)? {
            return Ok(Some(next));
        }
        *self.reset = None;
        // It decodes its memory again, which its owner may have mapped all the time.
        set_bus_master(config, at, false);
        Ok(None)
    }

    fn drain(&mut self, now: Duration) -> Result<Option<Duration>, Problem> {
        let config = &self.bus.config;
        let express = Express::read(config, self.at())?;
        let pending = express.transactions_pending(config);
        Ok(pending.then(|| now.saturating_add(DRAIN_INTERVAL)))
    }

    /// Takes its memory and its interrupts; the IOMMU manager waits until nothing is under way.
    fn detach(&mut self) -> Result<(), Problem> {
        let detached = self.bus.iommu.detach(self.grant.requester.get());
        detached.map_err(|error| Problem::Iommu("detach", error))
    }

    /// Sees that nothing is left, by what the IOMMU manager says.
    fn check_detached(&mut self) -> Result<(), Problem> {
        let state = self.bus.iommu.query(self.grant.requester.get());
        let state = state.map_err(|error| Problem::Iommu("query", error))?;
        let nothing = state.state == State::Blocked as u16 && state.interrupts == 0;
        nothing.then_some(()).ok_or(Problem::StillBound)
    }
}

impl<P: Parts> Effects for Hands<'_, P> {
    fn perform(&mut self, _: u16, action: Action, now: Duration) -> Outcome {
        let at_once = |()| None;
        let result = match action {
            Action::Configure | Action::Remove => {
                self.device.driver.forbid(self.grant.vf);
                Ok(None)
            }
            Action::Grant(_) => self.grant().map(at_once),
            Action::Quarantine => self.quarantine().map(at_once),
            Action::Stop => {
                self.stop();
                Ok(None)
            }
            Action::Reset => self.reset(now),
            Action::Drain => self.drain(now),
            Action::InvalidateDma => self.detach().map(at_once),
            Action::InvalidateInterrupts => self.check_detached().map(at_once),
            // The IOMMU manager has freed tables, domain and entries when it detached.
            Action::Free => Ok(None),
        };
        match result {
            Ok(None) => Outcome::Done,
            Ok(Some(next)) => Outcome::Wait(next),
            Err(problem) => {
                let owner = self.grant.owner();
                let (at, what) = (self.at(), name(action));
                log::error!("{at} of {owner}: {what} failed, {problem}");
                Outcome::Failed
            }
        }
    }
}

/// What an action is called in a line of the console.
const fn name(action: Action) -> &'static str {
    match action {
        Action::Configure => "preparation",
        Action::Grant(_) => "grant",
        Action::Quarantine => "quarantine",
        Action::Stop => "stop",
        Action::Reset => "reset",
        Action::Drain => "drain",
        Action::InvalidateDma | Action::InvalidateInterrupts => "revocation",
        Action::Free | Action::Remove => "release",
    }
}
