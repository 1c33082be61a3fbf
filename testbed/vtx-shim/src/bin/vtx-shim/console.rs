// SPDX-License-Identifier: BSD-2-Clause
//! Lines on the first serial port, which the hypervisor uses too: so they are few, and whole.

use core::arch::asm;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

const PORT: u16 = 0x3f8;
const LINE_STATUS: u16 = PORT + 5;
const EMPTY: u8 = 1 << 5;

static BUSY: AtomicBool = AtomicBool::new(false);

/// Writes `vtx-shim: ` and a line.
pub fn line(arguments: fmt::Arguments<'_>) {
    while BUSY.swap(true, Ordering::Acquire) {
        core::hint::spin_loop();
    }
    let _ = writeln!(Port, "vtx-shim: {arguments}\r");
    BUSY.store(false, Ordering::Release);
}

struct Port;

impl Write for Port {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while read(LINE_STATUS) & EMPTY == 0 {}
            write(PORT, byte);
        }
        Ok(())
    }
}

/// 115200 baud, 8 bits, no interrupts.
pub fn prepare() {
    for (offset, value) in [(1, 0), (3, 0x80), (0, 1), (1, 0), (3, 3), (2, 7)] {
        write(PORT + offset, value);
    }
}

fn read(port: u16) -> u8 {
    let value;
    // SAFETY: the serial port's registers have no effect on memory.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack)) };
    value
}

fn write(port: u16, value: u8) {
    // SAFETY: as above.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack)) };
}

/// Says why, and stops this CPU.
pub fn stop(arguments: fmt::Arguments<'_>) -> ! {
    line(arguments);
    loop {
        // SAFETY: nothing runs on this CPU any more.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

/// The shim itself failed.
pub fn panicked(info: &core::panic::PanicInfo<'_>) -> ! {
    stop(format_args!("{info}"))
}
