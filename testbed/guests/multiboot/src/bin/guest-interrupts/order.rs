// SPDX-License-Identifier: BSD-2-Clause
//! Priorities, service and end of interrupts (SDM vol. 3A 12.8).

use core::arch::asm;

use bare::apic::{self, bit, register};
use bare::trap::{Frame, on_interrupt};
use bare::{TestResult, check, check_eq, cpu, port};

use crate::record;

const LOW: u8 = 0x41;
const NEAR: u8 = 0x48;
const HIGH: u8 = 0x91;

/// Raises another while it runs, with interrupts off.
fn raises_high(frame: &mut Frame) {
    record::note(frame);
    apic::send_to_self(HIGH);
    for _ in 0..100 {
        core::hint::spin_loop();
    }
    // What came inside stands behind this one already.
    record::note(frame);
    apic::eoi();
}

fn raises_high_with_interrupts_on(frame: &mut Frame) {
    record::note(frame);
    cpu::interrupts_on();
    apic::send_to_self(HIGH);
    record::wait(2);
    cpu::interrupts_off();
    record::note(frame);
    apic::eoi();
}

/// Raises itself and a neighbour of its class; both have to wait for the end.
fn raises_its_class(frame: &mut Frame) {
    record::note(frame);
    if record::count() == 1 {
        cpu::interrupts_on();
        apic::send_to_self(NEAR);
        apic::send_to_self(LOW);
        for _ in 0..1_000 {
            core::hint::spin_loop();
        }
        cpu::interrupts_off();
        record::note(frame);
    }
    apic::eoi();
}

pub fn waits_inside_of_a_handler(_: &mut ()) -> TestResult {
    record::start(&[HIGH]);
    on_interrupt(LOW, raises_high);
    cpu::interrupts_on();
    apic::send_to_self(LOW);
    record::wait(3);
    cpu::interrupts_off();
    check_eq!(record::vectors(), 0x41_4191);
    Ok(())
}

pub fn nests_inside_of_a_handler(_: &mut ()) -> TestResult {
    record::start(&[HIGH]);
    on_interrupt(LOW, raises_high_with_interrupts_on);
    cpu::interrupts_on();
    apic::send_to_self(LOW);
    record::wait(3);
    cpu::interrupts_off();
    check_eq!(record::vectors(), 0x41_9141);
    Ok(())
}

pub fn higher_priority_first(_: &mut ()) -> TestResult {
    let vectors = [0x31, 0x81, 0x51, 0xe1, 0x61, 0x52];
    record::start(&vectors);
    for vector in vectors {
        apic::send_to_self(vector);
    }
    cpu::interrupts_on();
    record::wait(6);
    cpu::interrupts_off();
    check_eq!(record::vectors(), 0xe181_6152_5131);
    Ok(())
}

pub fn same_class_waits_for_the_end(_: &mut ()) -> TestResult {
    record::start(&[NEAR]);
    on_interrupt(LOW, raises_its_class);
    cpu::interrupts_on();
    apic::send_to_self(LOW);
    record::wait(4);
    cpu::interrupts_off();
    check_eq!(record::vectors(), 0x4141_4841);
    Ok(())
}

pub fn task_priority_holds_back(_: &mut ()) -> TestResult {
    record::start(&[LOW, HIGH]);
    apic::write(register::TPR, 0x40);
    cpu::interrupts_on();
    apic::send_to_self(LOW);
    apic::send_to_self(HIGH);
    record::wait(1);
    let held = bit(register::IRR, LOW);
    let before = record::vectors();
    apic::write(register::TPR, 0x3f);
    record::wait(2);
    cpu::interrupts_off();
    apic::write(register::TPR, 0);
    check_eq!((before, held), (0x91, true));
    check_eq!(record::vectors(), 0x9141);
    Ok(())
}

pub fn task_priority_by_cr8(_: &mut ()) -> TestResult {
    record::start(&[LOW]);
    // SAFETY: interrupts below a priority wait.
    unsafe { asm!("mov cr8, {}", in(reg) 0xf_u64) };
    let seen = apic::read(register::TPR);
    cpu::interrupts_on();
    apic::send_to_self(LOW);
    let before = record::count();
    let priority: u64;
    // SAFETY: as above.
    unsafe { asm!("mov {0}, cr8", "mov cr8, {1}", out(reg) priority, in(reg) 0_u64) };
    record::wait(1);
    cpu::interrupts_off();
    check_eq!((seen, priority, before), (0xf0, 0xf, 0));
    check_eq!(record::count(), 1);
    Ok(())
}

pub fn processor_priority(_: &mut ()) -> TestResult {
    fn handler(frame: &mut Frame) {
        let mut inside = Frame { ..*frame };
        inside.rax = u64::from(apic::read(register::PPR));
        record::note(&inside);
        apic::eoi();
    }
    record::start(&[]);
    on_interrupt(HIGH, handler);
    cpu::interrupts_on();
    apic::send_to_self(HIGH);
    record::wait(1);
    cpu::interrupts_off();
    check_eq!(record::rax() & 0xf0, 0x90, "in service");
    check_eq!(apic::read(register::PPR), 0, "at rest");
    Ok(())
}

pub fn twice_while_in_service(_: &mut ()) -> TestResult {
    fn handler(frame: &mut Frame) {
        record::note(frame);
        if record::count() == 1 {
            // Those that wait are one.
            for _ in 0..3 {
                apic::send_to_self(LOW);
            }
        }
        apic::eoi();
    }
    record::start(&[]);
    on_interrupt(LOW, handler);
    cpu::interrupts_on();
    apic::send_to_self(LOW);
    record::wait(3);
    cpu::interrupts_off();
    check_eq!(record::count(), 2);
    Ok(())
}

pub fn many(_: &mut ()) -> TestResult {
    record::start(&[LOW]);
    cpu::interrupts_on();
    for sent in 1..=2_000 {
        apic::send_to_self(LOW);
        check_eq!(record::wait(sent), sent);
    }
    cpu::interrupts_off();
    check_eq!(record::count(), 2_000);
    Ok(())
}

/// The timer interrupts a long string; it goes on where it was.
pub fn during_a_string_of_io(_: &mut ()) -> TestResult {
    record::start(&[LOW]);
    apic::write(register::DIVIDE, 0xb);
    apic::write(register::LVT_TIMER, u32::from(LOW) | apic::PERIODIC);
    apic::write(register::INITIAL_COUNT, 50_000);
    let mut bytes = [0_u8; 4_000];
    port::write8(0x3ff, 0x99);
    cpu::interrupts_on();
    for _ in 0..20 {
        bytes.fill(0);
        let (mut rdi, mut rcx) = (bytes.as_mut_ptr() as u64, 4_000_u64);
        // SAFETY: it writes the bytes.
        unsafe { asm!("rep insb", in("dx") 0x3ff_u16, inout("rdi") rdi, inout("rcx") rcx) };
        check_eq!((rdi - bytes.as_ptr() as u64, rcx), (4_000, 0));
        check!(bytes.iter().all(|byte| *byte == 0x99));
    }
    let came = record::wait(1);
    cpu::interrupts_off();
    apic::write(register::LVT_TIMER, apic::MASKED);
    check!(came >= 1, "the timer never came");
    Ok(())
}

pub fn software_interrupt(_: &mut ()) -> TestResult {
    fn handler(frame: &mut Frame) {
        record::note(frame);
    }
    record::start(&[]);
    on_interrupt(0x77, handler);
    // SAFETY: it has a handler.
    unsafe { asm!("int 0x77") };
    check_eq!((record::count(), record::vectors()), (1, 0x77));
    check!(!bit(register::ISR, 0x77), "it is not the APIC's");
    Ok(())
}
