// SPDX-License-Identifier: BSD-2-Clause
//! An igb at work: its interrupt or polling, its link, the mailboxes of its virtual functions.

use core::time::Duration;

use igb::{Bringup, Event, Limits, Link, LinkState, MAX_VFS, Mac, Pf, Policy, Statistics};
use image_spec::vf_grants::{ANTI_SPOOF, Grant, PROMISCUOUS};
use pci::{Bars, Bdf, MsiX, write_entry};

use crate::device::{Progress, Started};
use crate::parts::Bus;
use crate::{Interrupt, NetworkParts, Parts, Problem};

/// The MSI-X vector for everything that the physical function has to know.
const VECTOR: u8 = 0;
/// With an interrupt: in case one was lost.
const SLOW: Duration = Duration::from_millis(250);
/// Without: how often to look, and how often while there is something going on.
const IDLE: Duration = Duration::from_millis(10);
const BUSY: Duration = Duration::from_millis(1);
/// How long something is going on after an event. `igbvf` sends its messages in a row, and waits
/// for each answer without giving up the processor.
const BUSY_FOR: Duration = Duration::from_millis(50);

/// Events of one poll: each virtual function has three at most.
pub(crate) type Events = heapless::Vec<Event, { 4 * MAX_VFS as usize }>;

/// The driver of an igb with its registers.
pub(crate) struct Network<P: Parts> {
    registers: P::Registers,
    interrupt: Option<Interrupt<P::Registers>>,
    vfs: u8,
    bringup: Option<Bringup>,
    pf: Pf,
    link: Link,
    link_due: Duration,
    busy_until: Duration,
    statistics: Statistics,
    /// The rate of each virtual function, to be set again when the link changes.
    rates: [u16; MAX_VFS as usize],
}

impl<P: Parts> Network<P> {
    pub fn new(parts: NetworkParts<P::Registers>, vfs: u8) -> Self {
        Self {
            registers: parts.registers,
            interrupt: parts.interrupt,
            vfs,
            bringup: None,
            pf: Pf::new(vfs, Limits::default()),
            link: Link::new(),
            link_due: Duration::ZERO,
            busy_until: Duration::ZERO,
            statistics: Statistics::default(),
            rates: Default::default(),
        }
    }

    pub fn start(
        &mut self,
        bus: &mut Bus<P>,
        at: Bdf,
        bars: &Bars,
        now: Duration,
    ) -> Result<(), Problem> {
        if let Err(problem) = self.connect(bus, at, bars) {
            log::warn!("{at}: it is polled, since its interrupt cannot be used: {problem}");
            self.interrupt = None;
        }
        let vector = self.interrupt.as_ref().map(|_| VECTOR);
        self.bringup = Some(Bringup::start(&mut self.registers, vector, now)?);
        Ok(())
    }

    /// Has its interrupt go through the remapping table. After a reset all others are masked.
    fn connect(&mut self, bus: &mut Bus<P>, at: Bdf, bars: &Bars) -> Result<(), Problem> {
        let Some(interrupt) = &mut self.interrupt else {
            return Ok(());
        };
        let msix = MsiX::read(&bus.config, at)?;
        msix.check(bars)?;
        let bound = bus.iommu.bind(at.0, interrupt.handle);
        bound.map_err(|error| Problem::Iommu("bind", error))?;
        let message = pci::Message::single(interrupt.handle);
        let message = (message.address, message.data);
        let offset = msix.table.offset as usize;
        write_entry(&mut interrupt.table, offset, VECTOR.into(), message, false);
        msix.set(&mut bus.config, true, false);
        Ok(())
    }

    pub fn poll_start(&mut self, now: Duration) -> Result<Progress<Started>, Problem> {
        let Some(bringup) = &mut self.bringup else {
            return Ok(Progress::Done(Started::Running));
        };
        Ok(match bringup.poll(&mut self.registers, now)? {
            igb::Progress::Wait(next) => Progress::Wait(next),
            igb::Progress::Done => {
                self.bringup = None;
                Progress::Done(Started::Running)
            }
        })
    }

    /// The virtual functions exist now.
    pub fn prepare(&mut self) {
        self.pf = Pf::new(self.vfs, Limits::default());
        self.link = Link::new();
        self.statistics.restarted();
    }

    /// Deals with everything that has happened; returns when to look again.
    pub fn work(&mut self, now: Duration, events: &mut Events) -> Duration {
        if self.interrupt.is_some() {
            self.pf.acknowledge(&mut self.registers, VECTOR);
        }
        let next = self.pf.poll(&mut self.registers, now, |event| {
            // There is room for all that one poll can bring.
            let _ = events.push(event);
        });
        if !events.is_empty() {
            self.busy_until = now.saturating_add(BUSY_FOR);
        }
        let interval = match &self.interrupt {
            Some(_) => SLOW,
            None if now < self.busy_until => BUSY,
            None => IDLE,
        };
        if now >= self.link_due {
            self.watch_link(now);
        }
        let look = now.saturating_add(interval).min(self.link_due);
        next.map_or(look, |next| next.min(look))
    }

    fn watch_link(&mut self, now: Duration) {
        let before = self.megabits();
        self.link_due = self.link.poll(&mut self.registers, now);
        let megabits = self.megabits();
        for vf in 0..self.vfs {
            // The device counts in 32 bits.
            self.statistics.update(&self.registers, vf);
            let rate = self.rates.get(usize::from(vf)).copied().unwrap_or(0);
            if megabits != before && self.pf.allowed(vf) {
                self.pf.set_rate(&mut self.registers, vf, rate, megabits);
            }
        }
    }

    /// The speed of the link; 0 if it is down.
    pub const fn megabits(&self) -> u16 {
        match self.link.state() {
            LinkState::Down => 0,
            LinkState::Up { megabits, .. } => megabits,
        }
    }

    pub fn allow(&mut self, grant: &Grant) {
        let policy = Policy {
            max_multicast: grant.multicast,
            may_be_promiscuous: grant.has(PROMISCUOUS),
            anti_spoof: grant.has(ANTI_SPOOF),
            vlan: grant.vlan.get(),
            rate: grant.rate.get(),
            max_frame: grant.max_frame.get(),
            ..Policy::new(grant.mac().and_then(Mac::new))
        };
        if let Some(rate) = self.rates.get_mut(usize::from(grant.vf)) {
            *rate = policy.rate;
        }
        let megabits = self.megabits();
        self.pf
            .allow(&mut self.registers, grant.vf, policy, megabits);
    }

    pub fn forbid(&mut self, vf: u8) {
        self.pf.forbid(&mut self.registers, vf);
    }

    pub fn silence(&mut self, vf: u8) {
        self.pf.silence(&mut self.registers, vf);
    }

    /// What `vf` sent and received so far.
    pub fn counters(&mut self, vf: u8) -> igb::Counters {
        self.statistics.update(&self.registers, vf);
        self.statistics.of(vf)
    }
}
