// SPDX-License-Identifier: BSD-2-Clause
//! The driver against the model.

mod hostile;
mod life;
mod transfers;

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

/// Starts a driver and goes on until it runs or fails.
fn try_start(model: &Model, driver: &mut Driver, namespace: u32) -> crate::Result<State> {
    model.borrow_mut().msix = false;
    driver.start(NamespaceId(namespace), ms(0)).unwrap();
    let mut now = ms(0);
    loop {
        match driver.poll(now)? {
            State::Starting(next) => now = next,
            State::Interrupts => model.borrow_mut().msix = true,
            state => return Ok(state),
        }
    }
}

/// Starts a driver that is to come up.
fn start(model: &Model, driver: &mut Driver) {
    let state = try_start(model, driver, NAMESPACE);
    assert!(matches!(state, Ok(State::Running(_))), "{state:?}");
}

fn running() -> (Model, Driver) {
    let (model, mut driver) = new();
    start(&model, &mut driver);
    (model, driver)
}
