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

/// Makes what `system.xml` gives this protection domain its stream: the memory region by
/// `setvar_vaddr="console_region"`, the channel by `setvar_id="console_channel"`. From then on log
/// lines go to the console, which puts the name before them.
///
/// Gives the channel, by which input is announced, or `None` if `system.xml` gives no region: then
/// all stays as it was. To be used at one place of a program only.
#[macro_export]
macro_rules! own_stream {
    () => {
        $crate::_private::connect(
            *$crate::_private::var!(console_region: usize = 0),
            *$crate::_private::var!(console_channel: usize = 0),
        )
    };
}

/// What [`own_stream!`] calls.
pub fn connect(region: usize, channel: usize) -> Option<Channel> {
    let region = NonNull::new(region as *mut Region)?;
    // SAFETY: the image tool wrote the address of a region that it mapped for good, and system.xml
    // makes it that of the console, which uses it as a `Region` too.
    let region = unsafe { Region::from_ptr(region) };
    let channel = Channel::new(channel);
    *OWN.0.try_borrow_mut().ok()? = Some(Stream::new(region, channel));
    set_sink(&OWN);
    Some(channel)
}

/// Gives `f` the stream. `None` without [`own_stream!`], and inside of another `with_stream`.
pub fn with_stream<T>(f: impl FnOnce(&mut Stream<'static, Channel>) -> T) -> Option<T> {
    OWN.0.try_borrow_mut().ok()?.as_mut().map(f)
}

impl LogSink for Own {
    fn line(&self, line: &Line<'_>) {
        // Writing never fails; a line that is logged while the stream is in use is dropped.
        let _ = with_stream(|stream| writeln!(stream, "{}", line.without_name()));
    }
}
