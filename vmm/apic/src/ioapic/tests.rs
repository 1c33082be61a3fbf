// SPDX-License-Identifier: BSD-2-Clause

use super::*;

const LEVEL: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;
const REMOTE_IRR: u32 = 1 << 14;

fn write(ioapic: &mut IoApic, register: u8, value: u32) {
    ioapic.write(SELECT, Width::Dword, register.into());
    ioapic.write(WINDOW, Width::Dword, value.into());
}

fn read(ioapic: &mut IoApic, register: u8) -> u32 {
    ioapic.write(SELECT, Width::Dword, register.into());
    ioapic.read(WINDOW, Width::Dword) as u32
}

fn entry(ioapic: &mut IoApic, pin: u8, low: u32) {
    write(ioapic, FIRST_ENTRY + 2 * pin, low);
}

/// The vectors that there are to deliver; all of them are taken.
fn served(ioapic: &mut IoApic) -> Vec<u8> {
    let mut vectors = Vec::new();
    ioapic.service(|interrupt| {
        vectors.push(interrupt.vector);
        true
    });
    vectors
}

#[test]
fn registers() {
    let mut ioapic = IoApic::new();
    assert_eq!(read(&mut ioapic, ID), 0);
    write(&mut ioapic, ID, u32::MAX);
    assert_eq!(read(&mut ioapic, ID), 15 << 24);
    assert_eq!(read(&mut ioapic, VERSION_REGISTER), 0x0017_0020);
    for pin in 0..PINS {
        let register = FIRST_ENTRY + 2 * pin;
        assert_eq!(read(&mut ioapic, register), MASKED);
        assert_eq!(read(&mut ioapic, register + 1), 0);
        write(&mut ioapic, register + 1, u32::MAX);
        assert_eq!(read(&mut ioapic, register + 1), 0xff00_0000);
        write(&mut ioapic, register, u32::MAX);
        assert_eq!(read(&mut ioapic, register), 0x1_afff);
        assert_eq!(
            read(&mut ioapic, register + 1),
            0xff00_0000,
            "the other half"
        );
    }
    for register in [3, 0xf, 0x40, 0xff] {
        write(&mut ioapic, register, u32::MAX);
        assert_eq!(read(&mut ioapic, register), 0);
    }
    ioapic.reset();
    assert_eq!(ioapic, IoApic::new());
}

#[test]
fn accesses_that_it_does_not_have() {
    let mut ioapic = IoApic::new();
    for (offset, width) in [
        (WINDOW, Width::Byte),
        (WINDOW, Width::Qword),
        (0x14, Width::Dword),
        (END_OF_INTERRUPT, Width::Dword),
        (u64::MAX, Width::Word),
    ] {
        assert_eq!(ioapic.read(offset, width), width.mask());
        let before = ioapic.clone();
        ioapic.write(offset, width, 0);
        assert_eq!(ioapic, before);
    }
}

#[test]
fn edges() {
    let mut ioapic = IoApic::new();
    ioapic.set_line(4, true);
    ioapic.set_line(4, false);
    entry(&mut ioapic, 4, 0x34);
    assert!(!ioapic.is_pending(), "an edge on a masked pin is lost");
    ioapic.set_line(4, true);
    ioapic.set_line(4, true);
    assert!(ioapic.is_pending());
    assert_eq!(served(&mut ioapic), [0x34]);
    assert!(!ioapic.is_pending());
    ioapic.set_line(4, false);
    assert!(!ioapic.is_pending());
    ioapic.set_line(4, true);
    // Nobody took it: it is over.
    ioapic.service(|_| false);
    assert!(!ioapic.is_pending());
    ioapic.set_line(24, true);
    ioapic.set_line(255, true);
    assert!(!ioapic.is_pending());
}

#[test]
fn levels_come_again_until_they_fall() {
    let mut ioapic = IoApic::new();
    ioapic.set_line(9, true);
    entry(&mut ioapic, 9, 0x39 | LEVEL | MASKED);
    assert!(!ioapic.is_pending());
    entry(&mut ioapic, 9, 0x39 | LEVEL);
    ioapic.service(|_| false);
    assert!(ioapic.is_pending(), "nobody took it");
    assert_eq!(served(&mut ioapic), [0x39]);
    assert_eq!(
        read(&mut ioapic, FIRST_ENTRY + 18),
        0x39 | LEVEL | REMOTE_IRR
    );
    entry(&mut ioapic, 9, 0x39 | LEVEL);
    assert_eq!(served(&mut ioapic), [], "it is in service");
    ioapic.end(0x38);
    assert_eq!(served(&mut ioapic), [], "another one ended");
    ioapic.end(0x39);
    assert_eq!(served(&mut ioapic), [0x39], "it is still high");
    ioapic.set_line(9, false);
    ioapic.write(END_OF_INTERRUPT, Width::Dword, 0x39);
    assert!(!ioapic.is_pending());
    assert_eq!(read(&mut ioapic, FIRST_ENTRY + 18), 0x39 | LEVEL);
    // High and low again before anybody looked.
    ioapic.set_line(9, true);
    ioapic.set_line(9, false);
    assert!(!ioapic.is_pending());
}

#[test]
fn a_service_ends_by_becoming_an_edge() {
    let mut ioapic = IoApic::new();
    entry(&mut ioapic, 2, 0x52 | LEVEL);
    ioapic.set_line(2, true);
    assert_eq!(served(&mut ioapic), [0x52]);
    entry(&mut ioapic, 2, 0x52 | MASKED);
    entry(&mut ioapic, 2, 0x52 | LEVEL);
    assert_eq!(served(&mut ioapic), [0x52]);
}

#[test]
fn what_is_delivered() {
    let mut ioapic = IoApic::new();
    let modes = [
        (0, Some(DeliveryMode::Fixed)),
        (1, Some(DeliveryMode::LowestPriority)),
        (2, Some(DeliveryMode::Smi)),
        (3, None),
        (4, Some(DeliveryMode::Nmi)),
        (5, Some(DeliveryMode::Init)),
        (6, None),
        (7, Some(DeliveryMode::ExtInt)),
    ];
    for (bits, mode) in modes {
        for trigger in [0, LEVEL] {
            ioapic.set_line(0, false);
            write(&mut ioapic, FIRST_ENTRY + 1, 0x0500_0000);
            entry(&mut ioapic, 0, 0x41 | bits << 8 | 1 << 11 | trigger);
            ioapic.set_line(0, true);
            let mut found = None;
            ioapic.service(|interrupt| {
                found = Some(*interrupt);
                true
            });
            let expected = mode.map(|mode| Interrupt {
                vector: 0x41,
                mode,
                trigger: if trigger == 0 {
                    Trigger::Edge
                } else {
                    Trigger::Level
                },
                logical: true,
                destination: 5,
            });
            assert_eq!(found, expected, "mode {bits}");
            assert!(!ioapic.is_pending());
            ioapic.end(0x41);
            ioapic.set_line(0, false);
        }
    }
}

#[test]
fn all_pins_at_once() {
    let mut ioapic = IoApic::new();
    for pin in 0..PINS {
        entry(
            &mut ioapic,
            pin,
            (0x30 + u32::from(pin)) | u32::from(pin % 2) << 15,
        );
        ioapic.set_line(pin, true);
    }
    assert_eq!(served(&mut ioapic), (0x30..0x48).collect::<Vec<u8>>());
    // Those of the levels are still high.
    for vector in 0x30..0x48 {
        ioapic.end(vector);
    }
    let odd: Vec<u8> = (0x30..0x48).filter(|vector| vector % 2 != 0).collect();
    assert_eq!(served(&mut ioapic), odd);
}
