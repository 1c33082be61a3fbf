// SPDX-License-Identifier: BSD-2-Clause
//! Log lines: `NAME|LEVEL: text`, through the crate `log`.

mod line;

use core::cell::Cell;

use ::log::LevelFilter;
pub use line::{LINE_MAX, Line, for_each_line};

/// Where log lines go.
pub trait LogSink: Sync {
    /// Takes a line. It must not log itself.
    fn line(&self, line: &Line<'_>);
}

struct State {
    name: Cell<&'static str>,
    sink: Cell<&'static dyn LogSink>,
}

// SAFETY: a program has one thread; the host's tests do not use it.
unsafe impl Sync for State {}

static STATE: State = State {
    name: Cell::new("?"),
    sink: Cell::new(&KernelConsole),
};

/// The sink of the beginning: the kernel's console, if it has one.
struct KernelConsole;

impl LogSink for KernelConsole {
    fn line(&self, line: &Line<'_>) {
        crate::print::put(line.with_newline());
    }
}

struct Logger;

impl ::log::Log for Logger {
    fn enabled(&self, metadata: &::log::Metadata<'_>) -> bool {
        metadata.level() <= ::log::max_level()
    }

    fn log(&self, record: &::log::Record<'_>) {
        if self.enabled(record.metadata()) {
            for_each_line(name(), record.level().as_str(), *record.args(), |line| {
                emit(&line)
            });
        }
    }

    fn flush(&self) {}
}

/// Makes the macros of `log` work, down to the level `info`: `log::set_max_level` changes that.
/// `name` begins each line. Called once, by the runtime.
pub fn init(name: &'static str) {
    STATE.name.set(name);
    // The logger is set already when a program is told twice: then it is this one.
    let _ = ::log::set_logger(&Logger);
    ::log::set_max_level(LevelFilter::Info);
}

/// Sends all further lines to `sink`.
pub fn set_sink(sink: &'static dyn LogSink) {
    STATE.sink.set(sink);
}

/// The name that begins each line.
pub fn name() -> &'static str {
    STATE.name.get()
}

/// Sends a line to the sink.
pub fn emit(line: &Line<'_>) {
    STATE.sink.get().line(line);
}
