// SPDX-License-Identifier: BSD-2-Clause
//! All virtual functions of a physical function come into being (§9.3.3.3.1).

use core::time::Duration;

use pci::{Bdf, Command, PciConfig, Progress, set_command};

use crate::{Control, Error, Placement, Result, Routing, Sriov};

/// Nobody may touch them before (§9.3.3.3.1).
const SETTLE: Duration = Duration::from_millis(100);
/// How long they may then take to answer.
const READY_LIMIT: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(10);

/// What the system description wants of a physical function.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// How many virtual functions.
    pub count: u16,
    /// The address of each VF BAR: number, then address for the first virtual function.
    pub bars: &'a [(u8, u64)],
    /// The port above forwards ARI requests, so the virtual functions may be at devices other
    /// than 0 behind it.
    pub ari: bool,
}

/// Virtual functions on their way.
#[derive(Clone, Copy, Debug)]
pub struct Enable {
    sriov: Sriov,
    routing: Routing,
    placement: Placement,
    settled: Duration,
    limit: Duration,
    ready: u16,
}

impl Enable {
    /// Checks everything, then places the BARs and enables the virtual functions. Nothing is
    /// enabled if anything is wrong.
    ///
    /// # Errors
    ///
    /// All of [`Error`] but [`Error::VfAbsent`].
    pub fn start(
        config: &mut impl PciConfig,
        sriov: Sriov,
        setup: &Setup<'_>,
        now: Duration,
    ) -> Result<Self> {
        let at = sriov.function();
        if setup.count == 0 || setup.count > sriov.total {
            return Err(Error::TooMany(at, setup.count, sriov.total));
        }
        // Sizes depend on the page size, offset and stride on ARI and on the number (§9.3.3.9).
        let bars = sriov.probe_bars(config)?;
        let placement = Placement::new(&sriov, bars, setup.bars, setup.count)?;
        let idle = Control::new().with_ari(setup.ari);
        sriov.set_control(config, idle);
        if sriov.set_count(config, setup.count) != setup.count {
            return Err(Error::NotTaken(at));
        }
        let routing = sriov.routing(config, setup.count)?;
        for (bar, address) in placement.iter() {
            sriov.write_bar(config, bar, address)?;
        }
        let enabled = idle.with_enable(true).with_memory(true);
        sriov.set_control(config, enabled);
        let settled = now.saturating_add(SETTLE);
        Ok(Self {
            sriov,
            routing,
            placement,
            settled,
            limit: settled.saturating_add(READY_LIMIT),
            ready: 0,
        })
    }

    /// Goes on as far as possible at time `now`. Done: every virtual function answers, decodes
    /// its memory and issues no requests.
    ///
    /// # Errors
    ///
    /// [`Error::NotTaken`], [`Error::VfAbsent`]: disable them again.
    pub fn poll(&mut self, config: &mut impl PciConfig, now: Duration) -> Result<Progress> {
        if now < self.settled {
            return Ok(Progress::Wait(self.settled));
        }
        if !self.sriov.control(config).enable() {
            return Err(Error::NotTaken(self.sriov.function()));
        }
        while let Some(vf) = self.routing.vf(self.ready) {
            if config.read32(vf, 4) == u32::MAX {
                if now >= self.limit {
                    return Err(Error::VfAbsent(vf));
                }
                let again = now.saturating_add(INTERVAL);
                return Ok(Progress::Wait(again.min(self.limit)));
            }
            set_bus_master(config, vf, false);
            self.ready += 1;
        }
        Ok(Progress::Done)
    }

    /// Who they are.
    pub const fn routing(&self) -> &Routing {
        &self.routing
    }

    /// Where their BARs are.
    pub const fn placement(&self) -> &Placement {
        &self.placement
    }
}

/// Lets a virtual function issue requests, or stops it. Its memory is decoded in both cases: by
/// §9.3.4.1.3 the bit has no effect, but QEMU's models go by it. A function-level reset clears
/// both.
pub fn set_bus_master(config: &mut impl PciConfig, vf: Bdf, on: bool) {
    let command = Command::new().with_memory(true).with_bus_master(on);
    set_command(config, vf, command);
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::testing::{PF, appear, ms, network_card};

    const BARS: &[(u8, u64)] = &[(0, 0xc000_0000), (3, 0xc002_0000)];

    fn setup(count: u16) -> Setup<'static> {
        Setup {
            count,
            bars: BARS,
            ari: false,
        }
    }

    #[test]
    fn everything_is_in_place_before_the_functions_exist() {
        let mut config = network_card();
        let sriov = Sriov::read(&config, PF).unwrap();
        let ari = Setup {
            ari: true,
            ..setup(8)
        };
        let mut enable = Enable::start(&mut config, sriov, &ari, ms(7)).unwrap();
        let log: Vec<_> = config.log().iter().map(|w| (w.offset, w.value)).collect();
        let last = [
            (0x168, 0x10),
            (0x170, 8),
            (0x188, 0),
            (0x184, 0xc000_0000),
            (0x194, 0),
            (0x190, 0xc002_0000),
            (0x168, 0x19),
        ];
        assert!(log.ends_with(&last), "{log:x?}");
        assert!(
            log[..log.len() - 1]
                .iter()
                .all(|w| w.0 != 0x168 || w.1 & 9 == 0)
        );

        let reads = config.reads();
        assert_eq!(
            enable.poll(&mut config, ms(106)),
            Ok(Progress::Wait(ms(107)))
        );
        assert_eq!(config.reads(), reads, "nobody is touched");
        appear(&mut config, 8);
        assert_eq!(enable.poll(&mut config, ms(107)), Ok(Progress::Done));
        for index in 0..8 {
            let vf = enable.routing().vf(index).unwrap();
            assert_eq!(config.read32(vf, 4), 2);
        }
        set_bus_master(&mut config, Bdf(0x98), true);
        assert_eq!(config.read32(Bdf(0x98), 4), 6);
        assert_eq!(enable.placement().bar(2, 0), Some((0xc000_8000, 0x4000)));
    }

    #[test]
    fn what_does_not_come_is_reported() {
        let mut config = network_card();
        let sriov = Sriov::read(&config, PF).unwrap();
        let mut enable = Enable::start(&mut config, sriov, &setup(2), ms(0)).unwrap();
        appear(&mut config, 1);
        assert_eq!(
            enable.poll(&mut config, ms(100)),
            Ok(Progress::Wait(ms(110)))
        );
        assert_eq!(
            enable.poll(&mut config, ms(1099)),
            Ok(Progress::Wait(ms(1100)))
        );
        assert_eq!(
            enable.poll(&mut config, ms(1100)),
            Err(Error::VfAbsent(Bdf(0x9a)))
        );
        sriov.set_control(&mut config, Control::new());
        assert_eq!(enable.poll(&mut config, ms(1100)), Err(Error::NotTaken(PF)));
    }

    #[test]
    fn nothing_is_enabled_if_anything_is_wrong() {
        type Break = fn(&mut pci::fake::FakeFunction);
        let cases: [(Break, u16, Error); 6] = [
            (|_| {}, 0, Error::TooMany(PF, 0, 8)),
            (|_| {}, 9, Error::TooMany(PF, 9, 8)),
            (|f| f.writable(0x170, 0), 8, Error::NotTaken(PF)),
            (|f| f.set(0x174, 0x80), 8, Error::Routing(PF, 0x80, 0)),
            (|f| f.set(0x168, 1), 8, Error::Enabled(PF)),
            (|f| f.bar(0x190, 0x8000, 4), 8, Error::Overlap(PF, 0, 3)),
        ];
        for (alter, count, expected) in cases {
            let mut config = network_card();
            alter(config.function(PF).unwrap());
            let sriov = Sriov::read(&config, PF).unwrap();
            let bars = [(0, 0xc002_0000), (3, 0xc000_0000)];
            let setup = Setup {
                bars: &bars,
                ..setup(count)
            };
            let result = Enable::start(&mut config, sriov, &setup, ms(0));
            assert_eq!(result.unwrap_err(), expected);
            let enabled = |w: &pci::fake::ConfigWrite| w.offset == 0x168 && w.value & 1 != 0;
            assert!(!config.log().iter().any(enabled));
        }
    }
}
