// SPDX-License-Identifier: BSD-2-Clause
//! Access rights, and what registers hold.

use super::*;

use Access::{No, Read, ReadWrite, Write};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    No,
    Read,
    Write,
    ReadWrite,
}

/// SDM table 12-6, with the bits that can be written.
const X2APIC: [(std::ops::RangeInclusive<u32>, Access, u64); 26] = [
    (0x800..=0x801, No, 0),
    (0x802..=0x803, Read, 0),
    (0x804..=0x807, No, 0),
    (0x808..=0x808, ReadWrite, 0xff),
    (0x809..=0x809, No, 0),
    (0x80a..=0x80a, Read, 0),
    (0x80b..=0x80b, Write, 0),
    (0x80c..=0x80c, No, 0),
    (0x80d..=0x80d, Read, 0),
    (0x80e..=0x80e, No, 0),
    (0x80f..=0x80f, ReadWrite, 0x11ff),
    (0x810..=0x827, Read, 0),
    (0x828..=0x828, ReadWrite, 0),
    (0x829..=0x82f, No, 0),
    (0x830..=0x830, ReadWrite, 0xffff_ffff_000c_dfff),
    (0x831..=0x831, No, 0),
    (0x832..=0x832, ReadWrite, 0x7_50ff),
    (0x833..=0x834, ReadWrite, 0x1_57ff),
    (0x835..=0x836, ReadWrite, 0x1_f7ff),
    (0x837..=0x837, ReadWrite, 0x1_50ff),
    (0x838..=0x838, ReadWrite, 0xffff_ffff),
    (0x839..=0x839, Read, 0),
    (0x83a..=0x83d, No, 0),
    (0x83e..=0x83e, ReadWrite, 0xb),
    (0x83f..=0x83f, Write, 0xff),
    (0x840..=0x8ff, No, 0),
];

#[test]
fn rights_of_the_x2apic() {
    for mut apic in [x2apic(), virtualised().1] {
        for (indices, access, writable) in X2APIC {
            for index in indices {
                let reads = matches!(access, Read | ReadWrite);
                let writes = matches!(access, Write | ReadWrite);
                assert_eq!(apic.read_msr(index, 0).is_ok(), reads, "{index:#x}");
                assert_eq!(apic.write_msr(index, 0, 0).is_ok(), writes, "{index:#x}");
                for bit in 0..64 {
                    let allowed = writes && writable >> bit & 1 != 0;
                    let written = apic.write_msr(index, 1 << bit, 0);
                    assert_eq!(written.is_ok(), allowed, "{index:#x} bit {bit}");
                }
            }
        }
        for index in [0, 0x7ff, 0x900, u32::MAX] {
            assert_eq!(apic.read_msr(index, 0), Err(GeneralProtection));
            assert_eq!(apic.write_msr(index, 0, 0), Err(GeneralProtection));
        }
    }
}

#[test]
fn only_one_way_at_a_time() {
    let mut apic: LocalApic<Cpu> = LocalApic::new(5, false);
    assert_eq!(apic.mode(), Mode::XApic);
    assert_eq!(apic.base(), 0xfee0_0800);
    assert_eq!(apic.read_msr(ID, 0), Err(GeneralProtection));
    assert_eq!(apic.read_page(0x20, Width::Dword, 0), 0x0500_0000);
    apic.set_base(ENABLE_X2APIC).expect("from the xAPIC");
    assert_eq!(apic.read_msr(ID, 0), Ok(5));
    assert_eq!(apic.read_page(0x20, Width::Dword, 0), 0xffff_ffff);
    apic.write_page(0xf0, Width::Dword, 0x1ff, 0);
    assert_eq!(read(&mut apic, SPURIOUS), 0xff);
    assert_eq!(apic.set_base(0xfee0_0800), Err(GeneralProtection));
    assert_eq!(apic.mode(), Mode::X2Apic);
    apic.set_base(0xfee0_0000).expect("off");
    assert_eq!(apic.read_msr(ID, 0), Err(GeneralProtection));
    assert_eq!(apic.read_page(0x20, Width::Byte, 0), 0xff);
}

#[test]
fn steps_between_the_modes() {
    for (cpu, mut apic) in [(None, LocalApic::new(0x13, true)), {
        let cpu = Cpu::default();
        (Some(cpu.clone()), LocalApic::virtualised(0x13, true, cpu))
    }] {
        let shown = |offset, value| {
            if let Some(cpu) = &cpu {
                assert_eq!(cpu.guest_reads(offset), value, "{offset:#x}");
            }
        };
        shown(0x20, 0x1300_0000);
        shown(0xe0, 0xffff_ffff);
        assert_eq!(apic.base(), 0xfee0_0900);
        apic.write_page(0xf0, Width::Dword, 0x1fe, 0);
        apic.write_page(0x80, Width::Dword, 0x35, 0);
        apic.write_page(0xd0, Width::Dword, 0x7700_0000, 0);
        apic.write_page(0x310, Width::Dword, 0x0500_0000, 0);
        apic.write_page(0x350, Width::Dword, 0x700, 0);
        apic.request(0x51, Trigger::Edge);
        // To the x2APIC everything comes along that it has.
        apic.set_base(ENABLE_X2APIC | 0x100)
            .expect("from the xAPIC");
        shown(0x20, 0x13);
        shown(0xd0, 0x1_0008);
        assert_eq!(read(&mut apic, SPURIOUS), 0x1fe);
        assert_eq!(read(&mut apic, TASK_PRIORITY), 0x35);
        assert_eq!(read(&mut apic, 0x80d), 0x1_0008);
        assert_eq!(read(&mut apic, 0x835), 0x700);
        assert_eq!(read(&mut apic, COMMAND), 0);
        assert!(apic.is_pending());
        // Switching it off forgets everything.
        apic.set_base(0xfee0_0000).expect("off");
        assert!(!apic.is_pending());
        apic.set_base(0xfee0_0800).expect("on");
        assert_eq!(apic.read_page(0xf0, Width::Dword, 0), 0xff);
        assert_eq!(apic.read_page(0x80, Width::Dword, 0), 0);
        assert_eq!(apic.read_page(0xd0, Width::Dword, 0), 0);
        assert_eq!(apic.read_page(0x350, Width::Dword, 0), 0x1_0000);
        shown(0x20, 0x1300_0000);
        shown(0x350, 0x1_0000);
    }
}

#[test]
fn registers_of_the_page() {
    let mut apic: LocalApic<Cpu> = LocalApic::new(1, true);
    apic.write_page(0xf0, Width::Dword, 0x1ff, 0);
    // (offset, written, read)
    for (offset, written, expected) in [
        (0x20, 0, 0x0100_0000),
        (0x30, 0, 0x0105_0014),
        (0x80, 0xffff_ffff, 0xff),
        (0xa0, 0, 0xff),
        (0xb0, 1, 0),
        (0xd0, 0xffff_ffff, 0xff00_0000),
        (0xe0, 0, 0x0fff_ffff),
        (0xf0, 0xffff_ffff, 0x11ff),
        (0x100, 0xffff_ffff, 0),
        (0x1f0, 0xffff_ffff, 0),
        (0x270, 0xffff_ffff, 0),
        (0x300, 0x1000, 0),
        (0x310, 0xffff_ffff, 0xff00_0000),
        (0x320, 0xffff_ffff, 0x7_00ff),
        (0x330, 0xffff_ffff, 0x1_07ff),
        (0x340, 0xffff_ffff, 0x1_07ff),
        (0x350, 0xffff_ffff, 0x1_a7ff),
        (0x360, 0xffff_ffff, 0x1_a7ff),
        (0x370, 0xffff_ffff, 0x1_00ff),
        (0x3e0, 0xffff_ffff, 0xb),
    ] {
        apic.write_page(offset, Width::Dword, written, 0);
        let value = apic.read_page(offset, Width::Dword, 0);
        assert_eq!(value, expected, "{offset:#x}");
        assert_eq!(
            apic.read_page(offset + 1, Width::Byte, 0),
            expected >> 8 & 0xff
        );
        assert_eq!(apic.read_page(offset + 2, Width::Word, 0), expected >> 16);
        assert_eq!(apic.read_page(offset + 4, Width::Dword, 0), 0xffff_ffff);
    }
    apic.write_page(0x280, Width::Dword, 0, 0);
    assert_eq!(
        apic.read_page(0x280, Width::Dword, 0),
        0x20,
        "the command's vector"
    );
    for offset in [0, 0x40, 0x2f0, 0x3f0, 0x400, 0xff0] {
        assert_eq!(apic.read_page(offset, Width::Dword, 0), 0, "{offset:#x}");
        apic.write_page(0x280, Width::Dword, 0, 0);
        assert_eq!(apic.read_page(0x280, Width::Dword, 0), 0x80, "{offset:#x}");
        apic.write_page(offset, Width::Dword, 0, 0);
        apic.write_page(0x280, Width::Dword, 0, 0);
        assert_eq!(apic.read_page(0x280, Width::Dword, 0), 0x80, "{offset:#x}");
    }
}

#[test]
fn registers_are_written_as_a_whole() {
    let mut apic: LocalApic<Cpu> = LocalApic::new(0, true);
    for (offset, width) in [
        (0x80, Width::Byte),
        (0x80, Width::Word),
        (0x80, Width::Qword),
        (0x81, Width::Dword),
        (0x84, Width::Dword),
    ] {
        apic.write_page(offset, width, 0x50, 0);
        assert_eq!(apic.read_page(0x80, Width::Dword, 0), 0, "{offset:#x}");
    }
}

#[test]
fn an_apic_that_is_off_has_its_local_vectors_masked() {
    for (cpu, mut apic) in [(None, x2apic()), {
        let (cpu, apic) = virtualised();
        (Some(cpu), apic)
    }] {
        write(&mut apic, LVT_TIMER, 0x41);
        assert_eq!(read(&mut apic, LVT_TIMER), 0x41);
        write(&mut apic, SPURIOUS, 0xff);
        assert_eq!(read(&mut apic, LVT_TIMER), 0x1_0041);
        if let Some(cpu) = cpu {
            assert_eq!(cpu.guest_reads(0x320), 0x1_0041);
        }
        write(&mut apic, LVT_TIMER, 0x42);
        assert_eq!(read(&mut apic, LVT_TIMER), 0x1_0042);
        write(&mut apic, SPURIOUS, 0x1ff);
        assert_eq!(read(&mut apic, LVT_TIMER), 0x1_0042, "software unmasks it");
    }
}

#[test]
fn what_the_cpu_lets_the_guest_write_is_put_right() {
    let cpu = Cpu::default();
    let mut apic = LocalApic::virtualised(1, true, cpu.clone());
    for (offset, written, expected) in [
        (0x20, 0xffff_ffff, 0x0100_0000),
        (0xd0, 0xffff_ffff, 0xff00_0000),
        (0xe0, 0, 0x0fff_ffff),
        (0xf0, 0xffff_ffff, 0x11ff),
        (0x350, 0xffff_ffff, 0x1_a7ff),
        (0x380, 77, 77),
        (0x3e0, 0xffff_ffff, 0xb),
    ] {
        cpu.guest_writes(offset, written);
        apic.written_by_cpu(offset as u16, 0);
        assert_eq!(cpu.guest_reads(offset), expected, "{offset:#x}");
        assert_eq!(
            apic.read_page(offset as u64, Width::Dword, 0),
            expected.into()
        );
    }
    // The x2APIC's self-interrupt exits only with a reserved vector.
    cpu.guest_writes(0x3f0, 7);
    apic.written_by_cpu(0x3f0, 0);
    cpu.guest_writes(0x280, 0x1234);
    apic.written_by_cpu(0x280, 0);
    assert_eq!(cpu.guest_reads(0x280), 0x20);
}

#[test]
fn cr8_is_the_task_priority() {
    for mut apic in [x2apic(), virtualised().1] {
        assert_eq!(apic.set_cr8(16), Err(GeneralProtection));
        apic.set_cr8(9).expect("a priority");
        assert_eq!((apic.cr8(), read(&mut apic, TASK_PRIORITY)), (9, 0x90));
        write(&mut apic, TASK_PRIORITY, 0x7f);
        assert_eq!(apic.cr8(), 7);
    }
}
