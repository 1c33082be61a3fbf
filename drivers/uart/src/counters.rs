// SPDX-License-Identifier: BSD-2-Clause
//! What went wrong on the line, counted.

use core::fmt;

/// How often each kind of loss happened since the last [`Uart::take_counters`](crate::Uart::take_counters).
/// Counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The device's FIFO overflowed: the interrupt was served too late.
    pub overruns: u32,
    /// Bytes with a framing error, dropped: most often a wrong speed.
    pub framing: u32,
    /// Bytes with a parity error, dropped.
    pub parity: u32,
    /// Break conditions.
    pub breaks: u32,
    /// Bytes dropped since the software queue was full: the owner did not fetch them in time.
    pub rx_full: u32,
}

impl Counters {
    /// Whether nothing was lost.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            overruns,
            framing,
            parity,
            breaks,
            rx_full,
        } = self;
        write!(
            f,
            "{overruns} overruns, {framing} framing and {parity} parity errors, {breaks} breaks, \
             {rx_full} bytes not fetched"
        )
    }
}

/// Adds one, up to the maximum.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
