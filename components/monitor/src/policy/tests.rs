// SPDX-License-Identifier: BSD-2-Clause
//! The monitor with protection domains that are only pretended.

extern crate std;

use std::string::String;
use std::vec::Vec;

use image_spec::monitor::{Header, MAGIC, Symbol, Text, VERSION};
use zerocopy::IntoBytes;

use super::*;
use crate::cause::Access;

const NAMES: &str = "timerconsoletimer::handler::notified";

fn text(offset: u32, len: u32) -> Text {
    Text {
        offset: offset.into(),
        len: len.into(),
    }
}

/// Two protection domains: `timer`, with a function, restarted `restarts` times, and `console`.
fn table(restarts: u32) -> Vec<u8> {
    let pd = |name, restarts: u32, symbols: u32| Pd {
        entry: 0x20_0000.into(),
        name,
        restarts: restarts.into(),
        monitored: 1.into(),
        first_symbol: 0.into(),
        symbols: symbols.into(),
    };
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        pds: 2.into(),
        symbols: 1.into(),
        strings: (NAMES.len() as u32).into(),
    };
    let name = text(12, NAMES.len() as u32 - 12);
    let symbol = Symbol {
        address: 0x20_1000.into(),
        size: 0x100.into(),
        name,
    };
    let pds = [pd(text(0, 5), restarts, 1), pd(text(5, 7), 0, 0)];
    [
        header.as_bytes(),
        pds.as_bytes(),
        symbol.as_bytes(),
        NAMES.as_bytes(),
    ]
    .concat()
}

#[derive(Default)]
struct Fake {
    restarted: Vec<(usize, u64)>,
    refuse: bool,
}

impl Control for Fake {
    type Error = &'static str;
    fn restart(&mut self, pd: usize, entry: u64) -> Result<(), &'static str> {
        if self.refuse {
            return Err("no such thread");
        }
        self.restarted.push((pd, entry));
        Ok(())
    }
}

fn fault(badge: u64, instruction: u64) -> Fault {
    let cause = Cause::Memory {
        address: 0,
        access: Access::Write,
        mapped: false,
    };
    Fault {
        badge,
        instruction: Some(instruction),
        cause,
    }
}

fn line(monitor: &mut Monitor<'_>, fake: &mut Fake, fault: Fault) -> String {
    let mut out = String::new();
    monitor.handle(&fault, fake, &mut out).unwrap();
    out
}

#[test]
fn names_the_function_and_restarts_up_to_the_limit() {
    let bytes = table(2);
    let mut monitor = Monitor::new(Table::parse(&bytes).unwrap());
    let mut fake = Fake::default();
    let what = "pd 'timer' faulted: write to 0x0 (null pointer) at 0x201012 in \
                timer::handler::notified+0x12; ";
    for end in [
        "restarted, 1 of 2 times",
        "restarted, 2 of 2 times",
        "stopped, after 2 restarts",
    ] {
        assert_eq!(
            line(&mut monitor, &mut fake, fault(1, 0x20_1012)),
            [what, end].concat()
        );
    }
    assert_eq!(fake.restarted, [(0, 0x20_0000), (0, 0x20_0000)]);
}

#[test]
fn without_a_policy_it_stays_stopped() {
    let bytes = table(2);
    let mut monitor = Monitor::new(Table::parse(&bytes).unwrap());
    let mut fake = Fake::default();
    assert_eq!(
        line(&mut monitor, &mut fake, fault(2, 0x30_0000)),
        "pd 'console' faulted: write to 0x0 (null pointer) at 0x300000; stopped"
    );
    assert!(fake.restarted.is_empty());
}

#[test]
fn one_s_restarts_do_not_count_for_another() {
    let bytes = table(1);
    let mut monitor = Monitor::new(Table::parse(&bytes).unwrap());
    let mut fake = Fake::default();
    line(&mut monitor, &mut fake, fault(2, 0));
    assert!(line(&mut monitor, &mut fake, fault(1, 0)).ends_with("restarted, 1 of 1 times"));
}

#[test]
fn says_when_the_kernel_refuses() {
    let bytes = table(1);
    let mut monitor = Monitor::new(Table::parse(&bytes).unwrap());
    let mut fake = Fake {
        refuse: true,
        ..Fake::default()
    };
    let end = "; stopped, since the restart failed: no such thread";
    assert!(line(&mut monitor, &mut fake, fault(1, 0)).ends_with(end));
}

#[test]
fn a_badge_that_nobody_has_is_reported() {
    let bytes = table(1);
    let mut monitor = Monitor::new(Table::parse(&bytes).unwrap());
    let mut fake = Fake::default();
    for badge in [0, 3, u64::MAX] {
        let fault = Fault {
            badge,
            instruction: None,
            cause: Cause::Unknown,
        };
        let text = line(&mut monitor, &mut fake, fault);
        assert!(
            text.starts_with("fault of an unknown protection domain (badge "),
            "{text}"
        );
    }
    assert!(fake.restarted.is_empty());
}

/// Output that fails at once.
struct Broken;

impl fmt::Write for Broken {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn a_restart_does_not_depend_on_the_output() {
    let bytes = table(1);
    let mut monitor = Monitor::new(Table::parse(&bytes).unwrap());
    let mut fake = Fake::default();
    assert!(
        monitor
            .handle(&fault(1, 0), &mut fake, &mut Broken)
            .is_err()
    );
    assert_eq!(fake.restarted.len(), 1);
}
