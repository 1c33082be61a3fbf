// SPDX-License-Identifier: BSD-2-Clause
//! The timer as the guest sees it; its counting is tested beside it.

use super::*;

const ONE_SHOT: u64 = 0x40;
const PERIODIC: u64 = 0x2_0040;
const DEADLINE: u64 = 0x4_0040;

fn write_at(apic: &mut LocalApic<Cpu>, now: u64, msr: u32, value: u64) {
    assert_eq!(apic.write_msr(msr, value, now), Ok(()));
}

#[test]
fn one_shot() {
    let mut apic = x2apic();
    write_at(&mut apic, 0, DIVIDE, 0b1011);
    write_at(&mut apic, 0, LVT_TIMER, ONE_SHOT);
    assert_eq!(apic.deadline(), None);
    write_at(&mut apic, 1000, INITIAL_COUNT, 500);
    assert_eq!(apic.deadline(), Some(1500));
    assert_eq!(apic.read_msr(CURRENT_COUNT, 1100), Ok(400));
    apic.expire(1499);
    assert_eq!(apic.next(), None);
    apic.expire(1500);
    assert_eq!(take(&mut apic), Some(0x40));
    assert_eq!((apic.deadline(), apic.next()), (None, None));
    assert_eq!(apic.read_msr(CURRENT_COUNT, 1600), Ok(0));
    assert_eq!(apic.read_msr(INITIAL_COUNT, 1600), Ok(500));
}

#[test]
fn an_access_sees_that_it_ended() {
    let mut apic = x2apic();
    write_at(&mut apic, 0, LVT_TIMER, ONE_SHOT);
    write_at(&mut apic, 0, INITIAL_COUNT, 500);
    assert_eq!(apic.read_msr(CURRENT_COUNT, 1000), Ok(0));
    assert_eq!(apic.next(), Some(0x40));
}

#[test]
fn periodic() {
    let mut apic = x2apic();
    write_at(&mut apic, 0, DIVIDE, 0b1011);
    write_at(&mut apic, 0, LVT_TIMER, PERIODIC);
    write_at(&mut apic, 0, INITIAL_COUNT, 100_000);
    for turn in 1..10 {
        assert_eq!(apic.deadline(), Some(turn * 100_000));
        apic.expire(turn * 100_000 + 99);
        assert_eq!(take(&mut apic), Some(0x40));
        write(&mut apic, END, 0);
    }
    // A long sleep is one interrupt, and the beat is kept.
    apic.expire(100_050_000);
    assert_eq!(take(&mut apic), Some(0x40));
    assert_eq!(apic.next(), None);
    assert_eq!(apic.deadline(), Some(100_100_000));
}

/// The guest gets on, whatever it asks for.
#[test]
fn a_period_of_nothing() {
    let mut apic = x2apic();
    write_at(&mut apic, 0, DIVIDE, 0b1011);
    write_at(&mut apic, 0, LVT_TIMER, PERIODIC);
    write_at(&mut apic, 0, INITIAL_COUNT, 1);
    apic.expire(5);
    assert_eq!(apic.deadline(), Some(5 + MIN_PERIOD));
}

#[test]
fn tsc_deadline() {
    let mut apic = x2apic();
    apic.set_tsc_deadline(500, 0);
    assert_eq!(apic.tsc_deadline(0), 0, "in another mode");
    write_at(&mut apic, 0, LVT_TIMER, DEADLINE);
    write_at(&mut apic, 0, INITIAL_COUNT, 7);
    assert_eq!(apic.read_msr(INITIAL_COUNT, 0), Ok(0), "in this mode");
    apic.set_tsc_deadline(500, 0);
    assert_eq!((apic.deadline(), apic.tsc_deadline(0)), (Some(500), 500));
    assert_eq!(apic.read_msr(CURRENT_COUNT, 0), Ok(0));
    apic.set_tsc_deadline(0, 10);
    assert_eq!(apic.deadline(), None);
    apic.set_tsc_deadline(600, 10);
    apic.expire(599);
    assert_eq!(apic.next(), None);
    apic.expire(600);
    assert_eq!(take(&mut apic), Some(0x40));
    assert_eq!((apic.deadline(), apic.tsc_deadline(600)), (None, 0));
    write(&mut apic, END, 0);
    apic.set_tsc_deadline(700, 700);
    assert_eq!(take(&mut apic), Some(0x40), "in the past it is at once");
    apic.set_tsc_deadline(900, 800);
    write_at(&mut apic, 800, LVT_TIMER, ONE_SHOT);
    assert_eq!(apic.deadline(), None, "another mode disarms it");
}

#[test]
fn what_is_masked_ends_silently() {
    let mut apic = x2apic();
    write_at(&mut apic, 0, LVT_TIMER, DEADLINE | 0x1_0000);
    apic.set_tsc_deadline(500, 0);
    assert_eq!(apic.deadline(), None, "nobody need wake for it");
    assert_eq!(apic.tsc_deadline(499), 500);
    write_at(&mut apic, 600, LVT_TIMER, DEADLINE);
    assert_eq!((apic.next(), apic.tsc_deadline(600)), (None, 0));
    write(&mut apic, LVT_TIMER, DEADLINE | 0x1_0000);
    apic.set_tsc_deadline(900, 600);
    write_at(&mut apic, 700, LVT_TIMER, DEADLINE);
    assert_eq!(apic.deadline(), Some(900), "still to come");
}

#[test]
fn registers_tell_of_the_timer_also_where_the_cpu_shows_them() {
    let (cpu, mut apic) = virtualised();
    write(&mut apic, LVT_TIMER, PERIODIC);
    write(&mut apic, INITIAL_COUNT, 1234);
    write(&mut apic, DIVIDE, 0b1010);
    assert_eq!(cpu.guest_reads(0x320), PERIODIC as u32);
    assert_eq!(cpu.guest_reads(0x380), 1234);
    assert_eq!(cpu.guest_reads(0x3e0), 0b1010);
    write(&mut apic, LVT_TIMER, DEADLINE);
    assert_eq!(cpu.guest_reads(0x380), 0);
    apic.set_tsc_deadline(10, 0);
    apic.expire(10);
    cpu.enter();
    assert_eq!(cpu.take(), Some(0x40));
}
