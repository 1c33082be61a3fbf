// SPDX-License-Identifier: BSD-2-Clause
//! What accesses change, and as what they are counted.

use vmm_control::Access;

use super::*;

#[test]
fn usual_accesses_are_no_news() {
    let mut pc = pc();
    pc.interrupt();
    pc.read_port(0x3fd, Byte);
    pc.read_port(0x80, Byte);
    pc.read(place::IO_APIC, Dword);
    pc.read(place::ECAM, Dword);
    assert!(!pc.has_news());
    pc.write(place::IO_APIC, Dword, 1);
    assert!(pc.has_news());
    pc.interrupt();
    assert!(!pc.has_news());
}

#[test]
fn an_access_is_counted_once() {
    let mut pc = pc();
    for (port, access) in [
        (0x3f8, Access::Serial),
        (0x71, Access::Clock),
        (0xcfc, Access::PciConfig),
        (0x601, Access::Power),
        (0x80, Access::AbsentPort),
    ] {
        pc.read_port(port, Byte);
        assert_eq!(pc.take_access(), Some(access), "{port:#x}");
        assert_eq!(pc.take_access(), None);
        pc.write_port(port, Byte, 0);
        assert_eq!(pc.take_access(), Some(access), "{port:#x}");
    }
    for (at, access) in [
        (place::IO_APIC.0, Access::IoApic),
        (place::ECAM.0, Access::PciConfig),
        (0x4000_0000, Access::AbsentMemory),
        (u64::MAX, Access::AbsentMemory),
    ] {
        pc.read(Gpa(at), Dword);
        assert_eq!(pc.take_access(), Some(access), "{at:#x}");
        pc.write(Gpa(at), Dword, 0);
        assert_eq!(pc.take_access(), Some(access), "{at:#x}");
    }
}

#[test]
fn registers_of_the_apic_are_counted_by_what_they_are() {
    let mut pc = pc();
    for (offset, access) in [
        (0x80, Access::ApicTpr),
        (0xb0, Access::ApicEoi),
        (0x300, Access::ApicIcr),
        (0x380, Access::ApicTimer),
        (0x20, Access::ApicOther),
    ] {
        pc.write(Gpa(APIC_PAGE + offset), Dword, 0);
        assert_eq!(pc.take_access(), Some(access), "{offset:#x}");
    }
    assert_eq!(pc.write_msr(0x1b, 0xfee0_0d00), Some(()));
    assert_eq!(pc.write_msr(0x80b, 0), Some(()));
    assert_eq!(pc.take_access(), Some(Access::ApicEoi));
    assert_eq!(pc.read_msr(0x6e0), Some(0));
    assert_eq!(pc.take_access(), Some(Access::ApicTimer));
}
