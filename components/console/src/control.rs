// SPDX-License-Identifier: BSD-2-Clause
//! The pages shared with the monitors of guests.

use core::arch::x86_64::_rdtsc;
use core::ptr::NonNull;

use console_core::{Guests, MAX_STREAMS};
use sel4_microkit::Channel;
use vmm_control::{Busy, Command, Guest, PAGE_SIZE, Page, Snapshot};

/// The console's ends, by stream.
pub struct Controls([Option<Guest<'static>>; MAX_STREAMS]);

impl Controls {
    /// Takes up the pages of the streams of `guests`, a bit for each stream.
    ///
    /// # Safety
    ///
    /// For each of these streams `n`, a [`Page`] is mapped at `base` + `n` * [`PAGE_SIZE`], for
    /// ever.
    pub unsafe fn attach(base: *mut u8, guests: u64) -> Self {
        let guest = |stream: usize| {
            let at = base.wrapping_add(stream * PAGE_SIZE).cast::<Page>();
            let at = NonNull::new(at).filter(|_| guests >> stream & 1 != 0)?;
            // SAFETY: the caller promised that this is a mapped page.
            Some(Guest::attach(unsafe { Page::from_ptr(at) }))
        };
        Self(core::array::from_fn(guest))
    }

    fn guest(&self, stream: usize) -> Option<Guest<'static>> {
        *self.0.get(stream)?
    }
}

impl Guests for Controls {
    fn is_guest(&self, stream: usize) -> bool {
        self.guest(stream).is_some()
    }

    fn snapshot(&self, stream: usize) -> Option<Snapshot> {
        // SAFETY: every CPU of 64 bits has the instruction, and the kernel allows it.
        let now = unsafe { _rdtsc() };
        self.guest(stream)?.snapshot(now)
    }

    fn command(&mut self, stream: usize, command: Command) -> Result<(), Busy> {
        let Some(guest) = self.guest(stream) else {
            return Ok(());
        };
        guest.command(command)?;
        Channel::new(stream).notify();
        Ok(())
    }
}
