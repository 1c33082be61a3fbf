// SPDX-License-Identifier: BSD-2-Clause
//! The machine as the hardware that a sequence runs on.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

use pci::Message;
use sel4_microkit::Channel;
use sel4_test::Failure;
use test_support::clock::Clock;
use test_support::event::{drain, poll};
use vtd::{Bdf, Fault, Hpa};
use vtd_sequences::{Arrival, Dma, Done, Hardware, Outcome, Replay, ensure, same};

use crate::differences::{KNOWN, Situation};
use crate::edu::Edu;
use crate::landing::Landing;

/// How often it is looked whether an interrupt came that should not.
const LOOKS: u32 = 3;

/// Devices, memory and clock.
pub struct Emulated<'a> {
    pub devices: &'a mut [Edu; 4],
    pub landing: &'a mut Landing,
    pub clock: &'a mut Clock,
    /// Words that nothing else holds.
    pub marker: u64,
    /// How often a known difference was met.
    pub differences: &'a mut [u64; KNOWN.len()],
    /// The request under way, if it is DMA.
    dma: Option<Dma>,
    /// Devices that have reached memory, so that the unit may have a translation cached.
    reached: BTreeSet<Bdf>,
}

fn text(failure: Failure) -> String {
    failure.to_string()
}

impl<'a> Emulated<'a> {
    /// The machine at the start of the sequence with this number.
    pub fn new(
        number: usize,
        devices: &'a mut [Edu; 4],
        landing: &'a mut Landing,
        clock: &'a mut Clock,
        differences: &'a mut [u64; KNOWN.len()],
    ) -> Self {
        Self {
            devices,
            landing,
            clock,
            marker: 0x5a << 56 | (number as u64) << 32,
            differences,
            dma: None,
            reached: BTreeSet::new(),
        }
    }

    fn device(&self, bdf: Bdf) -> Result<usize, String> {
        let devices = Replay::PLAN.devices;
        let found = devices.iter().position(|&device| device == bdf);
        found.ok_or_else(|| format!("no device {bdf}"))
    }

    fn write(&mut self, device: usize, at: u64, expected: Outcome<u64>) -> Done {
        if let Ok(host) = expected {
            self.marker = self.marker.wrapping_add(1);
            self.landing.poke(host, self.marker);
        }
        let edu = &mut self.devices[device];
        edu.transfer(self.clock, at, true).map_err(text)?;
        let Ok(host) = expected else {
            // The rest of memory is looked at in the end.
            return self.landing.check(at & !7);
        };
        let (found, may_be) = (self.landing.peek(host), &edu.buffer);
        ensure!(found != self.marker, "nothing arrived at {host:#x}");
        ensure!(
            may_be.contains(&found),
            "{found:#x} arrived at {host:#x}, but the device holds {may_be:#x?}"
        );
        edu.buffer.clear();
        edu.buffer.push(found);
        self.landing.wrote(host, found);
        Ok(())
    }

    fn read(&mut self, device: usize, at: u64, expected: Outcome<u64>) -> Done {
        let edu = &mut self.devices[device];
        edu.transfer(self.clock, at, false).map_err(text)?;
        match expected {
            Ok(host) => {
                edu.buffer.clear();
                edu.buffer.push(self.landing.expected(host));
            }
            // A read that is stopped gives zeroes, or leaves what was there.
            Err(_) if edu.buffer.contains(&0) => {}
            Err(_) => edu.buffer.push(0),
        }
        Ok(())
    }
}

impl Hardware for Emulated<'_> {
    fn descriptor(&self) -> Hpa {
        Hpa(0)
    }

    fn dma(&mut self, dma: Dma, expected: Outcome<u64>) -> Done {
        let device = self.device(dma.device)?;
        let done = if dma.write {
            self.write(device, dma.at, expected)
        } else {
            self.read(device, dma.at, expected)
        };
        self.dma = Some(dma);
        if expected.is_ok() {
            self.reached.insert(dma.device);
        }
        done.map_err(|why| format!("{dma:x?} {expected:x?}: {why}"))
    }

    fn message(
        &mut self,
        _: usize,
        source: Bdf,
        message: Message,
        expected: Outcome<Arrival>,
    ) -> Done {
        self.dma = None;
        let device = self.device(source)?;
        drain();
        self.devices[device].send(message).map_err(text)?;
        let mut came = 0;
        for _ in 0..LOOKS {
            came |= poll();
        }
        // Nobody is at the other destinations.
        let wanted = match expected {
            Ok(Arrival::Remapped {
                vector,
                destination: 0,
            }) => 1 << (vector & 7),
            _ => 0,
        };
        for number in (0..64).filter(|number| came >> number & 1 != 0) {
            let acknowledged = Channel::new(number).irq_ack();
            acknowledged.map_err(|error| error.to_string())?;
        }
        same!(came, wanted, "interrupts after {message:x?} of {source}");
        Ok(())
    }

    fn agrees(&mut self, expected: Option<Fault>, found: Option<Fault>) -> bool {
        if expected == found {
            return true;
        }
        let situation = Situation {
            dma: self.dma,
            cached: self
                .dma
                .is_some_and(|dma| self.reached.contains(&dma.device)),
            expected,
            found,
        };
        let known = situation.explained();
        if let Some(known) = known {
            self.differences[known] += 1;
        }
        known.is_some()
    }
}
