// SPDX-License-Identifier: BSD-2-Clause
//! The start: of the shim, of the hypervisor, and of the hypervisor's other CPUs.

use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use vtx_shim::Cpu;
use vtx_shim::vmcb::{Segment, code};

use crate::machine::Machine;
use crate::processor::{self, CPUS, Entry, go, start_other, wait_for_start};
use crate::{console, gates, image, lapic, nested};

/// Where other CPUs start: low memory that nobody uses yet.
const TRAMPOLINE: usize = 0x7_0000;
const MAGIC: u64 = 0x2bad_b002;
const WRITE: u64 = 1 << 1;

/// Which MSRs of the hypervisor are stopped.
struct MsrMap(UnsafeCell<[u8; 0x2000]>);

// SAFETY: bits change one at a time; the CPUs only read it.
unsafe impl Sync for MsrMap {}

#[repr(C, align(4096))]
struct Aligned(MsrMap);

static MSR_MAP: Aligned = Aligned(MsrMap(UnsafeCell::new([0; 0x2000])));
/// CPUs that the hypervisor has not started yet.
static WAITING: AtomicU32 = AtomicU32::new(0);

/// The first CPU, from the boot loader.
pub extern "C" fn first(magic: u32, information: u32) -> ! {
    console::prepare();
    if u64::from(magic) != MAGIC {
        console::stop(format_args!("was not started by a multiboot loader"));
    }
    console::line(format_args!("VT-x emulated by vtx-shim, on AMD SVM"));
    gates::fill();
    gates::load();
    nested::fill();
    start_others();
    stop_msrs();
    let loaded = image::load(information.into());
    let entry = Entry::Multiboot {
        entry: loaded.entry,
        information: loaded.information,
    };
    go(0, &entry)
}

/// Every further CPU, with its number less one.
pub extern "C" fn further(number: u32) -> ! {
    let number = number as usize + 1;
    if number >= CPUS {
        console::stop(format_args!("CPU {number} is not used: {CPUS} at most are"));
    }
    let entry = wait_for_start(number);
    go(number, &entry)
}

fn start_others() {
    unsafe extern "C" {
        static boot_trampoline: u8;
        static boot_trampoline_end: u8;
    }
    let (from, end) = (&raw const boot_trampoline, &raw const boot_trampoline_end);
    // SAFETY: code of the shim, to low memory that nobody uses.
    unsafe { ptr::copy_nonoverlapping(from, TRAMPOLINE as *mut u8, end as usize - from as usize) };
    lapic::start_others((TRAMPOLINE >> 12) as u8);
    let others = processor::count().min(CPUS as u32) - 1;
    WAITING.store(others, Ordering::Release);
    console::line(format_args!("{} CPUs", others + 1));
}

/// Stops the hypervisor's use of what VT-x adds, of EFER, and of SVM.
fn stop_msrs() {
    for msr in (0x480..=0x491).chain([0x3a, 0xc000_0080, 0xc001_0114, 0xc001_0117]) {
        stop_msr(msr, true);
    }
    let alone = WAITING.load(Ordering::Acquire) == 0;
    stop_msr(lapic::ICR_MSR, !alone);
    nested::let_apic_be_written(alone);
}

fn stop_msr(msr: u32, stop: bool) {
    let number = match msr {
        0..0x2000 => msr,
        0xc000_0000..0xc000_2000 => msr - 0xc000_0000 + 0x2000,
        _ => msr - 0xc001_0000 + 0x4000,
    };
    let (byte, shift) = (number as usize / 4, number % 4 * 2);
    // SAFETY: in the map, and whole bytes; the emulation of CPUs reads them only.
    unsafe {
        let at = MSR_MAP.0.0.get().cast::<u8>().add(byte);
        let value = at.read_volatile() & !(3 << shift);
        at.write_volatile(value | if stop { 3 << shift } else { 0 });
    }
}

/// The state that a CPU of the hypervisor starts in.
pub fn prepare(cpu: &mut Cpu<Machine>, entry: &Entry) {
    cpu.prepare_hypervisor(MSR_MAP.0.0.get() as u64, nested::root());
    let vmcb = &mut *cpu.hypervisor;
    let segment = |selector, attributes, limit, base| Segment {
        selector,
        attributes,
        limit,
        base,
    };
    let (code, data) = match *entry {
        Entry::Multiboot { entry, information } => {
            vmcb.cr0 = 0x11;
            vmcb.rip = entry;
            vmcb.rax = MAGIC;
            cpu.registers[3] = information;
            (
                segment(8, 0xc9b, u32::MAX, 0),
                segment(16, 0xc93, u32::MAX, 0),
            )
        }
        Entry::Page(page) => {
            vmcb.cr0 = 0x10;
            let code = segment(u16::from(page) << 8, 0x9b, 0xffff, u64::from(page) << 12);
            (code, segment(0, 0x93, 0xffff, 0))
        }
    };
    vmcb.cs = code;
    for register in [
        &mut vmcb.es,
        &mut vmcb.ss,
        &mut vmcb.ds,
        &mut vmcb.fs,
        &mut vmcb.gs,
    ] {
        *register = data;
    }
    vmcb.gdtr.limit = 0xffff;
    vmcb.idtr.limit = 0x3ff;
    vmcb.tr = segment(0, 0x8b, 0xffff, 0);
    vmcb.ldtr = segment(0, 0x82, 0xffff, 0);
    vmcb.dr6 = 0xffff_0ff0;
    vmcb.dr7 = 0x400;
    vmcb.rflags = 2;
    vmcb.pat = 0x0007_0406_0007_0406;
    use vtx_shim::host::Host;
    cpu.host.load(cpu.hypervisor);
}

/// Has the hypervisor written the interrupt command of the x2APIC?
pub fn is_command(cpu: &Cpu<Machine>) -> bool {
    cpu.hypervisor.exit_code == code::MSR && cpu.registers[1] as u32 == lapic::ICR_MSR
}

/// Does it, or starts the CPU that it is about.
pub fn command(cpu: &mut Cpu<Machine>) {
    const RDMSR: u64 = 0;
    if cpu.hypervisor.exit_info_1 & 1 == RDMSR {
        let value = processor::read_msr(lapic::ICR_MSR);
        cpu.hypervisor.rax = value & 0xffff_ffff;
        cpu.registers[2] = value >> 32;
    } else {
        let low = cpu.hypervisor.rax as u32;
        let high = cpu.registers[2] as u32;
        if !starts(low, high) {
            processor::write_msr(lapic::ICR_MSR, u64::from(high) << 32 | u64::from(low));
        }
    }
    cpu.hypervisor.rip += 2;
}

/// The hypervisor touched what its page table does not have: the local APIC's page, until all CPUs are
/// started, or memory of the shim.
pub fn page_fault(cpu: &mut Cpu<Machine>) {
    let at = cpu.hypervisor.exit_info_2;
    if at & !0xfff != lapic::PAGE || cpu.hypervisor.exit_info_1 & WRITE == 0 {
        console::line(format_args!(
            "the hypervisor touched {at:#x}, which is not there"
        ));
        return cpu.general_protection_of_hypervisor();
    }
    let Some(value) = cpu.stored_value() else {
        console::stop(format_args!(
            "a write to the local APIC that the shim cannot decode"
        ));
    };
    let offset = at & 0xfff;
    let destination = lapic::read(lapic::ICR_HIGH) >> 24;
    if offset != lapic::ICR || !starts(value, destination) {
        lapic::write(offset, value);
    }
}

/// Is it about the start of a CPU, whatever of it?
fn starts(command: u32, destination: u32) -> bool {
    const INIT: u32 = 5;
    const START: u32 = 6;
    match command >> 8 & 7 {
        INIT => true,
        START => {
            if start_other(destination as usize, command as u8)
                && WAITING.fetch_sub(1, Ordering::AcqRel) == 1
            {
                stop_msr(lapic::ICR_MSR, false);
                nested::let_apic_be_written(true);
            }
            true
        }
        _ => false,
    }
}
