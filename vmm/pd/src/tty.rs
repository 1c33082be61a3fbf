// SPDX-License-Identifier: BSD-2-Clause
//! The guest's terminal: this program's stream to the console.

use console_interface::with_stream;
use vmm_virtio::devices::console::Terminal;

/// The stream. Without one, what the guest says is lost.
#[derive(Debug, Clone, Copy)]
pub struct Tty;

impl Terminal for Tty {
    fn write(&mut self, bytes: &[u8]) {
        with_stream(|stream| stream.write(bytes));
    }

    fn flush(&mut self) {
        with_stream(|stream| stream.flush());
    }

    fn read(&mut self, into: &mut [u8]) -> usize {
        let read = with_stream(|stream| {
            let input = core::iter::from_fn(|| stream.read());
            into.iter_mut()
                .zip(input)
                .map(|(byte, new)| *byte = new)
                .count()
        });
        read.unwrap_or(0)
    }
}
