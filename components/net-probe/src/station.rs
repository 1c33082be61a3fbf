// SPDX-License-Identifier: BSD-2-Clause
//! The virtual function's life from grant to loss: the driver is started, again after failures, and
//! has the probe on it while it runs.

use core::time::Duration;

use igbvf::{Counters, Dma, Igbvf, Outgoing, State};
use mmio::Mmio;

use crate::{Command, Config, Moment, Port, Probe, Report};

/// The time before a driver that has failed is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// A virtual function with what is on it.
pub struct Station<R, D, O> {
    port: Port<R, D, O>,
    probe: Option<Probe>,
    link: bool,
    /// The number of the virtual function, while it is granted.
    vf: Option<u8>,
    /// When to start the driver.
    start: Option<Duration>,
    /// A measurement that is to begin when there is a link.
    waiting: Option<Command>,
}

impl<R: Mmio, D: Dma, O: Outgoing> Station<R, D, O> {
    /// One that has nothing yet.
    pub fn new(driver: Igbvf<R, D, O>) -> Self {
        Self {
            port: Port::new(driver),
            probe: None,
            link: false,
            vf: None,
            start: None,
            waiting: None,
        }
    }

    /// The virtual function was granted, and may be used.
    pub fn granted(&mut self, vf: u8, now: Moment) {
        self.vf = Some(vf);
        self.probe = None;
        self.start = Some(now.time);
    }

    /// The virtual function is not ours any more.
    pub fn lost(&mut self) {
        if self.vf.take().is_some() {
            self.port.driver().stop();
        }
        self.probe = None;
        self.start = None;
    }

    /// A pass: does whatever is to be done. Returns when the next is due, if no interrupt comes.
    pub fn poll(&mut self, now: Moment, say: &mut impl FnMut(Report)) -> Option<Duration> {
        let vf = self.vf?;
        if self.start.is_some_and(|start| now.time >= start) {
            self.start = None;
            if let Err(failure) = self.port.driver().start(now.time) {
                say(Report::Failed(failure));
                self.start = Some(now.time.saturating_add(PAUSE));
            }
        }
        match self.port.driver().poll(now.time) {
            Ok(State::Stopped) => self.start,
            Ok(State::Starting(next)) => Some(next),
            Ok(State::Running { link, next }) => {
                self.watch_link(vf, link, now, say);
                let due = link.then(|| self.pass(now, say)).flatten();
                Some(due.map_or(next, |due| due.min(next)))
            }
            Err(failure) => {
                say(Report::Failed(failure));
                self.probe = None;
                self.start = Some(now.time.saturating_add(PAUSE));
                self.start
            }
        }
    }

    fn watch_link(&mut self, vf: u8, link: bool, now: Moment, say: &mut impl FnMut(Report)) {
        let mac = self.port.driver().mac();
        if let (None, Some(mac)) = (&self.probe, mac) {
            let config = Config {
                mac: mac.bytes(),
                vf,
                seed: now.cycles,
            };
            say(Report::Ready(mac, config.address()));
            self.probe = Some(Probe::new(&mut self.port, config, now));
            self.link = !link;
        }
        if self.link != link {
            self.link = link;
            say(Report::Link(link));
            if let Some(probe) = self.probe.as_mut().filter(|_| link) {
                probe.link_up();
                if let Some(command) = self.waiting.take() {
                    probe.command(command, now, say);
                }
            }
        }
    }

    fn pass(&mut self, now: Moment, say: &mut impl FnMut(Report)) -> Option<Duration> {
        let own = self.port.driver().mac()?.bytes();
        let probe = self.probe.as_mut()?;
        self.port.begin(own);
        let next = probe.poll(&mut self.port, now, say);
        self.port.end();
        next
    }

    /// Begins a measurement, when there is a link; other commands are nothing to it. A pass is due at
    /// once.
    pub fn command(&mut self, command: Command, now: Moment, say: &mut impl FnMut(Report)) {
        match self.probe.as_mut().filter(|_| self.link) {
            Some(probe) => probe.command(command, now, say),
            None => self.waiting = Some(command),
        }
    }

    /// Has the device send from an address that it was perhaps not granted, or write there what it
    /// receives next. `false` if it cannot.
    pub fn overstep(&mut self, write: bool, address: u64) -> bool {
        let driver = self.port.driver();
        if write {
            driver.receive_to(address)
        } else {
            driver.send_from(address)
        }
    }

    /// What was counted: by the device, frames that made no sense, and frames with a wrong checksum.
    pub fn counts(&mut self) -> (Counters, u64, u64) {
        let damaged = self.port.damaged();
        let driver = self.port.driver();
        (driver.counters(), driver.dropped(), damaged)
    }
}
