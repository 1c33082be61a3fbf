// SPDX-License-Identifier: BSD-2-Clause
//! The stream of this protection domain: where its log lines go, and what it prints and reads.

use core::cell::RefCell;
use core::fmt::Write;
use core::ptr::NonNull;

use sel4_microkit::Channel;
use sel4_microkit::logging::{Line, LogSink, set_sink};

use crate::region::Region;
use crate::stream::{Notify, Stream};

impl Notify for Channel {
    fn notify(&self) {
        Channel::notify(self);
    }
}

struct Own(RefCell<Option<Stream<'static, Channel>>>);

// SAFETY: a protection domain has one thread.
unsafe impl Sync for Own {}

static OWN: Own = Own(RefCell::new(None));

/// Makes `region` and `channel` the stream of this protection domain. From now on its log lines go
/// to the console, which puts the name before them.
///
/// # Safety
///
/// As [`Region::from_ptr`].
pub unsafe fn connect(region: NonNull<Region>, channel: Channel) {
    // SAFETY: the caller's promise is the same.
    let region = unsafe { Region::from_ptr(region) };
    if let Ok(mut own) = OWN.0.try_borrow_mut() {
        *own = Some(Stream::new(region, channel));
        set_sink(&OWN);
    }
}

/// Gives `f` the stream. `None` before [`connect`], and inside of another `with_stream`.
pub fn with_stream<T>(f: impl FnOnce(&mut Stream<'static, Channel>) -> T) -> Option<T> {
    OWN.0.try_borrow_mut().ok()?.as_mut().map(f)
}

impl LogSink for Own {
    fn line(&self, line: &Line<'_>) {
        // Writing never fails; a line that is logged while the stream is in use is dropped.
        let _ = with_stream(|stream| writeln!(stream, "{}", line.without_name()));
    }
}
