// SPDX-License-Identifier: BSD-2-Clause
//! The steps that are the same for all devices, and those that its driver does.

use core::time::Duration;

use image_spec::vf_grants::{BAR_BYTES, BARS, Grant, IGB};
use pci::{
    BarKind, Bars, Bdf, Class, Command, FunctionReset, Header, place, probe_bars, set_command,
};
use sriov::{Disable, Enable, Setup, Sriov};

use super::{Device, Driver, Progress, Stage, Started};
use crate::parts::Bus;
use crate::{Parts, Problem};

/// Intel 82576.
const IGB_ID: (u16, u16) = (0x8086, 0x10c9);
/// Storage, non-volatile memory, NVM Express.
const NVME_CLASS: Class = Class {
    base: 1,
    sub: 8,
    interface: 2,
};

impl<P: Parts> Device<P> {
    /// Finds out whether it is the right device, and silences it.
    pub(super) fn begin(
        &mut self,
        config: &mut P::Config,
        now: Duration,
    ) -> Result<Stage, Problem> {
        let header = Header::read(config, self.at).ok_or(Problem::Missing)?;
        let suits = if self.plan.driver == IGB {
            (header.vendor, header.device) == IGB_ID
        } else {
            header.class == NVME_CLASS
        };
        if !suits {
            return Err(Problem::WrongDevice(header.vendor, header.device));
        }
        if let Driver::None(what) = self.driver {
            return Err(Problem::NotMapped(what));
        }
        self.vendor = header.vendor;
        set_command(config, self.at, Command::new());
        let sriov = Sriov::read(config, self.at)?;
        self.sriov = Some(sriov);
        // Firmware may have placed BARs that the system description says nothing about.
        self.bars = probe_bars(config, self.at)?;
        if sriov.control(config).enable() {
            return Ok(Stage::Disabling(Disable::start(config, sriov, now)));
        }
        self.reset(config, now)
    }

    pub(super) fn reset(
        &mut self,
        config: &mut P::Config,
        now: Duration,
    ) -> Result<Stage, Problem> {
        Ok(Stage::Resetting(FunctionReset::start(
            config, self.at, now,
        )?))
    }

    /// Places its BARs, and lets it decode and issue requests within what it was granted. An igb
    /// needs to be bus master for its virtual functions to receive.
    pub(super) fn open(&mut self, bus: &mut Bus<P>) -> Result<(), Problem> {
        let config = &mut bus.config;
        for (index, _) in placed(&self.plan.bars) {
            let size = self.bars.memory(self.at, index)?.size;
            let room = self.plan.bar_bytes(index);
            if size > room {
                return Err(Problem::BarSize("BAR", index, size, room));
            }
        }
        for bar in self.bars.iter().filter(|bar| bar.kind != BarKind::Io) {
            let mut wanted = placed(&self.plan.bars);
            let wanted = wanted.find(|(index, _)| *index == bar.index);
            // One that neither has placed stays at 0: requests for memory there never come here.
            match (wanted, bar.address) {
                (Some((_, address)), _) => place(config, self.at, bar, address)?,
                (None, 0) => {}
                (None, firmware) => place(config, self.at, bar, firmware)?,
            }
        }
        let requester = self.at.0;
        // Nothing of an earlier life stays.
        let detached = bus.iommu.detach(requester);
        detached.map_err(|error| Problem::Iommu("detach", error))?;
        let attached = bus.iommu.attach(requester);
        attached.map_err(|error| Problem::Iommu("attach", error))?;
        let command = Command::new().with_memory(true).with_bus_master(true);
        set_command(&mut bus.config, self.at, command);
        Ok(())
    }

    pub(super) fn enable(
        &mut self,
        config: &mut P::Config,
        now: Duration,
    ) -> Result<Stage, Problem> {
        let sriov = self.sriov.ok_or(Problem::Missing)?;
        // The owners' registers are mapped already, in steps of this size: with any other, one
        // would have those of another.
        let found = sriov.probe_bars(config)?;
        if let Some(bar) = found.iter().find(|bar| bar.size != BAR_BYTES) {
            return Err(Problem::BarSize("VF BAR", bar.index, bar.size, BAR_BYTES));
        }
        let mut bars = [(0, 0); BARS];
        let mut count = 0;
        for (slot, bar) in bars.iter_mut().zip(placed(&self.plan.vf_bars)) {
            *slot = bar;
            count += 1;
        }
        let setup = Setup {
            count: self.plan.vfs.into(),
            bars: &bars[..count],
            ari: false,
        };
        let enable = Enable::start(config, sriov, &setup, now)?;
        Ok(Stage::Enabling(enable))
    }
}

/// Number and address of the BARs that the system description places.
fn placed(bars: &[zerocopy::little_endian::U64; BARS]) -> impl Iterator<Item = (u8, u64)> {
    let all = (0..).zip(bars.iter().map(|bar| bar.get()));
    all.filter(|(_, address)| *address != 0)
}

impl<P: Parts> Driver<P> {
    pub(super) fn start(
        &mut self,
        bus: &mut Bus<P>,
        at: Bdf,
        bars: &Bars,
        now: Duration,
    ) -> Result<(), Problem> {
        match self {
            Self::Network(network) => network.start(bus, at, bars, now),
            Self::Storage(storage) => storage.start(now),
            Self::None(what) => Err(Problem::NotMapped(what)),
        }
    }

    pub(super) fn poll_start(&mut self, now: Duration) -> Result<Progress<Started>, Problem> {
        match self {
            Self::Network(network) => network.poll_start(now),
            Self::Storage(storage) => storage.poll_start(now),
            Self::None(what) => Err(Problem::NotMapped(what)),
        }
    }

    pub(super) fn prepare<'g>(
        &mut self,
        grants: impl Iterator<Item = &'g Grant> + Clone,
        now: Duration,
    ) -> Result<Progress<()>, Problem> {
        match self {
            Self::Network(network) => {
                network.prepare();
                Ok(Progress::Done(()))
            }
            Self::Storage(storage) => storage.prepare(grants, now),
            Self::None(what) => Err(Problem::NotMapped(what)),
        }
    }

    /// Lets a virtual function work, as far as the physical function has a say in it.
    pub fn allow(&mut self, grant: &Grant) {
        if let Self::Network(network) = self {
            network.allow(grant);
        }
    }

    /// Nobody has it any more.
    pub fn forbid(&mut self, vf: u8) {
        if let Self::Network(network) = self {
            network.forbid(vf);
        }
    }

    /// Stops it at once.
    pub fn silence(&mut self, vf: u8) {
        if let Self::Network(network) = self {
            network.silence(vf);
        }
    }
}
