// SPDX-License-Identifier: BSD-2-Clause
//! What `system.xml` tells a program.

use sel4_microkit::{pd_is_passive, pd_name, var};
use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, LISTENER, SERVER, TICKER};

pub fn variables_are_set(_: &mut Context) -> TestResult {
    check_eq!(*var!(shared_size: usize = 0), 0x3000);
    check_eq!(*var!(server_channel: usize = 0), 1);
    check_eq!(*var!(hpet_paddr: usize = 0), 0xfed0_0000);
    check_eq!(*var!(pci_ports_id: usize = 0), 2);
    check_eq!(*var!(pci_ports_addr: usize = 0), 0xcf8);
    check_eq!(*var!(nobody_sets_this: usize = 0x77), 0x77);
    Ok(())
}

pub fn the_program_knows_its_name_and_peers(_: &mut Context) -> TestResult {
    check_eq!(pd_name(), Ok("driver"));
    check!(!pd_is_passive());
    check_eq!(SERVER.peer_name(), Some("server"));
    check_eq!(LISTENER.peer_name(), Some("listener"));
    check_eq!(TICKER.peer_name(), Some("ticker"));
    check_eq!(sel4_microkit::Channel::new(60).peer_name(), None);
    Ok(())
}
