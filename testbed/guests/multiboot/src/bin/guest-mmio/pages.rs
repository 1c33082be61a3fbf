// SPDX-License-Identifier: BSD-2-Clause
//! What the tables of pages have to do with it.

use core::arch::asm;
use core::cell::UnsafeCell;

use bare::apic::{BASE, register};
use bare::{TestResult, apic, check, check_eq};

const PRESENT_WRITABLE: u64 = 3;
const LARGE: u64 = 1 << 7;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const PAGE: usize = 4096;

/// The second 512 GiB: what is mapped there is the tests'.
const WINDOW: usize = 1 << 39;

/// Three tables, and two pages for an instruction.
#[repr(C, align(4096))]
struct Pages(UnsafeCell<[[u64; 512]; 5]>);

// SAFETY: there is one CPU.
unsafe impl Sync for Pages {}

static PAGES: Pages = Pages(UnsafeCell::new([[0; 512]; 5]));

fn page(number: usize) -> *mut u64 {
    (PAGES.0.get() as usize + number * PAGE) as *mut u64
}

/// Sets an entry of one of the tables.
fn set(table: usize, index: usize, entry: u64) {
    // SAFETY: the tables are ours.
    unsafe { page(table).add(index).write_volatile(entry) };
}

fn entry(table: usize, index: usize) -> u64 {
    // SAFETY: as above.
    unsafe { page(table).add(index).read_volatile() }
}

/// Puts the first of the tables where the window is, and forgets what was there.
fn open_window() {
    let root: usize;
    // SAFETY: reads only.
    unsafe { asm!("mov {}, cr3", out(reg) root) };
    // SAFETY: the table of the highest level; the second entry is nobody's.
    unsafe {
        ((root & !0xfff) as *mut u64)
            .add(1)
            .write_volatile(page(0) as u64 | PRESENT_WRITABLE)
    };
    flush();
}

fn flush() {
    // SAFETY: what is used is mapped as before.
    unsafe { asm!("mov {0}, cr3", "mov cr3, {0}", out(reg) _) };
}

fn read(at: usize) -> u32 {
    // SAFETY: mapped by the test.
    unsafe { core::ptr::read_volatile(at as *const u32) }
}

pub fn another_page_size(_: &mut ()) -> TestResult {
    // The GiB in which the APIC is, in one page.
    set(0, 0, 3 << 30 | LARGE | PRESENT_WRITABLE);
    open_window();
    let at = WINDOW + (BASE & 0x3fff_ffff);
    check_eq!(read(at + register::VERSION), apic::read(register::VERSION));
    Ok(())
}

pub fn another_address(_: &mut ()) -> TestResult {
    set(0, 0, page(1) as u64 | PRESENT_WRITABLE);
    set(1, 0, page(2) as u64 | PRESENT_WRITABLE);
    set(2, 7, BASE as u64 | PRESENT_WRITABLE);
    open_window();
    let at = WINDOW + 7 * PAGE;
    for value in [0, 0x30, 0] {
        // SAFETY: the APIC's task priority, through the window.
        unsafe { core::ptr::write_volatile((at + register::TPR) as *mut u32, value) };
        check_eq!(apic::read(register::TPR), value);
        check_eq!(read(at + register::TPR), value);
    }
    Ok(())
}

/// MOV EAX, [RDI] with RET behind, its first byte at the end of a page and the second at the
/// beginning of the next, which is not the next in memory.
pub fn instruction_across_pages(_: &mut ()) -> TestResult {
    set(0, 0, page(1) as u64 | PRESENT_WRITABLE);
    set(1, 0, page(2) as u64 | PRESENT_WRITABLE);
    set(2, 0, page(4) as u64 | PRESENT_WRITABLE);
    set(2, 1, page(3) as u64 | PRESENT_WRITABLE);
    open_window();
    // SAFETY: the two pages are ours.
    unsafe {
        page(4).cast::<u8>().add(PAGE - 1).write_volatile(0x8b);
        page(3).cast::<[u8; 2]>().write_volatile([0x07, 0xc3]);
    }
    let mut rax = 0_u64;
    // SAFETY: the two instructions.
    unsafe {
        asm!("call {}", in(reg) WINDOW + PAGE - 1, in("rdi") BASE + register::VERSION,
             inout("rax") rax);
    }
    check_eq!(rax as u32, apic::read(register::VERSION));
    Ok(())
}

pub fn accessed_and_dirty(_: &mut ()) -> TestResult {
    set(0, 0, page(1) as u64 | PRESENT_WRITABLE);
    set(1, 0, page(2) as u64 | PRESENT_WRITABLE);
    set(2, 0, BASE as u64 | PRESENT_WRITABLE);
    open_window();
    let _ = read(WINDOW + register::VERSION);
    check_eq!(entry(2, 0) & (ACCESSED | DIRTY), ACCESSED, "after a read");
    // SAFETY: the APIC's task priority.
    unsafe { core::ptr::write_volatile((WINDOW + register::TPR) as *mut u32, 0) };
    check_eq!(
        entry(2, 0) & (ACCESSED | DIRTY),
        ACCESSED | DIRTY,
        "after a write"
    );
    Ok(())
}

/// Where nothing is, reads give ones and writes are lost. 0xfed8_0000 is nothing on a PC of this
/// kind.
pub fn absent_memory(_: &mut ()) -> TestResult {
    const ABSENT: usize = 0xfed8_0000;
    if bare::cpu::is_tcg() {
        bare::skip!("QEMU reads zeros");
    }
    for offset in [0, 4, 0xffc] {
        // SAFETY: nobody is there.
        unsafe { core::ptr::write_volatile((ABSENT + offset) as *mut u32, 0) };
        check_eq!(read(ABSENT + offset), u32::MAX, "{offset:#x}");
    }
    // SAFETY: as above.
    let byte = unsafe { core::ptr::read_volatile(ABSENT as *const u8) };
    check!(byte == 0xff, "{byte:#x}");
    Ok(())
}
