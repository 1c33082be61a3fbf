// SPDX-License-Identifier: BSD-2-Clause
//! Exceptions: those that the CPU raises by itself must be as without a hypervisor, also beside
//! instructions that exit.
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

use bare::cpu::{is_tcg, read_msr};
use bare::trap::{Frame, Trap, catch, on_interrupt};
use bare::{Suite, TestResult, apic, check, check_eq, skip, suite};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-exceptions",
    [
        divide_error,
        breakpoint,
        undefined,
        no_coprocessor,
        protection,
        stack_segment,
        absent_segment,
        page_absent,
        page_read_only,
        reserved_bit,
        no_execute,
        simd_error,
        single_step,
        single_step_over_exits,
        breakpoint_in_memory,
        breakpoint_on_data,
        debug_registers_keep,
        after_an_exit_that_is_refused,
        thousands,
        fault_in_a_handler,
    ]
);

fn main() -> ! {
    bare::run(&SUITE)
}

/// The exception's vector and error code.
fn of(result: Result<(), Trap>) -> Option<(u8, u64)> {
    result.err().map(|trap| (trap.vector, trap.error))
}

/// Runs instructions, and gives the exception. RAX, RCX, RDX are theirs.
macro_rules! raised {
    ($($instruction:literal),+ $(; $rax:expr)?) => {{
        let _rax: u64 = 0 $(+ $rax)?;
        // SAFETY: they do what the test is about.
        of(catch(|| unsafe {
            asm!($($instruction),+, inout("rax") _rax => _, out("rcx") _, out("rdx") _);
        }))
    }};
}

fn divide_error(_: &mut ()) -> TestResult {
    check_eq!(
        raised!("xor ecx, ecx", "xor edx, edx", "div ecx"),
        Some((0, 0))
    );
    Ok(())
}

fn breakpoint(_: &mut ()) -> TestResult {
    check_eq!(raised!("int3"), Some((3, 0)));
    Ok(())
}

fn undefined(_: &mut ()) -> TestResult {
    check_eq!(raised!("ud2"), Some((6, 0)));
    check_eq!(raised!("lock nop"), Some((6, 0)));
    Ok(())
}

fn no_coprocessor(_: &mut ()) -> TestResult {
    let found = raised!(
        "mov rcx, cr0",
        "mov rdx, rcx",
        "or rdx, 8",
        "mov cr0, rdx",
        "xorps xmm0, xmm0"
    );
    // SAFETY: as it was.
    unsafe { asm!("clts") };
    check_eq!(found, Some((7, 0)));
    check_eq!(raised!("xorps xmm0, xmm0"), None);
    Ok(())
}

fn protection(_: &mut ()) -> TestResult {
    check_eq!(
        raised!("mov rcx, [rax]"; 0x8000_0000_0000_0000),
        Some((13, 0))
    );
    check_eq!(raised!("mov ds, ax"; 0x1003), Some((13, 0x1000)));
    if !is_tcg() {
        // Pages without protection. TCG takes it, and is lost.
        check_eq!(raised!("mov cr0, rax"; 0x8000_0000), Some((13, 0)));
    }
    Ok(())
}

fn stack_segment(_: &mut ()) -> TestResult {
    if is_tcg() {
        skip!("TCG calls it a protection fault");
    }
    let found = raised!("push rbp", "mov rbp, rax", "mov rcx, [rbp]", "pop rbp"; 1 << 63);
    check_eq!(found, Some((12, 0)));
    Ok(())
}

fn absent_segment(_: &mut ()) -> TestResult {
    check_eq!(
        raised!("mov fs, ax"; 0x0ff8),
        Some((13, 0xff8)),
        "beyond the table"
    );
    Ok(())
}

fn page_absent(_: &mut ()) -> TestResult {
    // Nothing is mapped from 4 GiB on.
    let at = 0x1_2345_6789_u64;
    for (write, error) in [(false, 0), (true, 2)] {
        let trap = catch(|| {
            // SAFETY: it faults.
            unsafe {
                if write {
                    core::ptr::write_volatile(at as *mut u8, 0);
                } else {
                    core::ptr::read_volatile(at as *const u8);
                }
            }
        });
        let found = trap
            .err()
            .map(|trap| (trap.vector, trap.error, trap.address));
        check_eq!(found, Some((14, error, at)));
    }
    Ok(())
}

/// The entry for the 2 MiB at 4 MiB, where the tests may do as they like.
fn entry() -> *mut u64 {
    let root: usize;
    // SAFETY: reads only; the tables are at their own addresses.
    unsafe {
        asm!("mov {}, cr3", out(reg) root);
        let second = *((root & !0xfff) as *const usize) & !0xfff;
        let third = *(second as *const usize) & !0xfff;
        (third as *mut u64).add(2)
    }
}

const PLACE: u64 = 4 << 20;

/// Runs `f` with bits of the entry changed.
fn with_entry(clear: u64, set: u64, f: impl FnMut()) -> Option<(u8, u64)> {
    let entry = entry();
    let change = |value| {
        // SAFETY: nothing uses what is mapped there.
        unsafe {
            entry.write_volatile(value);
            asm!("invlpg [{}]", in(reg) PLACE);
        }
    };
    // SAFETY: as above.
    let before = unsafe { entry.read_volatile() };
    change(before & !clear | set);
    let result = of(catch(f));
    change(before);
    result
}

fn touch() {
    // SAFETY: nothing is there.
    unsafe { core::ptr::read_volatile(PLACE as *const u8) };
}

fn page_read_only(_: &mut ()) -> TestResult {
    // SAFETY: nothing is there.
    let write = || unsafe { core::ptr::write_volatile(PLACE as *mut u8, 0) };
    check_eq!(with_entry(2, 0, touch), None);
    check_eq!(with_entry(2, 0, write), Some((14, 3)), "CR0.WP is on");
    check_eq!(with_entry(1, 0, write), Some((14, 2)));
    Ok(())
}

fn reserved_bit(_: &mut ()) -> TestResult {
    for bit in [51, 13] {
        let found = with_entry(0, 1 << bit, touch);
        // TCG leaves out that the page is present.
        check_eq!(
            found.map(|(vector, error)| (vector, error | 1)),
            Some((14, 9)),
            "bit {bit}"
        );
    }
    Ok(())
}

fn no_execute(_: &mut ()) -> TestResult {
    const EFER: u32 = 0xc000_0080;
    const NO_EXECUTE: u64 = 1 << 11;
    let efer = read_msr(EFER)?;
    bare::cpu::write_msr(EFER, efer | NO_EXECUTE)?;
    // SAFETY: nothing is there, but RET from now on.
    unsafe { core::ptr::write_volatile(PLACE as *mut u8, 0xc3) };
    // SAFETY: it returns.
    let call = || unsafe { asm!("call {}", in(reg) PLACE) };
    let (without, with) = (with_entry(0, 0, call), with_entry(0, 1 << 63, call));
    bare::cpu::write_msr(EFER, efer)?;
    check_eq!((without, with), (None, Some((14, 0x11))));
    Ok(())
}

fn simd_error(_: &mut ()) -> TestResult {
    if is_tcg() {
        skip!("TCG knows no such exceptions");
    }
    let unmasked = 0x1f80_u32 & !(1 << 9);
    let masked = 0x1f80_u32;
    let (one, zero) = (1.0_f32, 0.0_f32);
    // SAFETY: it divides.
    let found = of(catch(|| unsafe {
        asm!("ldmxcsr [{}]", "movss xmm0, [{}]", "divss xmm0, [{}]",
             in(reg) &unmasked, in(reg) &one, in(reg) &zero, out("xmm0") _);
    }));
    // SAFETY: as it was.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &masked) };
    check_eq!(found, Some((19, 0)));
    Ok(())
}

static STEPS: AtomicU64 = AtomicU64::new(0);
static LAST: AtomicU64 = AtomicU64::new(0);

fn stepped(frame: &mut Frame) {
    STEPS.store(STEPS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    LAST.store(frame.rip, Ordering::Relaxed);
    let status: u64;
    // SAFETY: the debug status, which the handler clears; RF, so that an instruction is done.
    unsafe {
        asm!("mov {0}, dr6", "mov dr6, {1}", out(reg) status, in(reg) 0xffff_0ff0_u64);
    }
    if status & 0xf != 0 {
        frame.rflags |= 1 << 16;
    }
}

/// Runs instructions with the trap flag, of which there are as many as are counted.
macro_rules! steps {
    ($($instruction:literal),+) => {{
        STEPS.store(0, Ordering::Relaxed);
        on_interrupt(1, stepped);
        // SAFETY: each step is counted.
        unsafe {
            asm!("push rbx", "pushfq", "pop rax", "mov rcx, rax", "or rcx, 0x100", "push rax",
                 "push rcx", "popfq", $($instruction),+, "popfq", "pop rbx",
                 out("rax") _, out("rcx") _, out("rdx") _, in("rdi") apic::BASE + 0x20);
        }
        // POPF, which ends it, is one too: it was begun with the flag.
        STEPS.load(Ordering::Relaxed)
    }};
}

fn single_step(_: &mut ()) -> TestResult {
    check_eq!(steps!("nop"), 2);
    check_eq!(steps!("nop", "inc eax", "nop"), 4);
    Ok(())
}

fn single_step_over_exits(_: &mut ()) -> TestResult {
    check_eq!(steps!("cpuid"), 2, "CPUID");
    check_eq!(steps!("in al, 0x80"), 2, "IN");
    check_eq!(steps!("out 0x80, al"), 2, "OUT");
    check_eq!(steps!("mov eax, [rdi]"), 2, "a device");
    check_eq!(steps!("cpuid", "nop", "cpuid", "nop"), 5);
    Ok(())
}

/// Sets DR0 and DR7. 0 switches the breakpoint off.
fn watch(address: u64, control: u64) {
    // SAFETY: #DB has a handler.
    unsafe { asm!("mov dr0, {}", "mov dr7, {}", in(reg) address, in(reg) 0x400 | control) };
}

fn breakpoint_in_memory(_: &mut ()) -> TestResult {
    STEPS.store(0, Ordering::Relaxed);
    on_interrupt(1, stepped);
    let place: u64;
    // SAFETY: it watches the NOP.
    unsafe {
        asm!("lea {place}, [rip + 2f]", "mov dr0, {place}", "mov dr7, {on}",
             "2: nop", "mov dr7, {off}",
             place = out(reg) place, on = in(reg) 0x402_u64, off = in(reg) 0x400_u64);
    }
    check_eq!(STEPS.load(Ordering::Relaxed), 1);
    check_eq!(LAST.load(Ordering::Relaxed), place);
    Ok(())
}

fn breakpoint_on_data(_: &mut ()) -> TestResult {
    static WORD: AtomicU64 = AtomicU64::new(0);
    STEPS.store(0, Ordering::Relaxed);
    on_interrupt(1, stepped);
    // Writes of eight bytes.
    watch(WORD.as_ptr() as u64, 2 | 9 << 16);
    WORD.store(1, Ordering::Relaxed);
    let _ = WORD.load(Ordering::Relaxed);
    WORD.store(2, Ordering::Relaxed);
    watch(0, 0);
    check_eq!(STEPS.load(Ordering::Relaxed), 2);
    Ok(())
}

fn debug_registers_keep(_: &mut ()) -> TestResult {
    let values = [0x1000_u64, 0x2000, 0x3000, 0x4000];
    let mut found = [0_u64; 4];
    // SAFETY: nothing is watched.
    unsafe {
        asm!("mov dr0, {}", "mov dr1, {}", "mov dr2, {}", "mov dr3, {}",
             in(reg) values[0], in(reg) values[1], in(reg) values[2], in(reg) values[3]);
    }
    let _ = bare::cpu::cpuid(0, 0);
    let _ = bare::port::read8(0x80);
    // SAFETY: reads only.
    unsafe {
        asm!("mov {}, dr0", "mov {}, dr1", "mov {}, dr2", "mov {}, dr3",
             out(reg) found[0], out(reg) found[1], out(reg) found[2], out(reg) found[3]);
    }
    check_eq!(found, values);
    Ok(())
}

/// The faulting instruction is not skipped.
fn after_an_exit_that_is_refused(_: &mut ()) -> TestResult {
    if is_tcg() {
        skip!("TCG has all registers");
    }
    let mut place = 0_u64;
    let trap = catch(|| {
        // SAFETY: it faults at the second label's instruction.
        unsafe {
            asm!("lea {}, [rip + 2f]", "mov ecx, 0xdeadbeef", "2: rdmsr",
                 out(reg) place, out("rcx") _, out("rax") _, out("rdx") _);
        }
    });
    // The place is lost with the fault: what is known is the instruction there.
    let Err(trap) = trap else {
        bare::fail!("it was not refused, at {place:#x}");
    };
    // SAFETY: it is code.
    let instruction = unsafe { core::ptr::read_unaligned(trap.rip as *const [u8; 2]) };
    check_eq!(instruction, [0x0f, 0x32]);
    Ok(())
}

fn thousands(_: &mut ()) -> TestResult {
    for _ in 0..3_000 {
        check_eq!(raised!("ud2"), Some((6, 0)));
        check_eq!(raised!("mov rcx, [rax]"; 1 << 63), Some((13, 0)));
    }
    Ok(())
}

fn fault_in_a_handler(_: &mut ()) -> TestResult {
    fn handler(frame: &mut Frame) {
        // On the stack of exceptions again, which is why nothing of this one may be used after.
        STEPS.store(frame.vector, Ordering::Relaxed);
        // SAFETY: it faults, and the fault is caught.
        unsafe { asm!("ud2") };
    }
    on_interrupt(0x78, handler);
    // SAFETY: it has a handler.
    let found = of(catch(|| unsafe { asm!("int 0x78") }));
    check!(STEPS.load(Ordering::Relaxed) == 0x78);
    check_eq!(found, Some((6, 0)));
    Ok(())
}
