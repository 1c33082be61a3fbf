// SPDX-License-Identifier: BSD-2-Clause
//! Access to VMCS fields.

use sel4::{Error, Word, sys::invocation_label as label};
use sel4_test::{TestResult, check_eq};
use sel4_vcpu::field::guest;
use test_guests::Lab;

pub fn fields_read_back(lab: &mut Lab) -> TestResult {
    for value in [0x3f00u64, u64::MAX, 0] {
        check_eq!(lab.vcpu.write(guest::RSP, value), Ok(value.into()));
        check_eq!(lab.vcpu.read(guest::RSP), Ok(value.into()));
    }
    for value in [0x0007_0406_0007_0406u64, 6] {
        check_eq!(lab.vcpu.write(guest::PAT, value), Ok(value));
        check_eq!(lab.vcpu.read(guest::PAT), Ok(value));
    }
    Ok(())
}

/// Invokes the virtual CPU past the types of `sel4-vcpu`.
fn invoke(label: Word, args: &[Word]) -> Result<Word, Error> {
    const VCPU: Word = 330;
    sel4::invoke(sel4::CPtr::from_bits(VCPU), label, &[], args).map(|[value, ..]| value)
}

/// Host state, the addresses of pages that the CPU reads and writes, and what is no field.
pub fn fields_of_the_host_are_refused(_: &mut Lab) -> TestResult {
    const HOST: [Word; 5] = [0x6c02, 0x6c16, 0x6c14, 0x2c02, 0x0c02];
    const ADDRESSES: [Word; 11] = [
        0x2000, 0x2002, 0x2004, 0x2006, 0x2008, 0x200a, 0x2012, 0x2014, 0x2016, 0x201a, 0x2800,
    ];
    const OTHER: [Word; 5] = [0x0000, 0x0002, 0x400e, 0xffff, Word::MAX];
    for field in HOST.into_iter().chain(ADDRESSES).chain(OTHER) {
        let read = invoke(label::X86VCPUReadVMCS, &[field]);
        check_eq!(read, Err(Error::IllegalOperation), "reading {field:#x}");
        let written = invoke(label::X86VCPUWriteVMCS, &[field, 0]);
        check_eq!(written, Err(Error::IllegalOperation), "writing {field:#x}");
    }
    Ok(())
}
