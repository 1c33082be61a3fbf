// SPDX-License-Identifier: BSD-2-Clause
//! What a client may do with the configuration space of its virtual function: read all of it, and
//! write the bus master bit and MSI-X enable and function mask. Everything else (BARs, resets,
//! payload sizes) would reach beyond the function, or past the manager.

use pci::{Bdf, CONFIG_BYTES, Command, PciConfig, find, id};
use sriov::set_bus_master;

const COMMAND: u16 = 0x04;
/// MSI-X message control, upper half of the capability's first double word: enable, function mask.
const MSIX_BITS: u32 = 0xc000_0000;

/// The double word at `offset`; `None` if there is none.
pub(crate) fn read(config: &impl PciConfig, function: Bdf, offset: u16) -> Option<u32> {
    let exists = offset < CONFIG_BYTES && offset.is_multiple_of(4);
    exists.then(|| config.read32(function, offset))
}

/// Writes what may be written of the double word at `offset`; `None` if that is nothing.
pub(crate) fn write(
    config: &mut impl PciConfig,
    function: Bdf,
    offset: u16,
    value: u32,
) -> Option<()> {
    if offset == COMMAND {
        let command = Command::from_bits(value as u16);
        set_bus_master(config, function, command.bus_master());
        return Some(());
    }
    let msix = find(config, function, id::MSIX).ok().flatten();
    if msix != Some(offset) {
        return None;
    }
    // The lower half is read-only.
    config.write32(function, offset, value & MSIX_BITS);
    Some(())
}

#[cfg(test)]
mod tests {
    use pci::fake::{FakeConfig, FakeFunction};

    use super::*;

    const VF: Bdf = Bdf(0x98);

    /// MSI-X at 0x70, PCI Express at 0xa0; every bit of both can be written.
    fn space() -> FakeConfig<1> {
        let mut function = FakeFunction::virtual_function();
        function.capability(0x70, id::MSIX as u8, 0xa0, 2);
        function.capability(0xa0, id::EXPRESS as u8, 0, 2);
        for offset in (0..CONFIG_BYTES).step_by(4).filter(|offset| *offset != 4) {
            function.writable(offset, u32::MAX);
        }
        let mut config = FakeConfig::new();
        config.add(VF, function);
        config
    }

    #[test]
    fn every_double_word_can_be_read() {
        let config = space();
        assert_eq!(read(&config, VF, 0x70), Some(0x0002_a011));
        assert_eq!(read(&config, VF, 0xffc), Some(0));
        for offset in [1, 2, 3, 0x71, 0x1000, 0xfffc, u16::MAX] {
            assert_eq!(read(&config, VF, offset), None, "{offset:#x}");
        }
    }

    #[test]
    fn two_double_words_can_be_written_and_only_some_bits_of_them() {
        for offset in 0..=u16::MAX {
            let mut config = space();
            let written = write(&mut config, VF, offset, u32::MAX);
            let log: std::vec::Vec<_> = config.log().iter().map(|w| (w.offset, w.value)).collect();
            match offset {
                4 => assert_eq!(log, [(4, 6)]),
                0x70 => assert_eq!(log, [(0x70, 0xc000_0000)]),
                _ => assert!(log.is_empty(), "{offset:#x}"),
            }
            assert_eq!(written.is_some(), !log.is_empty());
        }
        let mut config = space();
        write(&mut config, VF, 4, 0).unwrap();
        assert_eq!(
            config.read32(VF, 4),
            0x10_0002,
            "its memory is still decoded"
        );
    }

    #[test]
    fn without_the_capability_there_is_nothing_to_write() {
        let mut config = FakeConfig::<1>::new();
        config.add(VF, FakeFunction::virtual_function());
        assert_eq!(write(&mut config, VF, 0x70, u32::MAX), None);
        assert_eq!(write(&mut config, VF, 0, u32::MAX), None);
    }
}
