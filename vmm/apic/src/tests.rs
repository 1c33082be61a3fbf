// SPDX-License-Identifier: BSD-2-Clause
//! Local APIC and IOAPIC wired to each other.

use std::collections::VecDeque;

use proptest::prelude::*;
use vmm_base::{MmioDevice, Width};

use super::*;
use crate::local::tests::Cpu;

struct Interrupts {
    local: LocalApic<Cpu>,
    io: IoApic,
}

impl Interrupts {
    fn set_line(&mut self, pin: u8, high: bool) {
        self.io.set_line(pin, high);
        self.settle();
    }

    fn write_io(&mut self, offset: u64, value: u64) {
        self.io.write(offset, Width::Dword, value);
        self.settle();
    }

    fn write_page(&mut self, offset: u64, value: u64) {
        self.local.write_page(offset, Width::Dword, value, 0);
        self.settle();
    }

    fn end_by_cpu(&mut self, vector: u8) {
        self.local.end_by_cpu(vector);
        self.settle();
    }

    fn settle(&mut self) {
        if let Some(vector) = self.local.take_end() {
            self.io.end(vector);
        }
        let local = &mut self.local;
        self.io.service(|interrupt| local.deliver(interrupt));
    }
}

const END: u64 = 0xb0;
const SELECT: u64 = 0;
const WINDOW: u64 = 0x10;
const LEVEL: u64 = 1 << 15;
const MASKED: u64 = 1 << 16;

/// A machine whose local APIC is on.
fn machine(local: LocalApic<Cpu>) -> Interrupts {
    let io = IoApic::new();
    let mut machine = Interrupts { local, io };
    machine.write_page(0xf0, 0x1ff);
    machine
}

fn software() -> Interrupts {
    machine(LocalApic::new(0, true))
}

fn set_entry(machine: &mut Interrupts, pin: u8, value: u64) {
    machine.write_io(SELECT, 0x10 + 2 * u64::from(pin));
    machine.write_io(WINDOW, value);
}

fn entry(machine: &mut Interrupts, pin: u8) -> u64 {
    machine.write_io(SELECT, 0x10 + 2 * u64::from(pin));
    machine.io.read(WINDOW, Width::Dword)
}

fn take(machine: &mut Interrupts) -> Option<u8> {
    let vector = machine.local.next()?;
    machine.local.accept(vector);
    Some(vector)
}

fn end(machine: &mut Interrupts) {
    machine.write_page(END, 0);
}

#[test]
fn a_level_comes_again_when_its_service_ends() {
    let mut machine = software();
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    assert_eq!(take(&mut machine), Some(0x39));
    assert_eq!(machine.local.next(), None);
    end(&mut machine);
    assert_eq!(take(&mut machine), Some(0x39));
    machine.set_line(9, false);
    end(&mut machine);
    assert_eq!(machine.local.next(), None);
    assert_eq!(entry(&mut machine, 9), 0x39 | LEVEL);
}

#[test]
fn so_does_one_whose_end_the_cpu_does() {
    let cpu = Cpu::default();
    let mut machine = machine(LocalApic::virtualised(0, true, cpu.clone()));
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    for high in [true, false] {
        cpu.enter();
        assert_eq!(cpu.take(), Some(0x39));
        machine.set_line(9, high);
        assert_eq!(cpu.end(), Some(0x39));
        machine.end_by_cpu(0x39);
    }
    cpu.enter();
    assert_eq!(cpu.take(), None);
}

#[test]
fn a_level_waits_for_an_apic_that_is_off() {
    let mut machine = software();
    machine.write_page(0xf0, 0xff);
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    assert_eq!(machine.local.next(), None);
    machine.write_page(0xf0, 0x1ff);
    assert_eq!(machine.local.next(), Some(0x39));
}

#[test]
fn a_broadcast_that_is_suppressed_is_made_up_by_the_end_register() {
    let mut machine = software();
    machine.write_page(0xf0, 0x11ff);
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    assert_eq!(take(&mut machine), Some(0x39));
    end(&mut machine);
    assert_eq!(machine.local.next(), None);
    machine.write_io(0x40, 0x39);
    assert_eq!(machine.local.next(), Some(0x39));
}

/// What a device with a line does, and the driver of it.
#[derive(Debug, Clone)]
enum Step {
    /// A device has this many more things to tell.
    Work(u8, u8),
    Take,
    End,
    Mask(u8, bool),
}

const DEVICES: u8 = 4;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..DEVICES, 1u8..3).prop_map(|(device, count)| Step::Work(device, count)),
        3 => Just(Step::Take),
        2 => Just(Step::End),
        1 => (0..DEVICES, any::<bool>()).prop_map(|(device, masked)| Step::Mask(device, masked)),
    ]
}

proptest! {
    /// Devices whose lines are high while they have work; each service does one piece. In the
    /// end all work is done, and there was never a service without any.
    #[test]
    fn no_level_is_lost(steps in prop::collection::vec(step(), 1..100)) {
        let mut machine = software();
        let mut work = [0u32; DEVICES as usize];
        let mut services = Vec::new();
        let route = |device: u8| u64::from(0x30 + 0x10 * device) | LEVEL;
        for device in 0..DEVICES {
            set_entry(&mut machine, device, route(device));
        }
        let mut steps = VecDeque::from(steps);
        steps.extend((0..DEVICES).map(|device| Step::Mask(device, false)));
        loop {
            // After the steps, everything that there is gets served.
            let step = match (steps.pop_front(), services.is_empty()) {
                (Some(step), _) => step,
                (None, false) => Step::End,
                (None, true) if machine.local.next().is_some() => Step::Take,
                (None, true) => break,
            };
            match step {
                Step::Work(device, count) => {
                    work[usize::from(device)] += u32::from(count);
                    machine.set_line(device, true);
                }
                Step::Take => {
                    let Some(vector) = take(&mut machine) else { continue };
                    let device = (vector - 0x30) / 0x10;
                    services.push(vector);
                    let left = &mut work[usize::from(device)];
                    prop_assert!(*left > 0, "nothing to do for {:#x}", vector);
                    *left -= 1;
                    machine.set_line(device, *left > 0);
                }
                Step::End => {
                    services.pop();
                    end(&mut machine);
                }
                Step::Mask(device, masked) => {
                    let mask = if masked { MASKED } else { 0 };
                    set_entry(&mut machine, device, route(device) | mask);
                }
            }
        }
        prop_assert_eq!(work, [0; DEVICES as usize]);
    }
}
