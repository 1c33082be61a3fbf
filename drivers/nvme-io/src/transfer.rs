// SPDX-License-Identifier: BSD-2-Clause
//! Blocks that are read or written, and how the controller is told (§6.9, §6.15, §4.3).

use core::fmt;

use nvme::Dma;

use crate::Geometry;
use crate::layout::{LIST_BYTES, PAGE};

/// The most that one transfer moves, if the controller allows as much.
pub const MAX_BYTES: u32 = 256 << 10;

const FLUSH: u32 = 0x00;
const WRITE: u32 = 0x01;
const READ: u32 = 0x02;

/// Which way data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the namespace to memory.
    Read,
    /// From memory to the namespace.
    Write,
}

/// Blocks that are to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Which way.
    pub direction: Direction,
    /// The first block.
    pub block: u64,
    /// How many.
    pub blocks: u32,
    /// Where the controller finds the memory; a multiple of 4. It is one piece.
    pub address: u64,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The controller is not ready for commands.
    Stopped,
    /// As many commands are under way as there can be.
    Busy,
    /// No blocks, more than one command can move, or some that the namespace does not have.
    Range,
    /// The address is no multiple of 4, or the memory's end lies beyond all addresses.
    Address,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the NVMe controller is not ready",
            Self::Busy => "too many NVMe commands are under way",
            Self::Range => "the blocks are none, too many, or beyond the end of the namespace",
            Self::Address => "the memory for the blocks is not aligned, or beyond all addresses",
        })
    }
}

impl core::error::Error for Refused {}

impl Transfer {
    /// Its length in bytes, if it is one that the namespace and the controller allow.
    pub(crate) fn check(&self, geometry: &Geometry) -> Result<u32, Refused> {
        let end = self.block.checked_add(self.blocks.into());
        let bytes = self.blocks.checked_mul(geometry.block_bytes);
        let inside = end.is_some_and(|end| end <= geometry.blocks);
        let bytes = bytes
            .filter(|bytes| inside && (1..=geometry.max_bytes).contains(bytes))
            .ok_or(Refused::Range)?;
        // The page behind the last one must have an address too.
        let end = self.address.checked_add(u64::from(bytes) + PAGE as u64);
        if !self.address.is_multiple_of(4) || end.is_none() {
            return Err(Refused::Address);
        }
        Ok(bytes)
    }

    /// The command for a transfer of so many bytes that was checked. What the controller needs to
    /// know of pages beyond two is written to the list at `list` in `memory`.
    pub(crate) fn command(
        &self,
        namespace: u32,
        bytes: u32,
        memory: &mut impl Dma,
        list: usize,
    ) -> [u32; 16] {
        let opcode = match self.direction {
            Direction::Read => READ,
            Direction::Write => WRITE,
        };
        let mut words = command(opcode, namespace);
        pair(&mut words, 6, self.address);
        let second = self.second_pointer(bytes, memory, list);
        pair(&mut words, 8, second);
        pair(&mut words, 10, self.block);
        // At least one, as checked; counted from 0.
        words[12] = self.blocks.saturating_sub(1);
        words
    }

    /// PRP entry 2: nothing, the second page, or a list of all pages but the first (§4.3).
    fn second_pointer(&self, bytes: u32, memory: &mut impl Dma, list: usize) -> u64 {
        let page = PAGE as u64;
        let second = self.address / page * page + page;
        let end = self.address + u64::from(bytes);
        match end.saturating_sub(second).div_ceil(page) {
            0 => 0,
            1 => second,
            pages => {
                let entries = (second..).step_by(PAGE).take(pages as usize);
                for (at, entry) in (list..list + LIST_BYTES).step_by(8).zip(entries) {
                    memory.write32(at, entry as u32);
                    memory.write32(at + 4, (entry >> 32) as u32);
                }
                memory.bus_address() + list as u64
            }
        }
    }
}

/// Makes what was written before durable (§6.8).
pub(crate) fn flush(namespace: u32) -> [u32; 16] {
    command(FLUSH, namespace)
}

fn command(opcode: u32, namespace: u32) -> [u32; 16] {
    let mut words = [0; 16];
    words[0] = opcode;
    words[1] = namespace;
    words
}

fn pair(words: &mut [u32; 16], at: usize, value: u64) {
    words[at] = value as u32;
    words[at + 1] = (value >> 32) as u32;
}
