// SPDX-License-Identifier: BSD-2-Clause
//! From the start code to the handler's loop.

use sel4_runtime::{log, panic};

use crate::{Handler, MessageInfo, RESTARTED, symbols};

/// Where the image tool maps the IPC buffer.
const IPC_BUFFER: usize = 0x7fff_ffff_e000;

/// Prepares the crates below, calls `init`, and runs the handler. Called once per start.
pub fn run<T: Handler>(restarted: bool, init: fn() -> T) -> ! {
    // SAFETY: the image tool maps the page for this thread alone, and the start code has just
    // begun the program, so no other reference exists.
    sel4::set_ipc_buffer(unsafe { &mut *(IPC_BUFFER as *mut sel4::IpcBuffer) });
    log::init(symbols::pd_name().unwrap_or("?"));
    if restarted {
        answer_orphan();
    }
    match init().run() {
        Err(error) => panic::fatal(format_args!("ended by an error: {error}")),
    }
}

/// Answers the caller that was being served when the program was stopped. Without this it would
/// wait for ever. If there is none the kernel does nothing.
fn answer_orphan() {
    let info = MessageInfo::new(RESTARTED, 0).into_inner();
    sel4::ReplyAuthority::new().reply(info);
}
