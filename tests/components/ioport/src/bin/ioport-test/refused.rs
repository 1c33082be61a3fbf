// SPDX-License-Identifier: BSD-2-Clause
//! Ports that were not given.

use sel4::Error;
use sel4_test::{TestResult, check_eq};
use sel4_vcpu::IoPort;

use crate::allowed::{CMOS, HIGHEST, PCI, POST};

const REFUSED: Error = Error::IllegalOperation;

pub fn below_and_above_the_range() -> TestResult {
    for port in [0, 0x6f, 0x72, 0x80, 0xcf8, 0xffff] {
        check_eq!(CMOS.in8(port), Err(REFUSED), "port {port:#x}");
    }
    for port in [0x7f, 0x81] {
        check_eq!(POST.in8(port), Err(REFUSED), "port {port:#x}");
    }
    Ok(())
}

pub fn access_that_reaches_over_the_end() -> TestResult {
    check_eq!(CMOS.in16(0x71), Err(REFUSED));
    check_eq!(CMOS.in32(0x70), Err(REFUSED));
    check_eq!(POST.in16(0x80), Err(REFUSED));
    check_eq!(PCI.in32(0xcfd), Err(REFUSED));
    check_eq!(PCI.in16(0xcf7), Err(REFUSED));
    check_eq!(HIGHEST.in32(0xfffd), Err(REFUSED));
    check_eq!(HIGHEST.in16(0xffff), Err(REFUSED));
    Ok(())
}

pub fn writes_as_reads() -> TestResult {
    check_eq!(CMOS.out8(0x72, 0), Err(REFUSED));
    check_eq!(CMOS.out16(0x71, 0), Err(REFUSED));
    check_eq!(CMOS.out32(0x6e, 0), Err(REFUSED));
    Ok(())
}

pub fn range_of_another() -> TestResult {
    // COM1 is the kernel's in this system.
    for range in [CMOS, PCI, POST, HIGHEST] {
        check_eq!(range.in8(0x3f8), Err(REFUSED));
        check_eq!(range.out8(0x3f8, b'!'), Err(REFUSED));
    }
    Ok(())
}

pub fn no_capability() -> TestResult {
    for id in [1, 29, 60] {
        let range = IoPort::new(id);
        check_eq!(range.in8(0x70), Err(Error::InvalidCapability), "id {id}");
    }
    Ok(())
}
