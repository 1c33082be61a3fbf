// SPDX-License-Identifier: BSD-2-Clause
//! A network card with eight virtual functions, with the numbers that QEMU's 82576 shows.

use core::time::Duration;

use pci::fake::{FakeConfig, FakeFunction};
use pci::{Bdf, id};

pub const PF: Bdf = Bdf(0x18);

pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// The physical function, and nobody where its virtual functions will be.
pub fn network_card() -> FakeConfig<9> {
    let mut function = FakeFunction::endpoint(0x8086, 0x10c9);
    function.extended(0x100, 1, 0x160);
    function.extended(0x160, id::SRIOV, 0);
    function.writable(0x168, 0x0000_0019);
    function.clear_by_one(0x168, 0x0001_0000);
    function.set(0x16c, 0x0008_0008);
    function.writable(0x170, 0x0000_ffff);
    function.set(0x174, 0x0002_0080);
    function.set(0x178, 0x10ca_0000);
    function.set(0x17c, 0x553);
    function.set(0x180, 1);
    function.writable(0x180, 0x553);
    function.bar(0x184, 0x4000, 0b1100);
    function.bar(0x190, 0x4000, 0b1100);
    let mut config = FakeConfig::new();
    config.add(PF, function);
    config
}

/// The virtual functions, once they are enabled.
pub fn appear(config: &mut FakeConfig<9>, count: u16) {
    for index in 0..count {
        config.add(Bdf(0x98 + 2 * index), FakeFunction::virtual_function());
    }
}
