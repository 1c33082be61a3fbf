// SPDX-License-Identifier: BSD-2-Clause
//! What a client may do with configuration space.

use pf_manager_interface::{State, Status};
use sel4_test::{TestResult, check_eq};

use crate::card::Card;
use crate::client::*;

const MSIX: u16 = 0x70;
/// An address that the function was not granted.
const ELSEWHERE: u64 = 0x0dea_d000;

pub fn configuration_space_is_a_window() -> TestResult {
    let manager = pf_manager(NET_A);
    check_eq!(
        manager.read_config(0)?,
        u32::MAX,
        "ids of a virtual function"
    );
    check_eq!(manager.read_config(MSIX)? & 0xff, 0x11, "MSI-X");
    check_eq!(manager.read_config(4)? & 6, 6, "memory and bus master");
    manager.write_config(MSIX, 0xc000_0000)?;
    check_eq!(manager.read_config(MSIX)? >> 30, 3);
    manager.write_config(MSIX, 0x8000_0000)?;
    check_eq!(manager.read_config(MSIX)? >> 30, 2);
    manager.write_config(MSIX, 0)?;
    // BARs, the MSI-X table's place, device control (a reset past the PF manager), and what is
    // not there.
    for offset in [0, 0x10, 0x14, MSIX + 4, 0xa8, MSIX + 1, 0x1000, 0xfffc] {
        let written = manager.write_config(offset, u32::MAX);
        check_refused(written, Status::Offset, State::Granted)?;
    }
    check_refused(manager.read_config(0x1000), Status::Offset, State::Granted)?;
    check_refused(manager.read_config(2), Status::Offset, State::Granted)
}

pub fn a_function_that_is_no_bus_master_stays_silent() -> TestResult {
    let manager = pf_manager(NET_A);
    manager.write_config(4, 0)?;
    check_eq!(manager.read_config(4)? & 6, 2);
    Card::a().ask(&[1]);
    Card::a().fetch(ELSEWHERE);
    sleep(ms(50))?;
    check_eq!(manager.query()?.faults, 0, "it tried nothing");
    manager.reset()?;
    wait_until(NET_A, State::Granted)?;
    check_eq!(manager.read_config(4)? & 6, 6);
    Ok(())
}
