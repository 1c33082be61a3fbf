// SPDX-License-Identifier: BSD-2-Clause
//! MSI-X, as a driver programs it.

use proptest::prelude::*;
use vmm_base::Width::{Byte, Dword, Qword, Word};
use vmm_base::{Gpa, Message};

use super::device::{ADDRESSES, Device, IDENTITY};
use crate::{Bar, Bus, ConfigSpace, Location, MSI_X, MsiX};

const TABLE: u32 = 0x100;
const PENDING: u32 = 0x800;

struct Table {
    config: ConfigSpace,
    msix: MsiX,
    control: u16,
}

impl Table {
    fn new(vectors: u16) -> Self {
        let mut config = ConfigSpace::new(IDENTITY);
        config.add_bar(0, Bar::memory32(0x1000)).unwrap();
        let place = |offset| Location { bar: 0, offset };
        let control = config.next + 2;
        let msix = MsiX::new(&mut config, vectors, place(TABLE), place(PENDING)).unwrap();
        assert_eq!(config.read(control - 2, Byte), MSI_X.into());
        config.write(4, Word, 1 << 2);
        Self {
            config,
            msix,
            control,
        }
    }

    fn control(&mut self, enable: bool, mask: bool) {
        let value = u32::from(enable) << 15 | u32::from(mask) << 14;
        self.config.write(self.control, Word, value);
    }

    fn entry(&mut self, vector: u16, data: u32, masked: bool) {
        let at = u64::from(TABLE) + 16 * u64::from(vector);
        for (offset, value) in [(0, 0xfee0_1000), (4, 0), (8, data), (12, masked.into())] {
            let done = self.msix.write(0, at + offset, Dword, value.into());
            assert_eq!(done, Some(()));
        }
    }

    fn take(&mut self) -> Option<u32> {
        let message = self.msix.take_message(&self.config)?;
        assert_eq!(message.address, 0xfee0_1000);
        Some(message.data)
    }

    fn pending(&self) -> u64 {
        self.msix.read(0, PENDING.into(), Qword).unwrap()
    }
}

#[test]
fn a_message_is_sent_once() {
    let mut table = Table::new(4);
    table.control(true, false);
    table.entry(1, 0x41, false);
    table.entry(3, 0x43, false);
    table.msix.raise(3);
    table.msix.raise(1);
    table.msix.raise(1);
    assert_eq!(
        (table.take(), table.take(), table.take()),
        (Some(0x41), Some(0x43), None)
    );
    table.msix.raise(4);
    table.msix.raise(u16::MAX);
    assert_eq!((table.take(), table.pending()), (None, 0));
}

#[test]
fn what_is_masked_waits() {
    let mut table = Table::new(4);
    table.control(true, false);
    table.entry(0, 0x40, false);
    table.entry(2, 0x42, true);
    table.msix.raise(2);
    table.msix.raise(0);
    assert_eq!(
        (table.take(), table.take(), table.pending()),
        (Some(0x40), None, 0b100)
    );
    table.entry(2, 0x52, false);
    assert_eq!((table.take(), table.pending()), (Some(0x52), 0));

    table.control(true, true);
    table.msix.raise(0);
    assert_eq!((table.take(), table.pending()), (None, 1));
    table.control(true, false);
    assert_eq!(table.take(), Some(0x40));

    // Not without bus mastering either: a message is a write.
    table.config.write(4, Word, 0);
    table.msix.raise(0);
    assert_eq!(table.take(), None);
    table.config.write(4, Word, 1 << 2);
    assert_eq!(table.take(), Some(0x40));
}

#[test]
fn before_it_is_enabled_messages_are_lost() {
    let mut table = Table::new(2);
    table.entry(0, 0x40, false);
    table.msix.raise(0);
    assert_eq!(table.take(), None);
    table.control(true, false);
    assert_eq!(table.take(), None);
    assert!(table.msix.is_enabled(&table.config));
}

#[test]
fn entries_are_read_as_they_were_written() {
    let mut table = Table::new(4);
    let at = u64::from(TABLE) + 16;
    assert_eq!(table.msix.read(0, at + 12, Dword), Some(1));
    table
        .msix
        .write(0, at, Qword, 0x1234_5678_fee0_0fff)
        .unwrap();
    table
        .msix
        .write(0, at + 8, Qword, 0xffff_fffe_dead_beef)
        .unwrap();
    for (offset, width, value) in [
        (0, Qword, 0x1234_5678_fee0_0ffc),
        (4, Dword, 0x1234_5678),
        (8, Dword, 0xdead_beef),
        (12, Dword, 0),
        // Undefined accesses.
        (2, Word, 0xffff),
        (0, Word, 0xffff),
        (0, Byte, 0xff),
        (4, Qword, u64::MAX),
    ] {
        assert_eq!(
            table.msix.read(0, at + offset, width),
            Some(value),
            "{offset} {width:?}"
        );
    }
    for (offset, width) in [(0, Byte), (1, Dword), (4, Qword), (12, Word)] {
        table.msix.write(0, at + offset, width, 0).unwrap();
    }
    let entry = Message {
        address: 0x1234_5678_fee0_0ffc,
        data: 0xdead_beef,
    };
    assert_eq!(table.msix.entry(1), Some((entry, false)));
    assert_eq!(table.msix.entry(4), None);

    // Pending bits are read-only; elsewhere is somebody else's.
    table.msix.raise(0);
    table.msix.write(0, PENDING.into(), Qword, 0).unwrap();
    assert_eq!(table.pending(), 1);
    for (bar, offset) in [(0, 0xff), (0, 0x140), (1, 0x100), (0, 0x808), (0, u64::MAX)] {
        assert_eq!(table.msix.read(bar, offset, Dword), None);
        assert_eq!(table.msix.write(bar, offset, Dword, 0), None);
    }
    table.msix.reset();
    assert_eq!(table.msix.entry(1), Some((Message::default(), true)));
    assert_eq!(table.pending(), 0);
}

#[test]
fn all_vectors_work() {
    let mut table = Table::new(64);
    table.control(true, false);
    for vector in 0..64 {
        table.entry(vector, 0x100 + u32::from(vector), false);
        table.msix.raise(vector);
    }
    assert_eq!(table.pending(), u64::MAX);
    assert!((0..64).all(|vector| table.take() == Some(0x100 + vector)));
    assert_eq!(table.take(), None);
}

#[test]
fn the_bus_collects_messages() {
    let mut bus = Bus::new(ADDRESSES);
    for device in [1, 2] {
        bus.add(device, Device::new(3)).unwrap();
        bus.write_config(device, 4, Word, 0b110);
        let function = bus.function(device).unwrap();
        let table = function.config.bar_address(2).unwrap();
        let capability = (0x40..0x100)
            .step_by(4)
            .find(|at| function.config.read(*at, Byte) == u32::from(MSI_X))
            .unwrap();
        bus.write_config(device, capability + 2, Word, 1 << 15);
        for (offset, value) in [(0, 0xfee0_0000), (8, 0x60 + u64::from(device))] {
            bus.write_memory(Gpa(table + offset), Qword, value).unwrap();
        }
        bus.function_mut(device).unwrap().msix.raise(0);
    }
    let mut data = || bus.take_message().map(|message| message.data);
    assert_eq!((data(), data(), data()), (Some(0x61), Some(0x62), None));
}

/// What an entry, and the function, say about sending.
#[derive(Debug, Clone, Copy, Default)]
struct Vector {
    data: u32,
    open: bool,
    waits: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Raise(u16),
    Entry(u16, u32, bool),
    Control(bool, bool),
    BusMaster(bool),
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u16..6).prop_map(Step::Raise),
        4 => (0u16..4, any::<u32>(), any::<bool>()).prop_map(|(v, d, m)| Step::Entry(v, d, m)),
        1 => any::<(bool, bool)>().prop_map(|(enable, mask)| Step::Control(enable, mask)),
        1 => any::<bool>().prop_map(Step::BusMaster),
        4 => Just(Step::Take),
    ]
}

proptest! {
    /// Each message that was raised is sent once, as the entry says when it is sent, as soon as it may
    /// be; those that were raised while MSI-X was off are not.
    #[test]
    fn no_message_is_lost_or_made_up(steps in prop::collection::vec(step(), 1..200)) {
        let mut table = Table::new(4);
        let mut vectors = [Vector::default(); 4];
        let (mut enabled, mut masked, mut master) = (false, false, true);
        for step in steps {
            match step {
                Step::Raise(vector) => {
                    table.msix.raise(vector);
                    if let Some(vector) = vectors.get_mut(usize::from(vector)) {
                        vector.waits = true;
                    }
                }
                Step::Entry(vector, data, mask) => {
                    table.entry(vector, data, mask);
                    let vector = &mut vectors[usize::from(vector)];
                    (vector.data, vector.open) = (data, !mask);
                }
                Step::Control(enable, mask) => {
                    table.control(enable, mask);
                    (enabled, masked) = (enable, mask);
                }
                Step::BusMaster(on) => {
                    table.config.write(4, Word, u32::from(on) << 2);
                    master = on;
                }
                Step::Take => {
                    if !enabled {
                        vectors.iter_mut().for_each(|vector| vector.waits = false);
                    }
                    let may = enabled && !masked && master;
                    let next = vectors.iter_mut().find(|vector| may && vector.waits && vector.open);
                    let expected = next.map(|vector| {
                        vector.waits = false;
                        vector.data
                    });
                    prop_assert_eq!(table.take(), expected);
                }
            }
            let pending = (0..).zip(vectors).filter(|(_, vector)| vector.waits);
            prop_assert_eq!(table.pending(), pending.map(|(bit, _)| 1u64 << bit).sum::<u64>());
        }
    }
}
