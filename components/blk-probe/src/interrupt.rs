// SPDX-License-Identifier: BSD-2-Clause
//! The function's interrupt: one entry of its MSI-X table, in its own BAR 0, with the message that
//! goes through the IOMMU's remapping table.

use core::cell::Cell;

use mmio::Mmio;
use pci::Message;
use pci::{Bdf, MsiX, PciConfig};
use pf_manager_interface::{Call, Error, PfManager};

use crate::Failure;

/// The entry that is used. Every table has it.
pub(crate) const VECTOR: u16 = 0;
/// Bytes of an entry.
const ENTRY: u64 = 16;

/// The function's own configuration space, by the PF manager.
struct Config<'a, C> {
    manager: &'a PfManager<C>,
    /// The first call that failed.
    error: Cell<Option<Error>>,
}

impl<C: Call> Config<'_, C> {
    fn note<T>(&self, result: Result<T, Error>) -> Option<T> {
        let error = result.as_ref().err().copied();
        self.error.set(self.error.get().or(error));
        result.ok()
    }
}

impl<C: Call> PciConfig for Config<'_, C> {
    fn read32(&self, _: Bdf, offset: u16) -> u32 {
        self.note(self.manager.read_config(offset))
            .unwrap_or(u32::MAX)
    }
    fn write32(&mut self, _: Bdf, offset: u16, value: u32) {
        self.note(self.manager.write_config(offset, value));
    }
}

/// Switches the function's interrupts off. To be done before the controller is started.
pub(crate) fn disarm<C: Call>(manager: &PfManager<C>, function: Bdf) -> Result<(), Failure> {
    with_table(manager, function, |table, config| {
        table.set(config, false, false);
        Ok(())
    })
}

/// Makes completions raise the interrupt that was granted as `handle`.
pub(crate) fn arm<C: Call>(
    manager: &PfManager<C>,
    function: Bdf,
    handle: u16,
    registers: &mut impl Mmio,
) -> Result<(), Failure> {
    with_table(manager, function, |table, config| {
        let end = u64::from(table.table.offset) + ENTRY * u64::from(VECTOR + 1);
        if table.table.bar != 0 || end > registers.size() as u64 {
            return Err(Failure::Interrupts);
        }
        let message = Message::single(handle);
        pci::write_entry(
            registers,
            table.table.offset as usize,
            VECTOR,
            (message.address, message.data),
            false,
        );
        table.set(config, true, false);
        Ok(())
    })
}

fn with_table<C: Call>(
    manager: &PfManager<C>,
    function: Bdf,
    work: impl FnOnce(MsiX, &mut Config<'_, C>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut config = Config {
        manager,
        error: Cell::new(None),
    };
    let result = match MsiX::read(&config, function) {
        Ok(table) => work(table, &mut config),
        Err(_) => Err(Failure::Interrupts),
    };
    config
        .error
        .get()
        .map_or(result, |error| Err(Failure::Manager(error)))
}
