// SPDX-License-Identifier: BSD-2-Clause
//! From whatever state to a device whose virtual functions are told that they may start (§4.5).
//! Nobody's policy is applied yet, so nobody receives or transmits.

use core::fmt;
use core::time::Duration;

use mmio::{ABSENT32, Mmio};

use crate::registers::{ADDRESS_FILTERS, MTA_WORDS, Reg, Registers, mta, ral, vfta, vlvf};

const CTRL_RST: u32 = 1 << 26;
const CTRL_SLU: u32 = 1 << 6;
/// Virtual functions may leave their reset.
const CTRL_EXT_PFRSTD: u32 = 1 << 14;
/// EIAME, PBA support, several MSI-X vectors, non-selective clear of causes. Without the third
/// no virtual function gets an interrupt.
const GPIE: u32 = 0xc000_0011;
/// Pools by address.
const MRQC_VMDQ: u32 = 3;
/// No default pool; replicate what is for several.
const VT_CTL: u32 = 1 << 29 | 1 << 30;
/// Frames between pools stay inside.
const DTXSWC_LOOPBACK: u32 = 1 << 31;
const TCTL_EN: u32 = 1 << 1;
/// Enable, long frames (limited for each pool), broadcasts, VLAN filter, CRC stripped.
const RCTL: u32 = 1 << 1 | 1 << 5 | 1 << 15 | 1 << 18 | 1 << 26;
/// Causes that the driver wants: mailbox and virtual function reset.
const ICR_VMMB: u32 = 1 << 8;
const IVAR_VALID: u32 = 0x80;

/// The datasheet asks for 1 ms before the first access; real devices take up to 10 ms.
const RESET_WAIT: Duration = Duration::from_millis(10);
const RESET_LIMIT: Duration = Duration::from_secs(1);

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is to be done before this time; asking earlier does no harm.
    Wait(Duration),
    /// It is over.
    Done,
}

/// Why the device cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Its registers read all ones: it is gone, or does not decode its memory.
    Absent,
    /// Its reset does not end.
    ResetStuck,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the network card does not answer: is its memory decoded?",
            Self::ResetStuck => "the network card does not come out of its reset",
        })
    }
}

/// A bring-up under way.
#[derive(Clone, Copy, Debug)]
pub struct Bringup {
    next: Duration,
    limit: Duration,
    interrupt_vector: Option<u8>,
    done: bool,
}

impl Bringup {
    /// Resets the device. Events come as MSI-X vector `interrupt_vector` (0 to 9), or are to be
    /// polled for.
    ///
    /// # Errors
    ///
    /// [`Failure::Absent`].
    pub fn start(
        registers: &mut impl Mmio,
        interrupt_vector: Option<u8>,
        now: Duration,
    ) -> Result<Self, Failure> {
        if registers.get(Reg::Status) == ABSENT32 {
            return Err(Failure::Absent);
        }
        registers.set(Reg::Imc, u32::MAX);
        registers.set(Reg::Eimc, u32::MAX);
        registers.modify(Reg::Ctrl, |ctrl| ctrl | CTRL_RST);
        let next = now.saturating_add(RESET_WAIT);
        let limit = next.saturating_add(RESET_LIMIT);
        Ok(Self {
            next,
            limit,
            interrupt_vector,
            done: false,
        })
    }

    /// Goes on as far as possible at time `now`.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn poll(&mut self, registers: &mut impl Mmio, now: Duration) -> Result<Progress, Failure> {
        if self.done {
            return Ok(Progress::Done);
        }
        if now < self.next {
            return Ok(Progress::Wait(self.next));
        }
        let control = registers.get(Reg::Ctrl);
        if control & CTRL_RST != 0 {
            if now >= self.limit {
                let gone = control == ABSENT32;
                return Err(if gone {
                    Failure::Absent
                } else {
                    Failure::ResetStuck
                });
            }
            self.next = now.saturating_add(RESET_WAIT).min(self.limit);
            return Ok(Progress::Wait(self.next));
        }
        self.initialise(registers);
        self.done = true;
        Ok(Progress::Done)
    }

    fn initialise(&self, registers: &mut impl Mmio) {
        registers.set(Reg::Imc, u32::MAX);
        registers.set(Reg::Eimc, u32::MAX);
        // Reading clears what is left of earlier.
        let _ = registers.get(Reg::Icr);
        registers.modify(Reg::Ctrl, |ctrl| ctrl | CTRL_SLU);

        registers.set(Reg::Vfre, 0);
        registers.set(Reg::Vfte, 0);
        for word in 0..MTA_WORDS {
            registers.write32(mta(word), 0);
            registers.write32(vfta(word), 0);
        }
        for index in 0..ADDRESS_FILTERS {
            registers.write32(ral(index) + 4, 0);
            registers.write32(ral(index), 0);
        }
        for index in 0..32 {
            registers.write32(vlvf(index), 0);
        }
        registers.set(Reg::Mrqc, MRQC_VMDQ);
        registers.set(Reg::VtCtl, VT_CTL);
        registers.set(Reg::Dtxswc, DTXSWC_LOOPBACK);
        registers.set(Reg::Qde, 0xff);

        registers.set(Reg::Gpie, GPIE);
        registers.set(Reg::Mbvfimr, 0xff);
        if let Some(vector) = self.interrupt_vector.filter(|vector| *vector < 10) {
            let entry = IVAR_VALID | u32::from(vector);
            registers.set(Reg::IvarMisc, entry << 8);
            registers.set(Reg::Ims, ICR_VMMB);
            registers.set(Reg::Eims, 1 << vector);
        }
        registers.set(Reg::Rlpml, 9728);
        registers.modify(Reg::Tctl, |tctl| tctl | TCTL_EN);
        registers.modify(Reg::Rctl, |rctl| rctl | RCTL);
        registers.set(Reg::Vflre, 0xff);
        registers.set(Reg::Mbvficr, 0x00ff_00ff);
        registers.modify(Reg::CtrlExt, |ctrl| ctrl | CTRL_EXT_PFRSTD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igb_model::{Card, ms};

    #[test]
    fn virtual_functions_may_start_only_after_everything_else() {
        let mut card = Card::new();
        card.reset_ends_after = 1;
        let mut bringup = Bringup::start(&mut card, Some(2), ms(0)).unwrap();
        assert_eq!(bringup.poll(&mut card, ms(9)), Ok(Progress::Wait(ms(10))));
        assert_eq!(bringup.poll(&mut card, ms(10)), Ok(Progress::Wait(ms(20))));
        assert_eq!(bringup.poll(&mut card, ms(20)), Ok(Progress::Done));
        assert_eq!(card.log.last(), Some(&(0x18, 0x4000)));
        for (register, value) in [
            (0x1514, 0xc000_0011),
            (0x1740, 0x8200),
            (0x5818, 3),
            (0x581c, 0x6000_0000),
            (0x3500, 0x8000_0000),
            (0x0c8c, 0),
            (0x2408, 0xff),
            (0x0400, 2),
            (0x0100, 0x0404_8022),
            (0x5404, 0),
            (0x54e0 + 7 * 8 + 4, 0),
        ] {
            assert!(card.log.contains(&(register, value)), "{register:#x}");
        }
        let log = card.log.len();
        assert_eq!(bringup.poll(&mut card, ms(30)), Ok(Progress::Done));
        assert_eq!(card.log.len(), log);
    }

    #[test]
    fn a_device_that_does_not_come_back_is_given_up() {
        let mut card = Card::new();
        card.reset_ends_after = usize::MAX;
        let mut bringup = Bringup::start(&mut card, None, ms(0)).unwrap();
        assert_eq!(
            bringup.poll(&mut card, ms(1009)),
            Ok(Progress::Wait(ms(1010)))
        );
        assert_eq!(bringup.poll(&mut card, ms(1010)), Err(Failure::ResetStuck));
        let mut gone = mmio::FakeMmio::<0x20000>::absent();
        assert_eq!(
            Bringup::start(&mut gone, None, ms(0)).unwrap_err(),
            Failure::Absent
        );
    }
}
