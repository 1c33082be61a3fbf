// SPDX-License-Identifier: BSD-2-Clause

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::local::tests::Cpu;

const END: u64 = 0xb0;
const SELECT: u64 = 0;
const WINDOW: u64 = 0x10;
const LEVEL: u64 = 1 << 15;
const MASKED: u64 = 1 << 16;

/// A machine whose pins have vectors 0x30 and up, masked.
fn machine(local: LocalApic<Cpu>) -> Interrupts<Cpu> {
    let mut machine = Interrupts::new(local);
    machine.write_page(0xf0, Width::Dword, 0x1ff, 0);
    machine
}

fn software() -> Interrupts<Cpu> {
    machine(LocalApic::new(0, true))
}

fn set_entry(machine: &mut Interrupts<Cpu>, pin: u8, value: u64) {
    machine.write_io(SELECT, Width::Dword, 0x10 + 2 * u64::from(pin));
    machine.write_io(WINDOW, Width::Dword, value);
}

fn entry(machine: &mut Interrupts<Cpu>, pin: u8) -> u64 {
    machine.write_io(SELECT, Width::Dword, 0x10 + 2 * u64::from(pin));
    machine.read_io(WINDOW, Width::Dword)
}

fn take(machine: &mut Interrupts<Cpu>) -> Option<u8> {
    let vector = machine.next()?;
    machine.accept(vector);
    Some(vector)
}

fn end(machine: &mut Interrupts<Cpu>) {
    machine.write_page(END, Width::Dword, 0, 0);
}

#[test]
fn a_level_comes_again_when_its_service_ends() {
    let mut machine = software();
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    assert_eq!(take(&mut machine), Some(0x39));
    assert_eq!(machine.next(), None);
    end(&mut machine);
    assert_eq!(take(&mut machine), Some(0x39));
    machine.set_line(9, false);
    end(&mut machine);
    assert_eq!(machine.next(), None);
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
    let mut machine = Interrupts::new(LocalApic::<Cpu>::new(0, true));
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    assert_eq!(machine.next(), None);
    machine.write_page(0xf0, Width::Dword, 0x1ff, 0);
    assert_eq!(machine.next(), Some(0x39));
}

#[test]
fn a_broadcast_that_is_suppressed_is_made_up_by_the_end_register() {
    let mut machine = software();
    machine.write_page(0xf0, Width::Dword, 0x11ff, 0);
    set_entry(&mut machine, 9, 0x39 | LEVEL);
    machine.set_line(9, true);
    assert_eq!(take(&mut machine), Some(0x39));
    end(&mut machine);
    assert_eq!(machine.next(), None);
    machine.write_io(0x40, Width::Dword, 0x39);
    assert_eq!(machine.next(), Some(0x39));
}

#[test]
fn messages() {
    let mut machine = software();
    let message = |address, data| Message { address, data };
    machine.deliver(message(0xfee0_0000, 0x61));
    machine.deliver(message(0xfee0_1000, 0x71));
    machine.deliver(message(0x1000, 0x81));
    assert_eq!(take(&mut machine), Some(0x61), "the only one for this CPU");
    machine.deliver(message(0xfee0_0000, 0x402));
    assert_eq!(machine.take_signal(), Some(Signal::Nmi));
}

#[test]
fn registers_by_their_numbers() {
    let mut machine = software();
    assert_eq!(machine.read_msr(0x1b, 0), Ok(0xfee0_0900));
    assert_eq!(machine.write_msr(0x1b, 0xfee0_0d00, 0), Ok(()));
    assert_eq!(machine.mode(), Mode::X2Apic);
    assert_eq!(machine.write_msr(0x832, 0x4_0041, 0), Ok(()));
    assert_eq!(machine.write_msr(0x6e0, 500, 0), Ok(()));
    assert_eq!(machine.read_msr(0x6e0, 0), Ok(500));
    assert_eq!(machine.deadline(), Some(500));
    machine.expire(500);
    assert_eq!(take(&mut machine), Some(0x41));
    for index in [0x1a, 0x6df, 0x7ff, 0x900] {
        assert_eq!(machine.read_msr(index, 0), Err(GeneralProtection));
        assert_eq!(machine.write_msr(index, 0, 0), Err(GeneralProtection));
    }
    // An interrupt for others has no way to go.
    assert_eq!(machine.write_msr(0x830, 0x1_0000_0051, 0), Ok(()));
    assert_eq!(machine.next(), None);
    machine.reset();
    assert_eq!(machine.mode(), Mode::XApic);
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
                (None, true) if machine.next().is_some() => Step::Take,
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
