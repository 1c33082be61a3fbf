// SPDX-License-Identifier: BSD-2-Clause
//! An igb's virtual function, by hand (Intel 82576 datasheet, 7.10.2.9.1 and 8.14).

use mmio::{Mmio, MmioRegion};
use sel4_microkit::memory_region_symbol;

use crate::client::{ms, sleep};

const SIZE: usize = 0x4000;

pub const STATUS: usize = 0x8;
const MAILBOX: usize = 0xc40;
const BUFFER: usize = 0x800;
const REQUEST: u32 = 1;
const VF_USES: u32 = 1 << 2;
const PF_STATUS: u32 = 1 << 4;
const TDBAL: usize = 0x3800;
const TDBAH: usize = 0x3804;
const TDLEN: usize = 0x3808;
/// How far it has fetched.
pub const TDH: usize = 0x3810;
const TDT: usize = 0x3818;
const TXDCTL: usize = 0x3828;
const TXDCTL_ENABLE: u32 = 1 << 25;

/// Bits of an answer.
pub const ACK: u32 = 1 << 31;
pub const NACK: u32 = 1 << 30;
pub const CLEAR_TO_SEND: u32 = 1 << 29;

/// Its registers.
pub struct Card(MmioRegion);

impl Card {
    /// That of the first network function.
    pub fn a() -> Self {
        let base = memory_region_symbol!(net_a: *mut u8);
        // SAFETY: the registers are mapped there; tests run one after the other.
        Self(unsafe { MmioRegion::new(base, SIZE) })
    }

    /// That of the second one.
    pub fn b() -> Self {
        let base = memory_region_symbol!(net_b: *mut u8);
        // SAFETY: the registers are mapped there; tests run one after the other.
        Self(unsafe { MmioRegion::new(base, SIZE) })
    }

    pub fn read(&self, register: usize) -> u32 {
        self.0.read32(register)
    }

    /// Sends a message to the physical function. `false` if that has the buffer.
    fn send(&mut self, words: &[u32]) -> bool {
        self.0.write32(MAILBOX, VF_USES);
        if self.read(MAILBOX) & VF_USES == 0 {
            return false;
        }
        for (n, word) in words.iter().enumerate() {
            self.0.write32(BUFFER + 4 * n, *word);
        }
        // The request gives the buffer to the physical function.
        self.0.write32(MAILBOX, REQUEST);
        true
    }

    /// The three words of an answer, if there is one.
    fn answer(&self) -> Option<[u32; 3]> {
        let answered = self.read(MAILBOX) & PF_STATUS != 0;
        answered.then(|| [0, 4, 8].map(|n| self.read(BUFFER + n)))
    }

    /// Sends a message to the physical function; the three words of its answer, if one comes.
    pub fn ask(&mut self, words: &[u32]) -> Option<[u32; 3]> {
        if !self.send(words) {
            return None;
        }
        for _ in 0..100 {
            if let Some(answer) = self.answer() {
                return Some(answer);
            }
            sleep(ms(5)).ok()?;
        }
        None
    }

    /// The same, without giving up the processor, as Linux' `igbvf` waits.
    pub fn ask_at_once(&mut self, words: &[u32]) -> Option<[u32; 3]> {
        let sent = self.send(words);
        // Far less than the PF manager's slow polling takes.
        let mut looks = (0..1000).filter(|_| sent);
        looks.find_map(|_| self.answer())
    }

    /// Has it fetch a descriptor from `address`.
    pub fn fetch(&mut self, address: u64) {
        self.0.write32(TXDCTL, 0);
        self.0.write32(TDBAL, address as u32);
        self.0.write32(TDBAH, (address >> 32) as u32);
        self.0.write32(TDLEN, 0x1000);
        self.0.write32(TDH, 0);
        self.0.write32(TDT, 0);
        self.0.write32(TXDCTL, TXDCTL_ENABLE);
        self.0.write32(TDT, 1);
    }
}
