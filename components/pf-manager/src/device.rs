// SPDX-License-Identifier: BSD-2-Clause
//! One physical function: from whatever state firmware or an earlier life left it in to enabled
//! virtual functions.
//!
//! It is silenced, its virtual functions disabled, and reset; then its BARs are placed, its DMA is
//! attached (an igb reaches nothing, an NVMe controller its admin queue), its driver starts it, the
//! virtual functions are enabled, and the driver prepares them. What goes wrong on the way is told
//! in one line; the device then stays silent, and the other devices go on.

mod setup;

use core::time::Duration;

use image_spec::vf_grants::{Function, Grant, IGB};
use pci::{Bars, Bdf, Command, FunctionReset, set_command};
use sriov::{Disable, Enable, Routing, Sriov};

use crate::network::Network;
use crate::parts::Bus;
use crate::storage::Storage;
use crate::{Parts, Problem, Supplies};

/// What drives a device.
pub(crate) enum Driver<P: Parts> {
    Network(Network<P>),
    Storage(Storage<P>),
    /// Nothing: what it needs was not mapped.
    None(&'static str),
}

/// There are few of them, and they are never moved.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
enum Stage {
    /// Nothing was done yet.
    Begin,
    /// Virtual functions of an earlier life go.
    Disabling(Disable),
    Resetting(FunctionReset),
    /// The driver brings it up.
    Starting,
    /// Virtual functions come.
    Enabling(Enable),
    /// The driver prepares them.
    Preparing,
    Ready,
    Failed(Problem),
}

/// How far a step of the start has come.
pub(crate) enum Progress<T> {
    /// Ask again at this time.
    Wait(Duration),
    Done(T),
}

/// What a driver's start leads to.
pub(crate) enum Started {
    /// It runs.
    Running,
    /// It has to be reset and started once more.
    ResetAgain,
}

/// One physical function.
pub(crate) struct Device<P: Parts> {
    at: Bdf,
    plan: Function,
    pub driver: Driver<P>,
    stage: Stage,
    bars: Bars,
    sriov: Option<Sriov>,
    vendor: u16,
    routing: Option<Routing>,
}

impl<P: Parts> Device<P> {
    /// As the system description has it; what its driver needs is taken from `supplies`.
    pub fn new(plan: Function, supplies: &mut Supplies<P>) -> Self {
        let driver = if plan.driver == IGB {
            let parts = supplies.network.take();
            parts.map_or(Driver::None("registers of an igb"), |parts| {
                Driver::Network(Network::new(parts, plan.vfs))
            })
        } else {
            let parts = supplies.storage.take();
            parts.map_or(
                Driver::None("registers and queue memory of an NVMe controller"),
                |parts| Driver::Storage(Storage::new(parts)),
            )
        };
        Self {
            at: Bdf(plan.requester.get()),
            plan,
            driver,
            stage: Stage::Begin,
            bars: Bars::default(),
            sriov: None,
            vendor: 0,
            routing: None,
        }
    }

    /// Who it is.
    pub const fn at(&self) -> Bdf {
        self.at
    }

    /// Its virtual functions can be granted.
    pub const fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready)
    }

    /// Why it cannot be used.
    pub const fn problem(&self) -> Option<Problem> {
        match self.stage {
            Stage::Failed(problem) => Some(problem),
            _ => None,
        }
    }

    /// Vendor and device id of its virtual functions; zeroes before they were enabled.
    pub fn vf_id(&self) -> (u16, u16) {
        let device = self.sriov.map_or(0, |sriov| sriov.vf_device_id);
        (self.vendor, device)
    }

    /// Whether virtual function `grant.vf` is who the system description says. To be asked once
    /// it is ready.
    pub fn check(&self, grant: &Grant) -> Result<(), Problem> {
        let said = Bdf(grant.requester.get());
        let routing = self.routing.as_ref();
        match routing.and_then(|routing| routing.vf(grant.vf.into())) {
            Some(at) if at == said => Ok(()),
            other => Err(Problem::Elsewhere(grant.vf, other, said)),
        }
    }

    /// Goes on with the start as far as possible; returns when to ask again.
    pub fn poll<'g>(
        &mut self,
        bus: &mut Bus<P>,
        grants: impl Iterator<Item = &'g Grant> + Clone,
        now: Duration,
    ) -> Option<Duration> {
        loop {
            match self.step(bus, grants.clone(), now) {
                Ok(Progress::Wait(next)) => return Some(next),
                Ok(Progress::Done(true)) => {}
                Ok(Progress::Done(false)) => return None,
                Err(problem) => {
                    self.fail(bus, problem, now);
                    return None;
                }
            }
        }
    }

    /// It is not to be used: it decodes nothing and issues nothing. Another device in its place
    /// is none of ours.
    pub fn fail(&mut self, bus: &mut Bus<P>, problem: Problem, now: Duration) {
        if !matches!(problem, Problem::Missing | Problem::WrongDevice(..)) {
            if let Some(sriov) = self.sriov {
                Disable::start(&mut bus.config, sriov, now);
            }
            set_command(&mut bus.config, self.at, Command::new());
        }
        self.stage = Stage::Failed(problem);
    }

    /// One step of the start. `false` when there is none left.
    fn step<'g>(
        &mut self,
        bus: &mut Bus<P>,
        grants: impl Iterator<Item = &'g Grant> + Clone,
        now: Duration,
    ) -> Result<Progress<bool>, Problem> {
        let config = &mut bus.config;
        let wait = match &mut self.stage {
            Stage::Ready | Stage::Failed(_) => return Ok(Progress::Done(false)),
            Stage::Begin => {
                self.stage = self.begin(config, now)?;
                None
            }
            Stage::Disabling(disable) => match disable.poll(config, now) {
                pci::Progress::Wait(next) => Some(next),
                pci::Progress::Done => {
                    self.stage = self.reset(config, now)?;
                    None
                }
            },
            Stage::Resetting(reset) => match reset.poll(config, now)? {
                pci::Progress::Wait(next) => Some(next),
                pci::Progress::Done => {
                    self.open(bus)?;
                    self.driver.start(bus, self.at, &self.bars, now)?;
                    self.stage = Stage::Starting;
                    None
                }
            },
            Stage::Starting => match self.driver.poll_start(now)? {
                Progress::Wait(next) => Some(next),
                Progress::Done(Started::ResetAgain) => {
                    self.stage = self.reset(config, now)?;
                    None
                }
                Progress::Done(Started::Running) => {
                    self.stage = self.enable(config, now)?;
                    None
                }
            },
            Stage::Enabling(enable) => match enable.poll(config, now)? {
                pci::Progress::Wait(next) => Some(next),
                pci::Progress::Done => {
                    self.routing = Some(*enable.routing());
                    self.stage = Stage::Preparing;
                    None
                }
            },
            Stage::Preparing => match self.driver.prepare(grants, now)? {
                Progress::Wait(next) => Some(next),
                Progress::Done(()) => {
                    self.stage = Stage::Ready;
                    None
                }
            },
        };
        Ok(wait.map_or(Progress::Done(true), Progress::Wait))
    }
}
