// SPDX-License-Identifier: BSD-2-Clause
//! The driver against the model.

mod hostile;
mod life;
mod transfers;

use core::time::Duration;

use nvme_io_model::{BUS, Memory, Model, NAMESPACE, Registers, ms};

use crate::{IO_DMA_BYTES, NamespaceId, NvmeIo, Shared, State};

type Driver = NvmeIo<Registers, Shared<Memory>>;

/// Bytes of the namespace.
const DISK: usize = 1 << 20;
/// Memory for data, behind that for queues.
const DATA: usize = IO_DMA_BYTES;
const DATA_BYTES: usize = 1 << 20;

fn data(offset: usize) -> u64 {
    BUS + (DATA + offset) as u64
}

fn new() -> (Model, Driver) {
    let model = Model::new(DISK, DATA + DATA_BYTES);
    let memory = Shared::new(model.memory(0, IO_DMA_BYTES), BUS);
    let driver = NvmeIo::new(model.registers(), memory, Some(0)).unwrap();
    (model, driver)
}

/// Starts a driver that is to come up; says when it did.
fn start(driver: &mut Driver) -> Duration {
    driver.start(NamespaceId(NAMESPACE), ms(0)).unwrap();
    let mut now = ms(0);
    while let State::Starting(next) = driver.poll(now).unwrap() {
        now = next;
    }
    now
}

fn running() -> (Model, Driver) {
    let (model, mut driver) = new();
    start(&mut driver);
    (model, driver)
}
