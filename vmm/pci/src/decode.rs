// SPDX-License-Identifier: BSD-2-Clause
//! Which base address decodes an address.

use core::ops::Range;

use alloc::vec::Vec;

use vmm_base::{Gpa, Width};

use crate::Function;
use crate::bar::{BARS, bars};

/// Addresses that a function decodes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first address.
    pub start: Gpa,
    /// Bytes.
    pub size: u64,
    /// The device on the bus.
    pub device: u8,
    /// The number of its base address register.
    pub bar: u8,
}

impl Window {
    /// How far inside an access is, if it is inside from its first byte to its last.
    fn offset(&self, at: Gpa, width: Width) -> Option<u64> {
        let offset = at.0.checked_sub(self.start.0)?;
        (offset < self.size && self.size - offset >= width.bytes() as u64).then_some(offset)
    }
}

/// All of them, in the order of devices and registers.
///
/// A guest may put base addresses where it likes. Only those that are wholly in the addresses of
/// the bus are decoded, so none can hide memory or an interrupt controller; where two overlap, the
/// first wins.
#[derive(Debug, Clone)]
pub(crate) struct Decoder {
    addresses: Range<u64>,
    windows: Vec<Window>,
}

impl Decoder {
    pub fn new(addresses: Range<u64>) -> Self {
        Self {
            addresses,
            windows: Vec::new(),
        }
    }

    /// The addresses of the bus.
    pub fn addresses(&self) -> &Range<u64> {
        &self.addresses
    }

    /// What is decoded now.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Makes room for so many functions, so that [`rebuild`](Self::rebuild) never allocates.
    pub fn reserve(&mut self, functions: usize) {
        let most = functions * usize::from(BARS);
        self.windows
            .reserve(most.saturating_sub(self.windows.len()));
    }

    /// Looks at all registers again. Says whether something changed.
    pub fn rebuild<'a, F: Function + 'a>(
        &mut self,
        functions: impl Iterator<Item = (u8, &'a F)>,
    ) -> bool {
        let mut same = true;
        let mut count = 0;
        for (device, function) in functions {
            if !function.config().memory_enabled() {
                continue;
            }
            for (number, bar) in bars(function) {
                let Some(start) = function.config().bar_address(number) else {
                    continue;
                };
                if !self.is_decoded(start, bar.size) {
                    continue;
                }
                let window = Window {
                    start: Gpa(start),
                    size: bar.size,
                    device,
                    bar: number,
                };
                match self.windows.get_mut(count) {
                    Some(old) => {
                        same &= *old == window;
                        *old = window;
                    }
                    None => {
                        same = false;
                        self.windows.push(window);
                    }
                }
                count += 1;
            }
        }
        same &= count == self.windows.len();
        self.windows.truncate(count);
        !same
    }

    /// Who decodes the access: the first, in the order of devices.
    pub fn find(&self, at: Gpa, width: Width) -> Option<(&Window, u64)> {
        let mut windows = self.windows.iter();
        windows.find_map(|window| Some((window, window.offset(at, width)?)))
    }

    fn is_decoded(&self, start: u64, size: u64) -> bool {
        let end = start.checked_add(size);
        start >= self.addresses.start && end.is_some_and(|end| end <= self.addresses.end)
    }
}
