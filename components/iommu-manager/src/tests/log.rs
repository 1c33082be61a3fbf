// SPDX-License-Identifier: BSD-2-Clause
//! What a test logged.

use std::cell::RefCell;
use std::string::{String, ToString};
use std::sync::Once;
use std::vec::Vec;

use log::{Level, LevelFilter, Log, Metadata, Record};

std::thread_local! {
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

struct PerThread;

impl Log for PerThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &Record<'_>) {
        let line = (record.level(), record.args().to_string());
        LINES.with(|lines| lines.borrow_mut().push(line));
    }
    fn flush(&self) {}
}

/// Listens from now on.
pub fn listen() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        log::set_logger(&PerThread).expect("nobody else sets one");
        log::set_max_level(LevelFilter::Info);
    });
    lines();
}

/// The lines that this thread logged since the last call.
pub fn lines() -> Vec<(Level, String)> {
    LINES.with(RefCell::take)
}

/// Those that are no mere information.
pub fn complaints() -> Vec<(Level, String)> {
    let all = lines().into_iter();
    all.filter(|(level, _)| *level < Level::Info).collect()
}
