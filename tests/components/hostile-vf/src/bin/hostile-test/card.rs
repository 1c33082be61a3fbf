// SPDX-License-Identifier: BSD-2-Clause
//! The network function, by hand: one ring in each direction, and the interrupt of vector 0 (82576
//! datasheet, §7.1.5, §7.2.2, §8.26, §9.7).

use igbvf::Reg;
use mmio::{Mmio, MmioRegion, SharedRegion};
use sel4_microkit::memory_region_symbol;
use sel4_test::{Failure, TestResult, check_eq, fail};

use crate::world::{CARD, ms, sleep};

const MAILBOX_BUFFER: usize = 0x800;
const REQUEST: u32 = 1;
const VF_USES: u32 = 1 << 2;
const PF_STATUS: u32 = 1 << 4;
/// The answer to the first message.
const WELCOME: u32 = 1 << 31 | 1;
const RESET: u32 = 1 << 26;
const QUEUE_ENABLE: u32 = 1 << 25;
/// One buffer for each frame, and descriptors to match.
const ADVANCED: u32 = 1 << 25;
/// A frame that is one buffer, in an advanced descriptor.
const FRAME: u64 = 0b0011 << 20 | 1 << 24 | 1 << 25 | 1 << 29;
const FRAME_BYTES: u64 = 60;

/// Descriptors of each ring.
pub const DESCRIPTORS: u32 = 64;
const RING: usize = 0x400;
/// Where what is in the memory that the function was granted.
const TRANSMIT: usize = 0;
const RECEIVE: usize = 0x400;
const BUFFER: usize = 0x1000;
/// The capability MSI-X.
const MSIX: u16 = 0x70;

pub struct Card {
    registers: MmioRegion,
    msix: MmioRegion,
    memory: SharedRegion,
    tail: u32,
}

impl Card {
    /// Has the function, and the physical function's leave to send and receive.
    pub fn start() -> Result<Self, Failure> {
        CARD.have()?;
        let registers = memory_region_symbol!(card: *mut u8);
        let msix = memory_region_symbol!(card_msix: *mut u8);
        let memory = memory_region_symbol!(card_memory: *mut u8);
        let at = memory.addr().get() as u64;
        // SAFETY: the regions have these sizes; tests run one after the other and each drops its
        // `Card`.
        let (registers, msix, memory) = unsafe {
            (
                MmioRegion::new(registers, 0x4000),
                MmioRegion::new(msix, 0x4000),
                SharedRegion::new(memory, 0x2000, at),
            )
        };
        let mut card = Self {
            registers,
            msix,
            memory,
            tail: 0,
        };
        card.set(Reg::Txdctl, 0);
        card.set(Reg::Rxdctl, 0);
        card.welcome()?;
        Ok(card)
    }

    pub fn set(&mut self, register: Reg, value: u32) {
        self.registers.write32(register as usize, value);
    }

    pub fn get(&self, register: Reg) -> u32 {
        self.registers.read32(register as usize)
    }

    /// Memory of its own, as the function has it.
    pub fn own(&self) -> u64 {
        self.memory.bus_address() + BUFFER as u64
    }

    /// Introduces itself to the physical function.
    pub fn welcome(&mut self) -> TestResult {
        self.set(Reg::V2pMailbox, VF_USES);
        self.registers.write32(MAILBOX_BUFFER, 1);
        self.set(Reg::V2pMailbox, REQUEST);
        for _ in 0..100 {
            if self.get(Reg::V2pMailbox) & PF_STATUS != 0 {
                check_eq!(self.registers.read32(MAILBOX_BUFFER), WELCOME);
                return Ok(());
            }
            sleep(ms(1))?;
        }
        fail!("the PF manager does not answer")
    }

    /// Resets itself.
    pub fn reset(&mut self) {
        self.set(Reg::Ctrl, RESET);
    }

    /// Switches the transmit ring on, empty.
    pub fn begin_sending(&mut self) {
        let at = self.memory.bus_address() + TRANSMIT as u64;
        self.set(Reg::Txdctl, 0);
        self.set(Reg::Tdbal, at as u32);
        self.set(Reg::Tdbah, (at >> 32) as u32);
        self.set(Reg::Tdlen, RING as u32);
        self.set(Reg::Tdh, 0);
        self.set(Reg::Tdt, 0);
        self.set(Reg::Txdctl, QUEUE_ENABLE);
        self.tail = 0;
    }

    /// Queues a frame that is at `address`.
    pub fn queue(&mut self, address: u64) {
        let at = TRANSMIT + self.tail as usize * 16;
        let control = FRAME_BYTES << 46 | FRAME | FRAME_BYTES;
        self.memory.write64(at, address);
        self.memory.write64(at + 8, control);
        self.tail = (self.tail + 1) % DESCRIPTORS;
    }

    /// Has it send what is queued.
    pub fn send(&mut self) {
        let tail = self.tail;
        self.set(Reg::Tdt, tail);
    }

    /// Has received frames written to `address`.
    pub fn receive_at(&mut self, address: u64) {
        for descriptor in 0..DESCRIPTORS as usize {
            self.memory.write64(RECEIVE + descriptor * 16, address);
            self.memory.write64(RECEIVE + descriptor * 16 + 8, 0);
        }
        let at = self.memory.bus_address() + RECEIVE as u64;
        self.set(Reg::Rdbal, at as u32);
        self.set(Reg::Rdbah, (at >> 32) as u32);
        self.set(Reg::Rdlen, RING as u32);
        self.set(Reg::Srrctl, ADVANCED | 2);
        self.set(Reg::Rdh, 0);
        self.set(Reg::Rdt, 0);
        self.set(Reg::Rxdctl, QUEUE_ENABLE);
        self.set(Reg::Rdt, DESCRIPTORS - 1);
    }

    /// Puts a frame into its own memory, to everybody or to nobody; where the function has it.
    pub fn frame(&mut self, to_everybody: bool) -> u64 {
        let to = if to_everybody { 0xffff_ffff_ffff } else { 0x2 };
        self.memory.write64(BUFFER, 0x0002 << 48 | to);
        self.memory.write64(BUFFER + 8, 0xb588_0a00_0000);
        for offset in (16..64).step_by(8) {
            self.memory.write64(BUFFER + offset, 0);
        }
        self.own()
    }

    /// Fills the buffer with a value.
    pub fn mark(&mut self, value: u64) {
        for offset in (0..0x1000).step_by(8) {
            self.memory.write64(BUFFER + offset, value);
        }
    }

    /// Whether the buffer still holds it.
    pub fn is_marked(&self, value: u64) -> bool {
        let mut offsets = (0..0x1000).step_by(8);
        offsets.all(|offset| self.memory.read64(BUFFER + offset) == value)
    }

    /// Gives its vector 0 the message with this index and raises it.
    pub fn interrupt(&mut self, index: u16) -> TestResult {
        let message = pci::Message::single(index);
        self.msix.write32(0, message.address as u32);
        self.msix.write32(4, 0);
        self.msix.write32(8, message.data);
        self.msix.write32(12, 0);
        CARD.manager().write_config(MSIX, 1 << 31)?;
        self.set(Reg::Eims, 1);
        self.set(Reg::Eicr, 1);
        self.set(Reg::Eics, 1);
        Ok(())
    }
}
