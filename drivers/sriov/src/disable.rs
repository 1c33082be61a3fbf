// SPDX-License-Identifier: BSD-2-Clause
//! All virtual functions of a physical function cease to exist (§9.3.3.3.1).

use core::time::Duration;

use pci::{PciConfig, Progress};

use crate::{Control, Sriov};

/// How long their requests may still be under way; before, they must not be enabled again.
const SETTLE: Duration = Duration::from_secs(1);

/// Virtual functions on their way out.
#[derive(Clone, Copy, Debug)]
pub struct Disable {
    sriov: Sriov,
    settled: Duration,
}

impl Disable {
    /// Disables them. Whoever used them must have been stopped.
    pub fn start(config: &mut impl PciConfig, sriov: Sriov, now: Duration) -> Self {
        sriov.set_control(config, Control::new());
        let settled = now.saturating_add(SETTLE);
        Self { sriov, settled }
    }

    /// Goes on as far as possible at time `now`. Done: they can be enabled again.
    pub fn poll(&self, config: &mut impl PciConfig, now: Duration) -> Progress {
        if now < self.settled {
            return Progress::Wait(self.settled);
        }
        self.sriov.set_count(config, 0);
        Progress::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PF, ms, network_card};
    use crate::{Enable, Error, Setup};

    #[test]
    fn functions_can_be_enabled_again_after_a_second() {
        let mut config = network_card();
        let sriov = Sriov::read(&config, PF).unwrap();
        let bars = [(0, 0xc000_0000), (3, 0xc002_0000)];
        let setup = Setup {
            count: 8,
            bars: &bars,
            ari: false,
        };
        Enable::start(&mut config, sriov, &setup, ms(0)).unwrap();
        let again = Enable::start(&mut config, sriov, &setup, ms(1));
        assert_eq!(again.unwrap_err(), Error::Enabled(PF));
        let disable = Disable::start(&mut config, sriov, ms(2));
        assert_eq!(sriov.control(&config), Control::new());
        assert_eq!(
            disable.poll(&mut config, ms(1001)),
            Progress::Wait(ms(1002))
        );
        assert_eq!(config.read16(PF, 0x170), 8, "the number is kept meanwhile");
        assert_eq!(disable.poll(&mut config, ms(1002)), Progress::Done);
        assert_eq!(config.read16(PF, 0x170), 0);
        assert!(Enable::start(&mut config, sriov, &setup, ms(1002)).is_ok());
    }
}
