// SPDX-License-Identifier: BSD-2-Clause
//! Messages to another domain arrive when its turn has come.

use sel4_microkit::{Channel, MessageInfo, var};
use sel4_test::{TestResult, check_eq};
use test_support::event::wait_for;

fn server() -> Channel {
    Channel::new(*var!(server_channel: usize = 0))
}

pub fn notifications_cross_domains() -> TestResult {
    for _ in 0..5 {
        server().notify();
        wait_for(server())?;
    }
    Ok(())
}

pub fn calls_cross_domains() -> TestResult {
    for label in 0..5 {
        check_eq!(
            server().pp_call(MessageInfo::new(label, 0)).label(),
            label + 1
        );
    }
    Ok(())
}
