// SPDX-License-Identifier: BSD-2-Clause
//! What of the guest's doings SVM is to stop, by the controls of VMX.

use crate::capability::{pin, primary, secondary};
use crate::host::Host;
use crate::vmcb::{control, intercept, intercept_2};
use crate::{Cpu, Field};

impl<H: Host> Cpu<H> {
    /// What of the guest's doings is stopped, by the controls.
    pub(crate) fn set_intercepts(&mut self) {
        let primary_on = |control| self.has(Field::PRIMARY, control);
        let mut cr_reads = 0;
        let mut cr_writes = 1 << 0 | 1 << 4;
        if self.get(Field::CR0_MASK) != 0
            || self.get(Field::CR4_MASK) != 0
            || primary_on(primary::CR3_STORE)
        {
            // QEMU up to 10 looks at the bit of CR0 for reads of all control registers.
            cr_reads |= 1 << 0 | 1 << 3 | 1 << 4;
        }
        if primary_on(primary::CR3_LOAD) {
            cr_writes |= 1 << 3;
        }
        if primary_on(primary::CR8_STORE) || primary_on(primary::TPR_SHADOW) {
            cr_reads |= 1 << 0 | 1 << 8;
        }
        if primary_on(primary::CR8_LOAD) || primary_on(primary::TPR_SHADOW) {
            cr_writes |= 1 << 8;
        }
        let mut stopped = intercept::CPUID
            | intercept::INVD
            | intercept::INVLPGA
            | intercept::INTR
            | intercept::IO
            | intercept::HLT
            | intercept::MSR
            | intercept::TASK_SWITCH
            | intercept::SHUTDOWN;
        let mut stopped_2 = intercept_2::SVM | intercept_2::XSETBV;
        for (control, bit) in [
            (primary::INVLPG, intercept::INVLPG),
            (primary::RDPMC, intercept::RDPMC),
            (primary::RDTSC, intercept::RDTSC),
            (primary::PAUSE, intercept::PAUSE),
        ] {
            stopped |= if primary_on(control) { bit } else { 0 };
        }
        for (control, bit) in [
            (primary::MONITOR, intercept_2::MONITOR),
            (primary::MWAIT, intercept_2::MWAIT),
        ] {
            stopped_2 |= if primary_on(control) { bit } else { 0 };
        }
        if primary_on(primary::RDTSC) || !self.has_secondary(secondary::RDTSCP) {
            stopped_2 |= intercept_2::RDTSCP;
        }
        if self.has_secondary(secondary::WBINVD) {
            stopped_2 |= intercept_2::WBINVD;
        }
        if self.has(Field::PIN, pin::NMI) {
            stopped |= intercept::NMI;
        }
        let debug = if primary_on(primary::DEBUG_REGISTER) {
            u16::MAX
        } else {
            0
        };
        let offset = if primary_on(primary::TSC_OFFSETTING) {
            self.get(Field::TSC_OFFSET)
        } else {
            0
        };
        // Invalid opcodes may be instructions of VMX.
        let exceptions = self.get(Field::EXCEPTION_BITMAP) as u32 | 1 << 6;
        let guest = &mut *self.guest;
        guest.cr_reads = cr_reads;
        guest.cr_writes = cr_writes;
        (guest.dr_reads, guest.dr_writes) = (debug, debug);
        guest.exceptions = exceptions;
        guest.intercepts = stopped;
        guest.intercepts_2 = stopped_2;
        guest.interrupt_control = control::MASKING;
        guest.tsc_offset = offset;
        guest.asid = 2;
        guest.nested_paging = 1;
        self.set_msr_map();
    }

    /// Lets the guest use the MSRs of its control block itself, where the hypervisor does.
    fn set_msr_map(&mut self) {
        /// SYSENTER, FS, GS and those that lists name.
        const HOT: [u32; 10] = [
            0x174,
            0x175,
            0x176,
            0xc000_0081,
            0xc000_0082,
            0xc000_0083,
            0xc000_0084,
            0xc000_0100,
            0xc000_0101,
            0xc000_0102,
        ];
        for msr in HOT {
            for write in [false, true] {
                let stop = self.msr_exits(msr, write);
                let bit = (if msr < 0x2000 {
                    msr
                } else {
                    msr - 0xc000_0000 + 0x2000
                }) * 2
                    + u32::from(write);
                let byte = &mut self.guest_msr_map[bit as usize / 8];
                *byte = *byte & !(1 << (bit % 8)) | u8::from(stop) << (bit % 8);
            }
        }
    }
}
