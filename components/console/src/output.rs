// SPDX-License-Identifier: BSD-2-Clause
//! Where the screen's bytes go: to the UART, or through the kernel.
//!
//! A debug kernel prints to the same UART, whenever it likes. Its text would land in the middle of
//! our lines, and neither people nor tests could read them. So with such a kernel lines are handed
//! to it, which prints each in one go; the UART is then ours for input only.

use core::fmt;

use console_core::{Port, Sink};
use heapless::Vec;
use mmio::PortIo;
use sel4_microkit::debug_print;
use sel4_runtime::kernel_printing;
use uart::Uart;

/// Bytes on their way to the wire.
const TX: usize = 4096;
/// Bytes received and not looked at; the console looks after every interrupt.
const RX: usize = 256;
/// What the kernel prints in one go.
const KERNEL_LINE: usize = 512;

/// The UART, and what waits for the kernel.
pub struct Output<P> {
    uart: Uart<P, TX, RX>,
    /// The text for the kernel, if it prints.
    for_kernel: Option<Vec<u8, TX>>,
}

impl<P: PortIo> Output<P> {
    /// Output through this UART, or through the kernel if it can print.
    pub fn new(uart: Uart<P, TX, RX>) -> Self {
        Self {
            uart,
            for_kernel: kernel_printing().then(Vec::new),
        }
    }

    /// Serves the UART.
    pub fn on_interrupt(&mut self) {
        self.uart.on_interrupt();
    }
}

impl<P: PortIo> Sink for Output<P> {
    fn room(&self) -> usize {
        match &self.for_kernel {
            Some(text) => text.capacity() - text.len(),
            None => self.uart.tx_room(),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        match &mut self.for_kernel {
            // Fits: the caller has looked at the room.
            Some(text) => text.extend_from_slice(bytes).unwrap_or_default(),
            None => {
                self.uart.send(bytes);
            }
        }
    }
}

impl<P: PortIo> Port for Output<P> {
    fn receive(&mut self) -> Option<u8> {
        self.uart.receive()
    }

    fn take_trouble(&mut self) -> Option<impl fmt::Display> {
        Some(self.uart.take_counters()).filter(|lost| !lost.is_clean())
    }

    fn flush(&mut self) -> bool {
        let Some(text) = &mut self.for_kernel else {
            return true;
        };
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            // Whole lines as far as they fit into one go.
            let limit = &rest[..rest.len().min(KERNEL_LINE)];
            let end = limit
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(limit.len(), |at| at + 1);
            let (now, later) = rest.split_at(end);
            for chunk in now.utf8_chunks() {
                debug_print!("{}", chunk.valid());
                if !chunk.invalid().is_empty() {
                    debug_print!("?");
                }
            }
            rest = later;
        }
        text.clear();
        // Input may have come while the kernel printed with interrupts off.
        self.uart.on_interrupt();
        false
    }
}
