// SPDX-License-Identifier: BSD-2-Clause
//! Which IPC buffer this program's thread has, and who borrows it.
//!
//! A program here has one thread, so one global place is enough. Borrows are counted as `RefCell`
//! counts them: a system call inside [`with_ipc_buffer`] would let the kernel write what is
//! borrowed, so it panics instead.

use core::cell::{Cell, UnsafeCell};

use crate::IpcBuffer;

struct State {
    buffer: UnsafeCell<Option<&'static mut IpcBuffer>>,
    /// Number of shared borrows, or -1 for an exclusive one.
    borrows: Cell<isize>,
}

// SAFETY: a program on seL4 has one thread; on the host nothing here is reached but by tests that
// make their own `State`.
unsafe impl Sync for State {}

static STATE: State = State::new();

/// Ends a borrow, also when the borrower panics.
struct Release<'a>(&'a Cell<isize>, isize);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + self.1);
    }
}

impl State {
    const fn new() -> Self {
        Self {
            buffer: UnsafeCell::new(None),
            borrows: Cell::new(0),
        }
    }

    fn set(&self, buffer: &'static mut IpcBuffer) {
        assert!(self.borrows.get() == 0, "the IPC buffer is in use");
        // SAFETY: no borrow is alive, and there is one thread.
        unsafe { *self.buffer.get() = Some(buffer) };
    }

    fn with<T>(&self, f: impl FnOnce(&IpcBuffer) -> T) -> T {
        assert!(
            self.borrows.get() >= 0,
            "the IPC buffer is borrowed for writing"
        );
        self.borrows.set(self.borrows.get() + 1);
        let _release = Release(&self.borrows, -1);
        // SAFETY: only shared borrows exist while `borrows` is positive.
        let slot = unsafe { &*self.buffer.get() };
        f(slot.as_deref().expect("no IPC buffer was set"))
    }

    fn with_mut<T>(&self, f: impl FnOnce(&mut IpcBuffer) -> T) -> T {
        assert!(self.borrows.get() == 0, "the IPC buffer is borrowed");
        self.borrows.set(-1);
        let _release = Release(&self.borrows, 1);
        // SAFETY: no other borrow exists while `borrows` is -1.
        let slot = unsafe { &mut *self.buffer.get() };
        f(slot.as_deref_mut().expect("no IPC buffer was set"))
    }
}

/// Tells this crate where the thread's IPC buffer is. Called once, by the runtime.
pub fn set_ipc_buffer(buffer: &'static mut IpcBuffer) {
    STATE.set(buffer);
}

/// Lends the IPC buffer for reading.
///
/// # Panics
///
/// When it is lent for writing, or none was set.
pub fn with_ipc_buffer<T>(f: impl FnOnce(&IpcBuffer) -> T) -> T {
    STATE.with(f)
}

/// Lends the IPC buffer for writing.
///
/// # Panics
///
/// When it is lent already, or none was set. System calls and invocations borrow it themselves.
pub fn with_ipc_buffer_mut<T>(f: impl FnOnce(&mut IpcBuffer) -> T) -> T {
    STATE.with_mut(f)
}

/// As [`with_ipc_buffer_mut`], but `None` where that panics.
pub(crate) fn try_with_ipc_buffer_mut<T>(f: impl FnOnce(&mut IpcBuffer) -> T) -> Option<T> {
    // SAFETY: one thread, and the reference to the option ends here.
    let set = unsafe { (*STATE.buffer.get()).is_some() };
    (set && STATE.borrows.get() == 0).then(|| STATE.with_mut(f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let state = State::new();
        state.set(Box::leak(Box::new(IpcBuffer::zeroed())));
        state
    }

    #[test]
    fn writes_are_seen() {
        let state = state();
        state.with_mut(|buffer| buffer.msg_regs_mut()[3] = 9);
        assert_eq!(state.with(|buffer| state.with(|_| buffer.msg_regs()[3])), 9);
        assert_eq!(state.borrows.get(), 0);
    }

    #[test]
    #[should_panic(expected = "the IPC buffer is borrowed")]
    fn write_inside_read() {
        let state = state();
        state.with(|_| state.with_mut(|_| ()));
    }

    #[test]
    #[should_panic(expected = "borrowed for writing")]
    fn read_inside_write() {
        let state = state();
        state.with_mut(|_| state.with(|_| ()));
    }

    #[test]
    #[should_panic(expected = "no IPC buffer was set")]
    fn none_set() {
        State::new().with(|_| ());
    }
}
