// SPDX-License-Identifier: BSD-2-Clause
//! The transport's registers: what the specification asks of them, and drivers that break its rules.

use proptest::prelude::*;
use vmm_base::{Gpa, GuestRam, Width};
use vmm_pci::Function;
use vmm_virtio::devices::block::{Block, MemoryMedium};
use vmm_virtio::devices::console::{Console, Terminal};
use vmm_virtio::devices::entropy::{Entropy, Source};
use vmm_virtio::{Device as Kind, Violation};

use crate::registers::{ALL_FEATURES, Device, VERSION_1, adapter, started};

const DRIVER: u64 = 3;
const FEATURES_OK: u64 = 8;
const DRIVER_OK: u64 = 4;
const NEEDS_RESET: u64 = 64;

#[test]
fn features_are_agreed_on_once() {
    let mut device = adapter();
    assert_eq!(device.offered(), ALL_FEATURES);
    for features in [
        0,
        ALL_FEATURES & !VERSION_1,
        ALL_FEATURES | 1 << 34,
        VERSION_1 | 1,
    ] {
        device.set_status(0);
        device.set_features(features);
        device.set_status(DRIVER | FEATURES_OK);
        assert_eq!(device.status(), DRIVER, "{features:#x}");
        device.set_status(DRIVER | FEATURES_OK | DRIVER_OK);
        assert_eq!(device.status(), DRIVER, "not ready without");
    }
    device.set_features(VERSION_1);
    device.set_status(DRIVER | FEATURES_OK);
    assert_eq!(device.status(), DRIVER | FEATURES_OK);
    device.set_features(ALL_FEATURES);
    assert_eq!(device.accepted(), VERSION_1, "too late");
    device.set_status(DRIVER);
    assert_eq!(device.status(), DRIVER | FEATURES_OK, "only a reset clears");
    device.set_status(0);
    assert_eq!((device.status(), device.accepted()), (0, 0));
}

#[test]
fn a_vector_that_does_not_exist_is_none() {
    let mut device = adapter();
    for (vector, read) in [
        (0, 0),
        (2, 2),
        (3, 0xffff),
        (0x8000, 0xffff),
        (0xffff, 0xffff),
    ] {
        device.set(0x10, Width::Word, vector);
        assert_eq!(device.get(0x10, Width::Word), read);
        device.set(0x16, Width::Word, 1);
        device.set(0x1a, Width::Word, vector);
        assert_eq!(device.get(0x1a, Width::Word), read);
    }
}

#[test]
fn there_are_no_queues_but_those_that_there_are() {
    let mut device = adapter();
    assert_eq!(device.get(0x12, Width::Word), 2);
    for (queue, size) in [(0, 256), (1, 256), (2, 0), (0xffff, 0)] {
        device.set(0x16, Width::Word, queue);
        assert_eq!(device.get(0x18, Width::Word), size, "queue {queue}");
        device.set(0x20, Width::Dword, 0x1000);
        let kept = if size == 0 { 0 } else { 0x1000 };
        assert_eq!(device.get(0x20, Width::Qword), kept);
    }
}

#[test]
fn a_queue_that_is_in_use_stays_as_it_is() {
    let mut device = started(VERSION_1);
    device.set(0x16, Width::Word, 0);
    let before: Vec<u64> = (0x18..0x38).map(|at| device.get(at, Width::Word)).collect();
    for at in [0x18, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34] {
        let width = if at < 0x20 { Width::Word } else { Width::Dword };
        device.set(at, width, 0);
    }
    let after: Vec<u64> = (0x18..0x38).map(|at| device.get(at, Width::Word)).collect();
    assert_eq!(before, after);
}

#[test]
fn a_queue_that_cannot_be_stops_the_device() {
    let mut device = adapter();
    device.negotiate(VERSION_1);
    device.set(0x16, Width::Word, 1);
    device.set(0x20, Width::Dword, 0x10_0000);
    device.set(0x1c, Width::Word, 1);
    assert_eq!(device.get(0x1c, Width::Word), 0);
    assert_eq!(device.status(), DRIVER | FEATURES_OK | NEEDS_RESET);
    let violation = device.function.take_violation();
    assert!(
        matches!(violation, Some(Violation::Memory(_))),
        "{violation:?}"
    );
}

#[test]
fn a_driver_that_breaks_a_rule_is_told_and_can_begin_anew() {
    let mut device = started(VERSION_1);
    for round in 0..10 {
        assert!(device.function.is_up());
        device.offer(1, 300);
        device.notify(1);
        assert_eq!(device.status() & NEEDS_RESET, NEEDS_RESET);
        assert!(!device.function.is_up());
        let message = device.function.take_message().expect("a message");
        assert_eq!(message.data, 0x40, "of the configuration");
        // It is told a few times only.
        let violation = Violation::DescriptorIndex {
            index: 300,
            table: 256,
        };
        let told = (round < 4).then_some(violation);
        assert_eq!(device.function.take_violation(), told);
        // Nothing moves.
        device.notify(1);
        device.function.serve();
        assert!(!device.function.work());
        assert_eq!(device.function.take_message(), None);
        device.start(VERSION_1);
    }
    assert!(device.function.device().network().sent.is_empty());
}

#[test]
fn without_messages_there_is_a_status() {
    let mut device = started(VERSION_1);
    device.enable_messages(false);
    device.describe(1, 0, 0x8000, 100, 0);
    device.offer(1, 0);
    device.notify(1);
    assert_eq!(device.function.take_message(), None);
    assert_eq!(device.function.read_bar(0, 0x1000, Width::Byte), 1);
    assert_eq!(
        device.function.read_bar(0, 0x1000, Width::Byte),
        0,
        "read once"
    );
    device.offer(1, 999);
    device.notify(1);
    assert_eq!(device.function.read_bar(0, 0x1000, Width::Byte), 2);
    assert_eq!(device.function.device().network().sent, [vec![0; 88]]);
}

#[test]
fn a_device_is_not_moved_before_its_driver_is_ready() {
    let mut device = adapter();
    device.negotiate(VERSION_1);
    device.enable_queues();
    device.describe(1, 0, 0x8000, 100, 0);
    device.offer(1, 0);
    device.notify(1);
    assert!(device.function.device().network().sent.is_empty());
    device.set_status(DRIVER | FEATURES_OK | DRIVER_OK);
    assert_eq!(
        device.function.device().network().sent.len(),
        1,
        "it looks by itself"
    );
}

#[test]
fn the_window_in_configuration_space_leads_to_the_registers() {
    let mut device = adapter();
    let window = device.window();
    let mut ask = |bar, offset, length| {
        let function = &mut device.function;
        function.write_config(window + 4, Width::Byte, bar);
        function.write_config(window + 8, Width::Dword, offset);
        function.write_config(window + 12, Width::Dword, length);
        function.read_config(window + 16, Width::Dword)
    };
    assert_eq!(ask(0, 0x12, 2), 2, "number of queues");
    assert_eq!(ask(0, 0x2000, 4), 0x0000_0002, "the address");
    assert_eq!(ask(0, 0x8000, 4), 0, "behind the end");
    assert_eq!(ask(0, u32::MAX, 4), 0);
    assert_eq!(ask(1, 0x12, 2), 0, "another BAR");
    assert_eq!(ask(0, 0x12, 3), 0, "no width");
    ask(0, 0x14, 1);
    device.function.write_config(window + 16, Width::Byte, 3);
    assert_eq!(device.status(), 3);
}

#[test]
fn work_is_bounded_and_goes_on() {
    let mut device = started(VERSION_1);
    device.describe(1, 0, 0x8000, 26, 0);
    for _ in 0..200 {
        device.offer(1, 0);
    }
    device.notify(1);
    let mut rounds = 1;
    while device.function.work() {
        rounds += 1;
    }
    assert_eq!(
        (device.function.device().network().sent.len(), rounds),
        (200, 3)
    );
}

/// A terminal, a source, both without end.
#[derive(Debug)]
struct Endless;

impl Terminal for Endless {
    fn write(&mut self, _: &[u8]) {}

    fn flush(&mut self) {}

    fn read(&mut self, into: &mut [u8]) -> usize {
        into.len()
    }
}

impl Source for Endless {
    fn fill(&mut self, into: &mut [u8]) -> usize {
        into.len()
    }
}

/// What a driver that has gone mad does: kind, place, width, value, a value that is small.
type Access = (u8, u64, u32, u64, u64);

fn accesses() -> impl Strategy<Value = Vec<Access>> {
    let access = (
        0..5_u8,
        0..0x5100_u64,
        0..4_u32,
        any::<u64>(),
        0..0x9000_u64,
    );
    prop::collection::vec(access, 0..300)
}

/// A driver that writes anything anywhere: no panic, and an end. Then the device comes back.
fn survives<D: Kind>(mut device: Device<D>, ready: bool, accesses: Vec<Access>) {
    if ready {
        device.start(VERSION_1 | 1 << 28 | 1 << 29);
    }
    let ram = device.ram();
    for (kind, offset, width, value, small) in accesses {
        let width = Width::from_bytes(1 << width).expect("a width");
        let value = if value % 3 == 0 { value } else { small } & width.mask();
        match kind {
            0 => drop(device.function.read_bar(0, offset, width)),
            1 => device.function.write_bar(0, offset & 0x3fff, width, value),
            2 => ram
                .write(Gpa(offset), &value.to_le_bytes())
                .expect("inside"),
            3 => device.offer(offset % D::KIND.queues.len() as u64, small as u16 & 0x1ff),
            _ => {
                let (at, width) = (offset as u16 & 0xff, width.min(Width::Dword));
                device.function.write_config(at, width, value as u32);
                device.function.read_config(at, width);
            }
        }
        device.function.serve();
        while device.function.take_message().is_some() {}
    }
    device.start(VERSION_1);
    assert!(device.function.is_up());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn an_adapter_survives(accesses in accesses(), ready in any::<bool>()) {
        survives(adapter(), ready, accesses);
    }

    #[test]
    fn a_console_survives(accesses in accesses(), ready in any::<bool>()) {
        survives(Device::new(Console::new(Endless)), ready, accesses);
    }

    #[test]
    fn a_disk_survives(accesses in accesses(), ready in any::<bool>()) {
        let memory = GuestRam::of(Vec::leak(vec![0; 64 * 64]));
        let block = Block::new(MemoryMedium::new(memory, false), "");
        survives(Device::new(block), ready, accesses);
    }

    #[test]
    fn a_source_survives(accesses in accesses(), ready in any::<bool>()) {
        survives(Device::new(Entropy::new(Endless)), ready, accesses);
    }
}
