// SPDX-License-Identifier: BSD-2-Clause
//! The block device: virtio 1.2 §5.2.

mod medium;

use vmm_base::GuestRam;

use crate::Violation;
use crate::device::{Device, Kind, drain};
use crate::devices::byte;
use crate::queue::{Chain, Queue};

pub use medium::{Medium, MediumError, MemoryMedium};

/// Bytes of a sector, the unit of addresses.
pub const SECTOR: u64 = 512;

/// VIRTIO_BLK_F_SIZE_MAX: the configuration has the largest size of a buffer.
const F_SIZE_MAX: u64 = 1 << 1;
/// VIRTIO_BLK_F_SEG_MAX: it has the largest number of buffers.
const F_SEG_MAX: u64 = 1 << 2;
/// VIRTIO_BLK_F_RO: nothing can be written.
const F_RO: u64 = 1 << 5;
/// VIRTIO_BLK_F_BLK_SIZE: it has the size of a block.
const F_BLK_SIZE: u64 = 1 << 6;
/// VIRTIO_BLK_F_FLUSH: there is a request to flush.
const F_FLUSH: u64 = 1 << 9;

/// Buffers of a request, beside its header and its status.
const SEG_MAX: u32 = 126;
/// Bytes of each.
const SIZE_MAX: u32 = 8192;
/// The longest request in bytes: about 1 MiB, which bounds the time that one takes.
const LONGEST: usize = SEG_MAX as usize * SIZE_MAX as usize;
/// Requests at a time.
const BATCH: usize = 16;

/// Bytes of a header: type, reserved, sector.
const HEADER: usize = 16;
/// Types of requests.
const IN: u32 = 0;
const OUT: u32 = 1;
const FLUSH: u32 = 4;
const GET_ID: u32 = 8;

/// Bytes of the name that `GET_ID` tells.
const ID: usize = 20;

/// How a request ended: the byte that the driver gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Status {
    Ok = 0,
    Error = 1,
    Unsupported = 2,
}

/// A disk.
#[derive(Debug)]
pub struct Block<M> {
    config: [u8; 24],
    id: [u8; ID],
    medium: M,
}

impl<M: Medium> Block<M> {
    /// A disk on `medium`, of which a last part of a sector is left out. `id`: its name, of which
    /// 20 bytes are told.
    pub fn new(medium: M, id: &str) -> Self {
        let mut config = [0; 24];
        config[..8].copy_from_slice(&(medium.size() / SECTOR).to_le_bytes());
        config[8..12].copy_from_slice(&SIZE_MAX.to_le_bytes());
        config[12..16].copy_from_slice(&SEG_MAX.to_le_bytes());
        config[20..24].copy_from_slice(&(SECTOR as u32).to_le_bytes());
        let mut name = [0; ID];
        for (byte, of) in name.iter_mut().zip(id.bytes()) {
            *byte = of;
        }
        Self {
            config,
            id: name,
            medium,
        }
    }

    fn request(&mut self, ram: &GuestRam<'_>, chain: &mut Chain) -> Result<u32, Violation> {
        let mut header = [0; HEADER];
        let length = chain.read(ram, &mut header)?;
        if length < HEADER {
            let needed = HEADER;
            return Err(Violation::BufferLength { length, needed });
        }
        let (length, needed) = (chain.writable(), 1);
        if length < needed {
            return Err(Violation::BufferLength { length, needed });
        }
        let header = u128::from_le_bytes(header);
        let status = self.perform(header as u32, (header >> 64) as u64, ram, chain)?;
        chain.skip_to_last_byte();
        chain.write(ram, &[status as u8])?;
        Ok(chain.written())
    }

    fn perform(
        &mut self,
        kind: u32,
        sector: u64,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<Status, Violation> {
        let done = match kind {
            IN => self.read(sector, ram, chain),
            OUT => self.write(sector, ram, chain),
            FLUSH => self.medium.flush(),
            GET_ID => {
                let room = (chain.writable() - 1).min(ID);
                chain.write(ram, &self.id[..room])?;
                Ok(())
            }
            _ => return Ok(Status::Unsupported),
        };
        Ok(done.map_or(Status::Error, |()| Status::Ok))
    }

    fn read(
        &mut self,
        sector: u64,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<(), MediumError> {
        let mut left = chain.writable() - 1;
        let mut offset = self.offset(sector, left)?;
        while let Some(piece) = chain.next_writable(left) {
            self.medium.read(offset, ram, piece.at, piece.length)?;
            (left, offset) = (left - piece.length, offset + piece.length as u64);
        }
        Ok(())
    }

    fn write(
        &mut self,
        sector: u64,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<(), MediumError> {
        let length = chain.readable();
        let mut offset = self.offset(sector, length)?;
        if self.medium.is_read_only() {
            return Err(MediumError);
        }
        while let Some(piece) = chain.next_readable(length) {
            self.medium.write(offset, ram, piece.at, piece.length)?;
            offset += piece.length as u64;
        }
        Ok(())
    }

    /// Where on the medium a transfer starts, if all of it is there and has whole sectors.
    fn offset(&self, sector: u64, length: usize) -> Result<u64, MediumError> {
        let sectors = self.medium.size() / SECTOR;
        let bytes = length as u64;
        let end = sector.checked_add(bytes / SECTOR);
        let fits = end.is_some_and(|end| end <= sectors);
        if fits && bytes.is_multiple_of(SECTOR) && length <= LONGEST {
            Ok(sector * SECTOR)
        } else {
            Err(MediumError)
        }
    }
}

impl<M: Medium> Device for Block<M> {
    const KIND: Kind = Kind {
        id: 2,
        class: 0x01_00_00,
        queues: &[128],
    };

    fn features(&self) -> u64 {
        let read_only = if self.medium.is_read_only() { F_RO } else { 0 };
        F_SIZE_MAX | F_SEG_MAX | F_BLK_SIZE | F_FLUSH | read_only
    }

    fn config(&self, offset: usize) -> u8 {
        byte(&self.config, offset)
    }

    fn serve(
        &mut self,
        _: usize,
        queue: &mut Queue,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<bool, Violation> {
        drain(queue, ram, chain, BATCH, |chain| self.request(ram, chain))
    }
}
