// SPDX-License-Identifier: BSD-2-Clause
//! The NVMe function, which reads and writes wherever it is told to.

use core::ptr::NonNull;

use mmio::{MmioRegion, SharedRegion};
use nvme_io::{Direction, NamespaceId, NvmeIo, Shared, State, Status, Transfer};
use sel4_microkit::memory_region_symbol;
use sel4_test::{Failure, TestResult, check_eq, fail};

use crate::world::{DISK, ms, now, sleep};

/// As system.xml says: bytes of the buffer.
pub const BUFFER_BYTES: usize = 0x4_0000;
/// Blocks have 512 bytes.
const BLOCK: u64 = 512;
/// What moves in one piece, at most.
pub const MANY: u32 = 64 * 8;

pub struct Disk {
    driver: NvmeIo<MmioRegion, Shared<MmioRegion>>,
    pub buffer: SharedRegion,
    pub readable: u64,
}

fn address(region: NonNull<u8>) -> u64 {
    region.addr().get() as u64
}

impl Disk {
    /// Has the function and starts the controller.
    pub fn start() -> Result<Self, Failure> {
        DISK.have()?;
        let registers = memory_region_symbol!(disk: *mut u8);
        let queues = memory_region_symbol!(disk_queues: *mut u8);
        let buffer = memory_region_symbol!(disk_buffer: *mut u8);
        let readable = memory_region_symbol!(disk_readable: *mut u8);
        // SAFETY: the regions have these sizes; tests run one after the other and each drops its
        // `Disk`.
        let (registers, memory, buffer) = unsafe {
            (
                MmioRegion::new(registers, 0x4000),
                MmioRegion::new(queues, 0x2_0000),
                SharedRegion::new(buffer, BUFFER_BYTES, address(buffer)),
            )
        };
        let queues = Shared::new(memory, address(queues));
        let mut disk = Self {
            driver: NvmeIo::new(registers, queues, None)?,
            buffer,
            readable: address(readable),
        };
        disk.restart()?;
        Ok(disk)
    }

    /// Starts the controller from the beginning.
    pub fn restart(&mut self) -> TestResult {
        self.driver.start(NamespaceId(1), now()?)?;
        for _ in 0..200 {
            if let State::Running(_) = self.driver.poll(now()?)? {
                return Ok(());
            }
            sleep(ms(5))?;
        }
        fail!("the controller does not start")
    }

    /// Has it move blocks, at once.
    pub fn order(
        &mut self,
        direction: Direction,
        block: u64,
        blocks: u32,
        address: u64,
    ) -> TestResult {
        let transfer = Transfer {
            direction,
            block,
            blocks,
            address,
        };
        self.driver.transfer(transfer, now()?)?;
        self.driver.announce();
        Ok(())
    }

    /// Has it move blocks, which must go well.
    pub fn move_blocks(
        &mut self,
        direction: Direction,
        block: u64,
        blocks: u32,
        address: u64,
    ) -> TestResult {
        self.order(direction, block, blocks, address)?;
        self.finish()
    }

    /// Waits until all that was ordered is done, and well.
    pub fn finish(&mut self) -> TestResult {
        for _ in 0..1000 {
            while let Some(done) = self.driver.completion()? {
                check_eq!(done.status, Status::SUCCESS);
            }
            self.driver.announce();
            if self.driver.under_way() == 0 {
                return Ok(());
            }
            sleep(ms(1))?;
        }
        fail!("the controller does not answer")
    }

    /// Fills some blocks of the buffer with a value.
    pub fn fill(&mut self, blocks: u32, value: u64) {
        for offset in (0..u64::from(blocks) * BLOCK).step_by(8) {
            self.buffer.write64(offset as usize, value);
        }
    }

    /// Whether some blocks of the buffer hold a value and nothing else.
    pub fn holds(&self, blocks: u32, value: u64) -> bool {
        let mut offsets = (0..u64::from(blocks) * BLOCK).step_by(8);
        offsets.all(|offset| self.buffer.read64(offset as usize) == value)
    }

    /// Writes to the namespace and reads back.
    pub fn works(&mut self) -> TestResult {
        let at = self.buffer.bus_address();
        self.fill(8, 0x5eed);
        self.move_blocks(Direction::Write, 100, 8, at)?;
        self.fill(8, 0);
        self.move_blocks(Direction::Read, 100, 8, at)?;
        check_eq!(self.holds(8, 0x5eed), true, "what was written was read");
        Ok(())
    }
}
