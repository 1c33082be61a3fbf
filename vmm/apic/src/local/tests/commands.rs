// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts between CPUs, and whom an interrupt is for.

use super::*;

fn interrupt(vector: u8, mode: DeliveryMode, logical: bool, destination: u32) -> Interrupt {
    Interrupt {
        vector,
        mode,
        trigger: Trigger::Edge,
        logical,
        destination,
    }
}

#[test]
fn whom_a_command_is_for() {
    use DeliveryMode::{Fixed, Init, LowestPriority, Nmi, StartUp};
    let fixed = interrupt(0x41, Fixed, false, 0);
    let to = |all_others, interrupt| {
        Some(Ipi {
            interrupt,
            all_others,
        })
    };
    // (command, the vector here, the signal here, what others get)
    for (command, vector, signal, ipi) in [
        (0x41, Some(0x41), None, None),
        (
            0x41 | 1 << 32,
            None,
            None,
            to(false, interrupt(0x41, Fixed, false, 1)),
        ),
        (0x4_0041, Some(0x41), None, None),
        (0x8_0041, Some(0x41), None, to(true, fixed)),
        (0xc_0041, None, None, to(true, fixed)),
        (
            0x41 | 0xffff_ffff << 32,
            Some(0x41),
            None,
            to(false, interrupt(0x41, Fixed, false, u32::MAX)),
        ),
        (
            0x841 | 1 << 32,
            Some(0x41),
            None,
            to(false, interrupt(0x41, Fixed, true, 1)),
        ),
        (
            0x841 | 6 << 32,
            None,
            None,
            to(false, interrupt(0x41, Fixed, true, 6)),
        ),
        (
            0x841 | 0x1_0001 << 32,
            None,
            None,
            to(false, interrupt(0x41, Fixed, true, 0x1_0001)),
        ),
        (0x941 | 3 << 32, Some(0x41), None, None),
        (
            0x941 | 2 << 32,
            None,
            None,
            to(false, interrupt(0x41, LowestPriority, true, 2)),
        ),
        (0x400, None, Some(Signal::Nmi), None),
        (0xc_0400, None, None, to(true, interrupt(0, Nmi, false, 0))),
        (0x4_0400, None, None, None),
        (0x4500, None, Some(Signal::Init), None),
        (
            0xc500 | 1 << 32,
            None,
            None,
            to(false, interrupt(0, Init, false, 1)),
        ),
        (0x8500, None, None, None),
        (
            0x4608 | 1 << 32,
            None,
            None,
            to(false, interrupt(8, StartUp, false, 1)),
        ),
        (0x4608, None, None, None),
        (0x341, None, None, None),
    ] {
        for mut apic in [x2apic(), virtualised().1] {
            write(&mut apic, COMMAND, command);
            assert_eq!(read(&mut apic, COMMAND), command, "it is read as written");
            let expected = vector.is_some() || signal == Some(Signal::Nmi);
            assert_eq!(apic.is_pending(), expected, "{command:#x}");
            if !apic.is_virtualised() {
                assert_eq!(take(&mut apic), vector, "{command:#x}");
            }
            assert_eq!(apic.take_signal(), signal, "{command:#x}");
            assert_eq!(apic.take_ipi(), ipi, "{command:#x}");
            assert_eq!(apic.take_ipi(), None);
        }
    }
}

#[test]
fn reserved_vectors_are_not_sent() {
    for (msr, value) in [(COMMAND, 0x4_000f), (COMMAND, 0xc_0000), (SELF, 15)] {
        let mut apic = x2apic();
        write(&mut apic, msr, value);
        assert_eq!((apic.next(), apic.take_ipi()), (None, None));
        write(&mut apic, ERRORS, 0);
        assert_eq!(read(&mut apic, ERRORS), 0x20);
    }
    let mut apic = x2apic();
    write(&mut apic, SELF, 16);
    assert_eq!(apic.next(), Some(16));
}

#[test]
fn logical_ids_of_the_xapic() {
    const FLAT: u64 = 0xffff_ffff;
    const CLUSTER: u64 = 0x0fff_ffff;
    for (format, id, to, expected) in [
        (FLAT, 0x04, 0x06, true),
        (FLAT, 0x04, 0x03, false),
        (FLAT, 0x04, 0xff, true),
        (FLAT, 0x00, 0xff, false),
        (CLUSTER, 0x24, 0x26, true),
        (CLUSTER, 0x24, 0x16, false),
        (CLUSTER, 0x24, 0x23, false),
        (CLUSTER, 0x24, 0xff, true),
        (0x7fff_ffff, 0xff, 0xff, false),
    ] {
        let mut apic: LocalApic<Cpu> = LocalApic::new(3, false);
        apic.write_page(0xe0, Width::Dword, format, 0);
        apic.write_page(0xd0, Width::Dword, id << 24, 0);
        let interrupt = interrupt(0x41, DeliveryMode::Fixed, true, to);
        assert_eq!(apic.is_addressed(&interrupt), expected, "{id:#x} {to:#x}");
    }
}

#[test]
fn logical_ids_of_the_x2apic() {
    for (id, logical) in [
        (0, 1),
        (1, 2),
        (15, 0x8000),
        (0x10, 0x1_0001),
        (0x2f, 0x2_8000),
    ] {
        let mut apic: LocalApic<Cpu> = LocalApic::new(id, false);
        apic.set_base(ENABLE_X2APIC).expect("from the xAPIC");
        assert_eq!(read(&mut apic, 0x80d), logical);
        for (to, expected) in [(logical as u32, true), (logical as u32 ^ 0x1_0000, false)] {
            let interrupt = interrupt(0x41, DeliveryMode::Fixed, true, to);
            assert_eq!(apic.is_addressed(&interrupt), expected);
        }
        assert!(apic.is_addressed(&interrupt(0, DeliveryMode::Nmi, false, id.into())));
        assert!(!apic.is_addressed(&interrupt(0, DeliveryMode::Nmi, false, 0xfe)));
        assert!(apic.is_addressed(&interrupt(0, DeliveryMode::Nmi, false, 0xff)));
    }
}

#[test]
fn commands_by_the_page() {
    let mut apic: LocalApic<Cpu> = LocalApic::new(0, true);
    apic.write_page(0xf0, Width::Dword, 0x1ff, 0);
    apic.write_page(0x310, Width::Dword, 0x0100_0000, 0);
    assert_eq!(apic.take_ipi(), None);
    apic.write_page(0x300, Width::Dword, 0x41, 0);
    let expected = Ipi {
        interrupt: interrupt(0x41, DeliveryMode::Fixed, false, 1),
        all_others: false,
    };
    assert_eq!(apic.take_ipi(), Some(expected));
    assert_eq!(apic.read_page(0x310, Width::Dword, 0), 0x0100_0000);
    // The CPU takes the upper half without an exit, and exits for the lower.
    let cpu = Cpu::default();
    let mut apic = LocalApic::virtualised(0, true, cpu.clone());
    cpu.guest_writes(0xf0, 0x1ff);
    apic.written_by_cpu(0xf0, 0);
    cpu.guest_writes(0x310, 0x0100_0000);
    cpu.guest_writes(0x300, 0x41);
    apic.written_by_cpu(0x300, 0);
    assert_eq!(apic.take_ipi(), Some(expected));
    assert_eq!(cpu.guest_reads(0x310), 0x0100_0000);
}
