// SPDX-License-Identifier: BSD-2-Clause
//! Functions that overstep.

use pf_manager_interface::{Access, Reason, State, Status};
use sel4_microkit::var;
use sel4_test::{TestResult, check, check_eq};

use crate::card::{ACK, CLEAR_TO_SEND, Card, TDH};
use crate::client::*;

/// An address that no function was granted.
const ELSEWHERE: u64 = 0x0dea_d000;

pub fn what_was_granted_can_be_reached() -> TestResult {
    have(NET_A)?;
    let before = pf_manager(NET_A).query()?.faults;
    check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    // Devices see it where this program has it.
    Card::a().fetch(*var!(dma_a: u64 = 0));
    sleep(ms(50))?;
    check_eq!(Card::a().read(TDH), 1, "one descriptor was fetched");
    let query = pf_manager(NET_A).query()?;
    check_eq!((query.state, query.faults), (State::Granted, before));
    Ok(())
}

fn overstep() -> TestResult {
    check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    check_eq!(Card::b().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    Card::a().fetch(ELSEWHERE);
    let query = wait_until(NET_A, State::Quarantined)?;
    check_eq!(query.reason, Reason::Dma);
    check!(query.faults > 0);
    let last = query.last.map(|fault| (fault.access, fault.address));
    check_eq!(last, Some((Access::Read, ELSEWHERE)));
    Ok(())
}

pub fn whoever_oversteps_is_blocked_until_it_is_released() -> TestResult {
    have(NET_A)?;
    overstep()?;
    let manager = pf_manager(NET_A);
    let blocked = State::Quarantined;
    check_refused(manager.claim(), Status::State, blocked)?;
    check_refused(manager.reset(), Status::State, blocked)?;
    check_refused(manager.write_config(4, 4), Status::State, blocked)?;
    let quarantined = iommu_manager_interface::State::Quarantined as u16;
    check_eq!(iommu().query(VF_A)?.state, quarantined);
    // The other one goes on.
    check_eq!(pf_manager(NET_B).query()?.state, State::Granted);
    let answer = Card::b().ask(&[5, 1400]).map(|answer| answer[0]);
    check_eq!(answer, Some(ACK | CLEAR_TO_SEND | 5));
    // More of the same changes nothing.
    Card::a().fetch(ELSEWHERE + 0x1000);
    sleep(ms(50))?;
    check_eq!(manager.query()?.state, blocked);
    check_eq!(manager.release()?, State::Resetting);
    let query = wait_until(NET_A, State::Granted)?;
    check_eq!(query.reason, Reason::None);
    check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    Ok(())
}

pub fn a_blocked_function_can_be_given_up() -> TestResult {
    have(NET_A)?;
    overstep()?;
    let manager = pf_manager(NET_A);
    check_eq!(manager.give_up()?, State::Revoking);
    wait_until(NET_A, State::Configured)?;
    let state = iommu().query(VF_A)?.state;
    check_eq!(state, iommu_manager_interface::State::Blocked as u16);
    have(NET_A)
}
