// SPDX-License-Identifier: BSD-2-Clause
//! DMA of the NVMe function to what it was not granted.

use hostile_vf_tests::{SECRET_WORDS, secret};
use nvme_io::Direction;
use pf_manager_interface::Access;
use sel4_test::{TestResult, check};

use crate::disk::{BUFFER_BYTES, Disk};
use crate::world::{DISK, Watch, secret_paddr, tables_paddr};

/// Reasons: no right to write, no right to read.
const WRITE: u8 = 5;
const READ: u8 = 6;
/// Where the owner's device has the secret.
const SECRET_OF_THE_OTHER: u64 = 0x3001_0000;
/// The kernel is loaded at 1 MiB.
const KERNEL: u64 = 0x10_0000;

pub fn memory_of_others_is_out_of_reach() -> TestResult {
    let mut disk = Disk::start()?;
    let end = disk.buffer.bus_address() + BUFFER_BYTES as u64;
    for (direction, at) in [
        (Direction::Read, secret_paddr()),
        (Direction::Read, SECRET_OF_THE_OTHER),
        (Direction::Read, tables_paddr()),
        (Direction::Read, KERNEL),
        (Direction::Write, KERNEL),
        (Direction::Read, disk.readable),
        (Direction::Read, end),
        (Direction::Write, end),
    ] {
        disk.works()?;
        let watch = Watch::begin();
        disk.order(direction, 0, 1, at)?;
        // To read blocks is to write memory.
        match direction {
            Direction::Read => DISK.expect_caught(Access::Write, at, WRITE)?,
            Direction::Write => DISK.expect_caught(Access::Read, at, READ)?,
        }
        watch.end()?;
        disk = Disk::start()?;
    }
    disk.works()
}

pub fn a_read_brings_nothing_of_others() -> TestResult {
    let mut disk = Disk::start()?;
    let own = disk.buffer.bus_address();
    disk.fill(8, 0x0a0a);
    disk.move_blocks(Direction::Write, 0, 8, own)?;
    let watch = Watch::begin();
    disk.order(Direction::Write, 0, 8, secret_paddr())?;
    DISK.expect_caught(Access::Read, secret_paddr(), READ)?;
    watch.end()?;
    let mut disk = Disk::start()?;
    disk.fill(8, 0x0b0b);
    disk.move_blocks(Direction::Read, 0, 8, own)?;
    for offset in (0..4096).step_by(8) {
        let word = disk.buffer.read64(offset);
        let leaked = (0..SECRET_WORDS as u64).any(|of| secret(of) == word);
        check!(!leaked, "{word:#x} leaked to the namespace");
    }
    Ok(())
}
