// SPDX-License-Identifier: BSD-2-Clause
//! One CPU: its memory, and its loop.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};

use vtx_shim::vmcb::{Vmcb, code};
use vtx_shim::{Cpu, Shadow, Table};
use zerocopy::FromZeros;

use crate::machine::Machine;
use crate::{console, gates, start};

/// Most CPUs.
pub const CPUS: usize = 4;
/// Bytes of a CPU's stack.
pub const STACK_SIZE: usize = 0x1_0000;
/// Tables for shadow page tables of each CPU.
const TABLES: usize = 1024;
const HOST_SAVE_AREA: u32 = 0xc001_0117;

/// The stacks of all CPUs but the first.
#[repr(C, align(4096))]
pub struct Stacks(UnsafeCell<[[u8; STACK_SIZE]; CPUS]>);

// SAFETY: each CPU uses its own.
unsafe impl Sync for Stacks {}

pub static STACKS: Stacks = Stacks(UnsafeCell::new([[0; STACK_SIZE]; CPUS]));

/// What a CPU needs at fixed places.
#[derive(FromZeros)]
#[repr(C, align(4096))]
struct Area {
    hypervisor: Vmcb,
    guest: Vmcb,
    host_save: [u8; 0x1000],
    guest_msr_map: [u8; 0x2000],
    guest_io_map: [u8; 0x3000],
    tables: [[u64; 512]; TABLES],
    fpu: Fpu,
}

/// State of the floating-point unit, as FXSAVE leaves it.
#[derive(FromZeros)]
#[repr(C, align(16))]
pub struct Fpu([u8; 512]);

impl Fpu {
    /// As after a reset, with all exceptions masked.
    fn reset(&mut self) {
        self.0[..2].copy_from_slice(&0x37fu16.to_le_bytes());
        self.0[24..28].copy_from_slice(&0x1f80u32.to_le_bytes());
    }
}

struct Areas(UnsafeCell<core::mem::MaybeUninit<[Area; CPUS]>>);

// SAFETY: each CPU uses its own.
unsafe impl Sync for Areas {}

static AREAS: Areas = Areas(UnsafeCell::new(core::mem::MaybeUninit::zeroed()));

/// The vector of the start-up interrupt that a CPU waits for, plus 0x100.
static STARTED: [AtomicU32; CPUS] = [const { AtomicU32::new(0) }; CPUS];

unsafe extern "C" {
    fn run(vmcb: *mut Vmcb, registers: &mut [u64; 16], fpu: &mut Fpu);
}

/// Where a CPU of the hypervisor starts.
pub enum Entry {
    /// In 32-bit mode, with multiboot information.
    Multiboot { entry: u64, information: u64 },
    /// In real mode, in this page.
    Page(u8),
}

/// Waits until the hypervisor starts this CPU.
pub fn wait_for_start(number: usize) -> Entry {
    loop {
        let vector = STARTED[number].load(Ordering::Acquire);
        if vector != 0 {
            return Entry::Page(vector as u8);
        }
        core::hint::spin_loop();
    }
}

/// Starts another CPU; whether it was waiting.
pub fn start_other(number: usize, vector: u8) -> bool {
    let waits = STARTED.get(number);
    waits.is_some_and(|cpu| cpu.swap(0x100 | u32::from(vector), Ordering::AcqRel) == 0)
}

/// Runs the hypervisor on this CPU, for ever.
pub fn go(number: usize, entry: &Entry) -> ! {
    gates::load();
    // SAFETY: each CPU calls this once, with its own number, and all zeros are an area.
    let area = unsafe { &mut *(*AREAS.0.get()).as_mut_ptr().cast::<Area>().add(number) };
    // Whatever is not known to be harmless is stopped.
    area.guest_msr_map.fill(0xff);
    area.guest_io_map.fill(0xff);
    area.guest.msr_map = &raw const area.guest_msr_map as u64;
    area.guest.io_map = &raw const area.guest_io_map as u64;
    write_msr(HOST_SAVE_AREA, &raw const area.host_save as u64);
    let base = &raw const area.tables as u64;
    // SAFETY: a table is its entries.
    let tables: &'static mut [Table] =
        unsafe { core::slice::from_raw_parts_mut((&raw mut area.tables).cast(), TABLES) };
    let shadow = Shadow::new(tables, base);
    let mut cpu = Cpu::new(
        Machine,
        &mut area.hypervisor,
        &mut area.guest,
        &mut area.guest_msr_map,
        shadow,
    );
    area.fpu.reset();
    start::prepare(&mut cpu, entry);
    // The hypervisor's interrupts are not the shim's.
    // SAFETY: no gate but those for interrupts is used, and GIF holds them back.
    unsafe { asm!("clgi", "sti", options(nomem, nostack)) };
    loop {
        step(&mut cpu, number, &mut area.fpu);
    }
}

fn step(cpu: &mut Cpu<Machine>, number: usize, fpu: &mut Fpu) {
    if cpu.inside {
        cpu.before_guest();
    }
    if cpu.inside && cpu.halted {
        if let Some(vector) = gates::wait() {
            cpu.interrupt(vector);
        }
        return;
    }
    let vmcb: *mut Vmcb = if cpu.inside {
        &raw mut *cpu.guest
    } else {
        &raw mut *cpu.hypervisor
    };
    // SAFETY: the control block is complete, and its tables hide the shim's memory.
    unsafe { run(vmcb, &mut cpu.registers, fpu) };
    let handled = if cpu.inside {
        cpu.guest_exit()
    } else {
        cpu.hypervisor.event = 0;
        cpu.hypervisor.flush = 0;
        if cpu.hypervisor.exit_code == code::NESTED_PAGE_FAULT {
            start::page_fault(cpu);
            Ok(())
        } else if start::is_command(cpu) {
            start::command(cpu);
            Ok(())
        } else {
            cpu.hypervisor_exit()
        }
    };
    if handled.is_err() {
        let who = if cpu.inside { "guest" } else { "hypervisor" };
        let vmcb = if cpu.inside {
            &*cpu.guest
        } else {
            &*cpu.hypervisor
        };
        console::stop(format_args!(
            "CPU {number}: exit {:#x} ({:#x}, {:#x}) of the {who} at {:#x}: CR0 {:#x}, CR3 {:#x}, CR4 {:#x}, EFER {:#x}",
            vmcb.exit_code,
            vmcb.exit_info_1,
            vmcb.exit_info_2,
            vmcb.rip,
            vmcb.cr0,
            vmcb.cr3,
            vmcb.cr4,
            vmcb.efer,
        ));
    }
}

/// RDMSR.
pub fn read_msr(msr: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: reading has no effect on memory.
    unsafe {
        asm!("rdmsr", in("ecx") msr, out("eax") low, out("edx") high, options(nomem, nostack))
    };
    u64::from(high) << 32 | u64::from(low)
}

/// WRMSR.
pub fn write_msr(msr: u32, value: u64) {
    let (low, high) = (value as u32, (value >> 32) as u32);
    // SAFETY: the shim's own registers, or those that the hypervisor's guest may write.
    unsafe { asm!("wrmsr", in("ecx") msr, in("eax") low, in("edx") high, options(nostack)) };
}

/// How many CPUs there are.
pub fn count() -> u32 {
    unsafe extern "C" {
        static boot_count: AtomicU32;
    }
    // SAFETY: the other CPUs count themselves there.
    1 + unsafe { boot_count.load(Ordering::Acquire) }
}
