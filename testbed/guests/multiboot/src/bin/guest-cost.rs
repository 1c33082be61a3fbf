// SPDX-License-Identifier: BSD-2-Clause
//! Measures what exits to the monitor cost: the median of 300 rounds, from one reading of the TSC to
//! the next, for each a line `NAME ticks`.
//!
//! Whoever is at the other end of the serial port sends a character whenever the guest waits.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::ptr;

use bare::apic::{self, DEADLINE, TSC_DEADLINE, register};
use bare::{cpu, port, serial};

bare::guest!(main);

const ROUNDS: usize = 300;

/// The serial port: received data, interrupt enable, FIFO control, modem control, line status.
const DATA: u16 = 0x3f8;
const INTERRUPT_ENABLE: u16 = 0x3f9;
const FIFO_CONTROL: u16 = 0x3fa;
const MODEM_CONTROL: u16 = 0x3fc;
const LINE_STATUS: u16 = 0x3fd;
const SCRATCH: u16 = 0x3ff;
const DATA_READY: u8 = 1;
const RECEIVED: u8 = 1;
const FIFOS: u8 = 0x07;
/// DTR, RTS, and OUT2, which lets its interrupt through.
const CONNECTED: u8 = 0x0b;

/// The IOAPIC's window, and the pin of the serial port.
const IO_APIC: usize = 0xfec0_0000;
const IO_APIC_DATA: usize = IO_APIC + 0x10;
const PIN: u32 = 4;
const VECTOR: u8 = 0x51;

/// Ticks of an instruction between two readings of the TSC. It may change RAX to RDX.
macro_rules! measure {
    ($instruction:literal, "rax" = $rax:expr, $other:literal = $value:expr) => {{
        let ticks: u64;
        // SAFETY: the instruction changes these registers alone, and no memory of the program.
        unsafe {
            asm!(
                "rdtsc",
                "mov {first}, rax",
                concat!("mov ", $other, ", {value}"),
                "xor eax, eax",
                "push rbx",
                $instruction,
                "pop rbx",
                "rdtsc",
                "sub rax, {first}",
                first = out(reg) _,
                value = in(reg) $value,
                inout("rax") $rax as u64 => ticks,
                out("rcx") _,
                out("rdx") _,
            )
        };
        ticks
    }};
}

fn main() -> ! {
    report("CPUID", || measure!("cpuid", "rax" = 0, "rcx" = 0_u64));
    report("RDMSR", || measure!("rdmsr", "rax" = 0, "rcx" = 0x1b_u64));
    report("IN", || {
        measure!("in al, dx", "rax" = 0, "rdx" = u64::from(SCRATCH))
    });
    report("MMIO", || {
        measure!("mov eax, [rdx]", "rax" = 0, "rdx" = IO_APIC as u64)
    });
    report("NOTHING", || measure!("nop", "rax" = 0, "rcx" = 0_u64));
    prepare_interrupts();
    report("HLT", wait);
    report("SELF-IPI", send_to_self);
    port::write8(INTERRUPT_ENABLE, 0);
    apic::write(register::LVT_TIMER, TSC_DEADLINE | u32::from(VECTOR));
    report("LATE-ASLEEP", || late(cpu::wait_for_interrupt));
    report("LATE-RUNNING", || late(run_until_handled));
    bare::exit(0)
}

fn report(name: &str, mut round: impl FnMut() -> u64) {
    let mut ticks = [0; ROUNDS];
    for ticks in &mut ticks {
        *ticks = round();
    }
    ticks.sort_unstable();
    serial::line(format_args!("{name} {}", ticks[ROUNDS / 2]));
}

// The handler: it takes the time before anything else.
global_asm!(
    "cost_handler:",
    "push rax",
    "push rdx",
    "rdtsc",
    "mov [rip + cost_time], eax",
    "pop rdx",
    "pop rax",
    "iretq",
    ".pushsection .data",
    "cost_time: .long 0",
    ".popsection",
);

unsafe extern "C" {
    fn cost_handler();
    static cost_time: u32;
}

/// When the handler ran last, in the lower half of the TSC.
fn handled() -> u32 {
    // SAFETY: the handler writes it as a whole.
    unsafe { ptr::read_volatile(&raw const cost_time) }
}

/// Lets the serial port interrupt, at its pin's vector, for each character.
fn prepare_interrupts() {
    set_gate();
    for (register, value) in [(0x11 + 2 * PIN, 0), (0x10 + 2 * PIN, u32::from(VECTOR))] {
        // SAFETY: the page is mapped and nothing but the IOAPIC.
        unsafe {
            ptr::write_volatile(IO_APIC as *mut u32, register);
            ptr::write_volatile(IO_APIC_DATA as *mut u32, value);
        }
    }
    port::write8(FIFO_CONTROL, FIFOS);
    port::write8(MODEM_CONTROL, CONNECTED);
    port::write8(INTERRUPT_ENABLE, RECEIVED);
}

/// Writes the handler's gate into the descriptor table.
fn set_gate() {
    const PRESENT_INTERRUPT_GATE: u64 = 0x8e << 40;
    let mut table = [0u8; 10];
    let code: u16;
    // SAFETY: it stores the register's 10 bytes.
    unsafe {
        asm!("sidt [{}]", "mov {:x}, cs", in(reg) &mut table, out(reg) code);
    }
    let base = u64::from_le_bytes(table[2..].try_into().unwrap_or_default());
    let handler = cost_handler as *const () as u64;
    let low = handler & 0xffff
        | u64::from(code) << 16
        | PRESENT_INTERRUPT_GATE
        | (handler >> 16 & 0xffff) << 48;
    let gate = (base + 16 * u64::from(VECTOR)) as *mut u64;
    // SAFETY: the table has 256 gates, and this vector's is nobody else's.
    unsafe {
        ptr::write_volatile(gate, low);
        ptr::write_volatile(gate.add(1), handler >> 32);
    }
}

/// From HLT to the handler of the interrupt that somebody else makes.
fn wait() -> u64 {
    while port::read8(LINE_STATUS) & DATA_READY != 0 {
        port::read8(DATA);
    }
    let before = cpu::tsc() as u32;
    cpu::wait_for_interrupt();
    cpu::interrupts_off();
    apic::eoi();
    handled().wrapping_sub(before).into()
}

/// An interrupt to itself, until behind its end.
fn send_to_self() -> u64 {
    cpu::interrupts_on();
    let before = cpu::tsc();
    apic::send_to_self(VECTOR);
    apic::eoi();
    let after = cpu::tsc();
    cpu::interrupts_off();
    after - before
}

/// How much later than asked for the handler of the APIC's timer runs.
fn late(wait: fn()) -> u64 {
    let end = cpu::tsc() + 100_000;
    // It is there: the monitor tells so.
    let _ = cpu::write_msr(DEADLINE, end);
    wait();
    apic::eoi();
    handled().wrapping_sub(end as u32).into()
}

fn run_until_handled() {
    let before = handled();
    cpu::interrupts_on();
    while handled() == before {}
    cpu::interrupts_off();
}
