// SPDX-License-Identifier: BSD-2-Clause
//! Functions that come and go.

use iommu_manager_interface as iommu_interface;
use mmio::{Mmio, MmioRegion};
use pf_manager_interface::{
    Call, Claim, Driver, Info, Link, Operation, REPLY_WORDS, Request, State, Status,
};
use sel4_microkit::{Channel, MessageInfo, memory_region_symbol, with_msg_regs, with_msg_regs_mut};
use sel4_test::{TestResult, check, check_eq};

use crate::card::{ACK, CLEAR_TO_SEND, Card, NACK, STATUS};
use crate::client::*;

/// How often one function is granted and revoked.
const CYCLES: usize = 1000;

pub fn functions_are_claimed_and_known() -> TestResult {
    for channel in [NET_A, NET_B, BLOCK] {
        have(channel)?;
    }
    // The link comes up half a second after the start.
    sleep(ms(1500))?;
    let a = Info {
        driver: Driver::Igb,
        vf: 0,
        requester: VF_A,
        id: (0x8086, 0x10ca),
        mac: Some([2, 0, 0, 0, 0, 0xa]),
        vlan: 0,
        max_frame: 1522,
        link: Link::Up(1000),
        namespace: 0,
        interrupts: 2,
        handles: [40, 41, 0, 0],
    };
    let b = Info {
        vf: 1,
        requester: 0x9a,
        mac: Some([2, 0, 0, 0, 0, 0xb]),
        vlan: 7,
        max_frame: 9000,
        interrupts: 0,
        handles: [0; 4],
        ..a
    };
    let block = Info {
        driver: Driver::Nvme,
        vf: 0,
        requester: 0x21,
        id: (0x1b36, 0x10),
        mac: None,
        vlan: 0,
        max_frame: 0,
        link: Link::Down,
        namespace: 2,
        interrupts: 1,
        handles: [42, 0, 0, 0],
    };
    for (channel, expected) in [(NET_A, a), (NET_B, b), (BLOCK, block)] {
        let info = pf_manager(channel).info()?;
        check!(info == expected, "function {}", channel.index());
        check_eq!(pf_manager(channel).query()?.state, State::Granted);
    }
    let state = iommu().query(VF_A)?;
    check_eq!(state.state, iommu_interface::State::Attached as u16);
    check_eq!(state.interrupts, 2);
    Ok(())
}

pub fn a_channel_without_a_function_gets_nothing() -> TestResult {
    let manager = pf_manager(STRANGER);
    check_refused(manager.claim(), Status::Function, State::Absent)?;
    check_refused(manager.info(), Status::Function, State::Absent)?;
    check_refused(manager.give_up(), Status::Function, State::Absent)?;
    check_refused(manager.release(), Status::Function, State::Absent)?;
    check_refused(manager.read_config(0), Status::Function, State::Absent)?;
    check_refused(manager.write_config(4, 0), Status::Function, State::Absent)?;
    check_eq!(pf_manager(NET_A).query()?.state, State::Granted);
    // Nobody but the PF manager has the IOMMU manager do something.
    let forbidden = iommu_interface::Error::Refused(iommu_interface::Status::Forbidden);
    check_eq!(iommu().attach(VF_A), Err(forbidden));
    check_eq!(iommu().detach(VF_A), Err(forbidden));
    Ok(())
}

/// The status of the reply to a message that no client of this crate would send.
fn raw(channel: Channel, label: u64, count: usize, words: &[u64]) -> u64 {
    with_msg_regs_mut(|registers| {
        registers.fill(0);
        registers
            .iter_mut()
            .zip(words)
            .for_each(|(to, from)| *to = *from);
    });
    let info = channel.pp_call(MessageInfo::new(label, count));
    let first = with_msg_regs(|registers| registers[0]);
    if (info.label(), info.count()) == (0, REPLY_WORDS) {
        first >> 16 & 0xffff
    } else {
        u64::MAX
    }
}

pub fn malformed_requests_are_refused() -> TestResult {
    let good = Request::new(Operation::Query).to_words();
    check_eq!(raw(NET_A, 0, 2, &good), Status::Ok as u64);
    for count in [0, 1, 3, 10, 64] {
        let status = raw(NET_A, 0, count, &good);
        check_eq!(status, Status::Version as u64, "{count} words");
    }
    for (change, expected) in [
        ([1, 0], Status::Version),
        ([7 << 16, 0], Status::Operation),
        ([0xfffd << 16, 0], Status::Operation),
        ([4 << 32, 0], Status::Operation),
        ([1 << 48, 0], Status::Operation),
        ([0, 1], Status::Operation),
        ([0, 1 << 32], Status::Operation),
    ] {
        let words = [good[0] + change[0], good[1] + change[1]];
        check_eq!(raw(NET_A, 0, 2, &words), expected as u64, "{change:x?}");
    }
    // Whatever is in the registers, there is an answer.
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..1000 {
        let words = [(); 2].map(|()| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        });
        check!(NET_B.call(words).is_ok());
    }
    check_eq!(pf_manager(NET_A).query()?.state, State::Granted);
    Ok(())
}

pub fn the_mailbox_is_answered_by_policy() -> TestResult {
    let (mut a, mut b) = (Card::a(), Card::b());
    let (own, foreign) = ([0x0000_0002, 0x0a00], [0x0000_0002, 0x0b00]);
    check_eq!(a.ask(&[5, 1400]).map(|answer| answer[0]), Some(NACK | 5));
    check_eq!(a.ask(&[1]), Some([ACK | 1, own[0], own[1]]));
    check_eq!(b.ask(&[1]), Some([ACK | 1, foreign[0], foreign[1]]));
    let yes = ACK | CLEAR_TO_SEND;
    let no = NACK | CLEAR_TO_SEND;
    for (message, expected) in [
        (&[2, own[0], own[1]][..], yes | 2),
        (&[2, foreign[0], foreign[1]], no | 2),
        (&[5, 1400], yes | 5),
        (&[5, 9000], no | 5),
        (&[0x0002_0006], no | 0x0002_0006),
        (&[0x0001_0004, 9], no | 0x0001_0004),
    ] {
        let answer = a.ask(message).map(|answer| answer[0]);
        check_eq!(answer, Some(expected), "{message:x?}");
    }
    check_eq!(b.ask(&[5, 9000]).map(|answer| answer[0]), Some(yes | 5));
    check_eq!(a.read(STATUS) & 2, 2, "the link");
    Ok(())
}

pub fn answers_come_at_once() -> TestResult {
    for _ in 0..20 {
        let answer = Card::a().ask_at_once(&[5, 1400]).map(|answer| answer[0]);
        check_eq!(answer, Some(ACK | CLEAR_TO_SEND | 5));
    }
    Ok(())
}

pub fn counts_tell_what_was_said() -> TestResult {
    let before = pf_manager(NET_A).statistics()?;
    Card::a().ask(&[5, 1400]);
    Card::a().ask(&[5, 9000]);
    let after = pf_manager(NET_A).statistics()?;
    check_eq!(after.messages, before.messages + 1);
    check_eq!(after.refused, before.refused + 1);
    check_refused(
        pf_manager(BLOCK).statistics(),
        Status::Unsupported,
        State::Granted,
    )
}

pub fn a_storage_function_is_online() -> TestResult {
    let base = memory_region_symbol!(block: *mut u8);
    // SAFETY: the registers are mapped there, and nobody else uses them.
    let registers = unsafe { MmioRegion::new(base, 0x4000) };
    let capabilities = registers.read64(0);
    check!(capabilities != u64::MAX && capabilities != 0);
    // Neither ready, for nobody has enabled it, nor in the fatal state of a controller without
    // resources.
    check_eq!(registers.read32(0x1c), 0, "controller status");
    Ok(())
}

pub fn a_reset_leads_back_to_its_owner() -> TestResult {
    let manager = pf_manager(NET_A);
    let before = manager.statistics()?.resets;
    check_eq!(manager.reset()?, State::Resetting);
    check_refused(manager.reset(), Status::State, State::Resetting)?;
    check_refused(manager.read_config(4), Status::State, State::Resetting)?;
    wait_until(NET_A, State::Granted)?;
    check!(manager.statistics()?.resets > before);
    // The function has forgotten everything; the other one has not.
    check_eq!(
        Card::a().ask(&[5, 1400]).map(|answer| answer[0]),
        Some(NACK | 5)
    );
    check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    let going_on = Card::b().ask(&[5, 1400]).map(|answer| answer[0]);
    check_eq!(going_on, Some(ACK | CLEAR_TO_SEND | 5));
    Ok(())
}

pub fn what_was_given_up_reaches_nothing() -> TestResult {
    let manager = pf_manager(NET_A);
    check_eq!(manager.give_up()?, State::Revoking);
    wait_until(NET_A, State::Configured)?;
    let state = iommu().query(VF_A)?;
    check_eq!(state.state, iommu_interface::State::Blocked as u16);
    check_eq!(state.interrupts, 0);
    check_refused(manager.give_up(), Status::State, State::Configured)?;
    check_refused(manager.reset(), Status::State, State::Configured)?;
    check_refused(manager.write_config(4, 4), Status::State, State::Configured)?;
    // Its registers are still mapped here, but the physical function does not let it start.
    check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(NACK | 1));
    check_eq!(manager.claim()?, Claim::Granted);
    check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    Ok(())
}

pub fn a_claim_can_wait_for_a_revocation() -> TestResult {
    let manager = pf_manager(NET_A);
    manager.give_up()?;
    check_eq!(manager.claim()?, Claim::Pending);
    wait_until(NET_A, State::Granted)?;
    Ok(())
}

pub fn a_thousand_grants_leave_nothing_behind() -> TestResult {
    have(NET_A)?;
    let manager = pf_manager(NET_A);
    let before = iommu().counters()?;
    for _ in 0..CYCLES {
        manager.give_up()?;
        wait_until(NET_A, State::Configured)?;
        check_eq!(manager.claim()?, Claim::Granted);
    }
    let after = iommu().counters()?;
    check_eq!(after.pages, before.pages, "pages of tables");
    check_eq!(after.interrupts, before.interrupts, "interrupt entries");
    check_eq!(after.domains, before.domains, "domains");
    Ok(())
}
