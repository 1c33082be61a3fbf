// SPDX-License-Identifier: BSD-2-Clause
//! What clients ask, and what devices can do then.

use std::vec::Vec;

use iommu_manager_interface::{Error, Operation, Refusal, Reply, Request, State, Status, VERSION};
use pci::Message;
use vtd_model::Interrupt;

use super::log;
use super::machine::{DISK, GRANTS, IDLE, IO_APIC, Machine, NIC, STRANGER};

fn refused<T>(status: Status) -> Result<T, Error> {
    Err(Error::Refused(status))
}

#[test]
fn at_the_start_nothing_passes_but_the_io_apic() {
    let mut running = Machine::default().start();
    let protection = running.other().status().unwrap();
    assert_eq!(protection.refusal, Refusal::None as u8);
    assert_eq!((protection.blocking, protection.remapping), (1, 1));
    assert_eq!((protection.units, protection.devices), (1, 3));
    for device in [IDLE, DISK, NIC] {
        assert!(running.board.dma(0, device, 0x1000, false).is_err());
        let state = running.other().query(device).unwrap();
        assert_eq!((state.state, state.domain), (State::Blocked as u16, 0));
    }
    let message = Message::single(1);
    let sent = running.board.message(0, NIC, message.address, 0);
    assert_eq!(sent, Interrupt::Stopped(0x22));
    let pin = running
        .board
        .message(0, IO_APIC, Message::single(0).address, 0);
    assert!(
        matches!(
            pin,
            Interrupt::Remapped {
                vector: 0x44,
                destination: 0x201,
                ..
            }
        ),
        "{pin:?}"
    );
    assert_eq!(log::complaints(), []);
    running.expect_clean();
}

#[test]
fn an_attached_device_reaches_its_grants_and_nothing_else() {
    let mut running = Machine::default().start();
    for device in [NIC, DISK] {
        assert_eq!(running.trusted().attach(device), Ok(()));
        let state = running.other().query(device).unwrap();
        assert_eq!(state.state, State::Attached as u16);
        assert_ne!(state.domain, 0);
    }
    for (device, iova, paddr, len, rights) in GRANTS {
        for (at, to) in [(iova, paddr), (iova + len - 8, paddr + len - 8)] {
            for (write, right) in [(false, 1), (true, 2)] {
                let reached = running.board.dma(0, device, at, write).ok();
                assert_eq!(
                    reached,
                    (rights & right != 0).then_some(to),
                    "{at:#x} {write}"
                );
            }
            let other = if device == NIC { DISK } else { NIC };
            assert!(running.board.dma(0, other, at, false).is_err());
        }
        assert!(running.board.dma(0, device, iova + len, false).is_err());
        assert!(running.board.dma(0, device, iova - 1, false).is_err());
    }
    assert_eq!(running.trusted().attach(NIC), refused(Status::State));
    running.expect_clean();
}

#[test]
fn what_was_revoked_is_out_of_reach_and_nothing_leaks() {
    let mut running = Machine::default().start();
    // Tables of buses stay: once is not yet a measure.
    let mut measured = None;
    for _ in 0..20 {
        running.trusted().attach(NIC).unwrap();
        running.trusted().bind(NIC, 1).unwrap();
        running.trusted().bind(NIC, 2).unwrap();
        assert_eq!(running.other().query(NIC).unwrap().interrupts, 2);
        assert!(running.board.dma(0, NIC, 0x1000, false).is_ok());
        let raised = running.board.message(0, NIC, Message::single(2).address, 0);
        assert!(matches!(raised, Interrupt::Remapped { vector: 0x51, .. }));
        running.trusted().detach(NIC).unwrap();
        assert!(running.board.dma(0, NIC, 0x1000, false).is_err());
        let stopped = running.board.message(0, NIC, Message::single(2).address, 0);
        assert_eq!(stopped, Interrupt::Stopped(0x22));
        let counters = running.other().counters().unwrap();
        assert_eq!((counters.domains, counters.interrupts), (0, 1));
        assert_eq!(*measured.get_or_insert(counters.pages), counters.pages);
        assert_eq!(counters.all_pages, 256);
    }
    assert_eq!(
        running.trusted().detach(NIC),
        Ok(()),
        "what has nothing loses nothing"
    );
    running.expect_clean();
}

#[test]
fn interrupts_are_bound_by_their_owners_only() {
    let mut running = Machine::default().start();
    for (device, index, status) in [
        (NIC, 0, Status::Index),
        (NIC, 700, Status::Index),
        (DISK, 1, Status::Index),
        (NIC, 3, Status::Index),
        (IDLE, 0xffff, Status::Index),
        (STRANGER, 1, Status::Unknown),
    ] {
        assert_eq!(running.trusted().bind(device, index), refused(status));
        assert_eq!(running.trusted().unbind(device, index), refused(status));
    }
    assert_eq!(running.trusted().unbind(NIC, 1), refused(Status::State));
    assert_eq!(running.trusted().bind(NIC, 1), Ok(()));
    assert_eq!(running.trusted().bind(NIC, 1), refused(Status::State));
    let address = Message::single(1).address;
    let foreign = running.board.message(0, DISK, address, 0);
    assert_eq!(foreign, Interrupt::Stopped(0x26));
    assert_eq!(running.trusted().unbind(NIC, 1), Ok(()));
    let own = running.board.message(0, NIC, address, 0);
    assert_eq!(own, Interrupt::Stopped(0x22));
    assert_eq!(running.trusted().bind(DISK, 700), Ok(()));
    running.expect_clean();
}

#[test]
fn only_the_pf_manager_changes_anything() {
    let mut running = Machine::default().start();
    let other = running.other();
    assert_eq!(other.attach(NIC), refused(Status::Forbidden));
    assert_eq!(other.detach(NIC), refused(Status::Forbidden));
    assert_eq!(other.bind(NIC, 1), refused(Status::Forbidden));
    assert_eq!(other.unbind(NIC, 1), refused(Status::Forbidden));
    assert_eq!(other.quarantine(NIC), refused(Status::Forbidden));
    assert_eq!(other.next_fault(), refused(Status::Forbidden));
    assert!(other.status().is_ok() && other.counters().is_ok());
    assert_eq!(other.query(STRANGER).unwrap().state, State::Unknown as u16);
    assert!(running.board.dma(0, NIC, 0x1000, false).is_err());
}

#[test]
fn every_field_of_a_request_is_checked() {
    let mut running = Machine::default().start();
    let mut ask = |words: &[u64]| {
        let reply = running.manager.call(true, words, || 0);
        Status::from_number(Reply::from_words(reply).status).unwrap()
    };
    for words in [&[][..], &[0, 0], &[1; 64]] {
        assert_eq!(ask(words), Status::Version);
    }
    let mut request = |operation: u16, version, requester, index| {
        let request = Request {
            version,
            operation,
            requester,
            index,
        };
        ask(&request.to_words())
    };
    assert_eq!(request(0, VERSION + 1, 0, 0), Status::Version);
    assert_eq!(request(0, 0, 0, 0), Status::Version);
    assert_eq!(request(9, VERSION, 0, 0), Status::Operation);
    assert_eq!(request(u16::MAX, VERSION, 0, 0), Status::Operation);
    for operation in 0..9 {
        let kind = Operation::from_number(operation).unwrap();
        let about_none = matches!(
            kind,
            Operation::Status | Operation::Counters | Operation::NextFault
        );
        if about_none {
            assert_eq!(request(operation, VERSION, NIC, 0), Status::Operation);
        } else if kind != Operation::Query {
            assert_eq!(request(operation, VERSION, STRANGER, 0), Status::Unknown);
        }
        if !matches!(kind, Operation::Bind | Operation::Unbind) {
            assert_eq!(request(operation, VERSION, 0, 1), Status::Operation);
        }
    }
}

#[test]
fn without_memory_for_tables_nothing_is_half_granted() {
    // Whatever the number of pages, a device has all of its grants or none.
    let mut outcomes = Vec::new();
    for pages in 8..24 {
        let mut running = Machine {
            pages,
            ..Machine::default()
        }
        .start();
        let before = running.other().counters().unwrap();
        let result = running.trusted().attach(NIC);
        outcomes.push(result.is_ok());
        if result.is_err() {
            assert_eq!(result, refused(Status::Failed));
            let state = running.other().query(NIC).unwrap();
            assert_eq!((state.state, state.domain), (State::Blocked as u16, 0));
            assert_eq!(running.other().counters().unwrap().domains, 0);
            assert!(running.other().counters().unwrap().pages <= before.pages + 1);
        }
        for (device, iova, ..) in GRANTS
            .iter()
            .filter(|grant| grant.0 == NIC && grant.4 & 1 != 0)
        {
            let reached = running.board.dma(0, *device, *iova, false);
            assert_eq!(reached.is_ok(), result.is_ok());
        }
        running.expect_clean();
    }
    assert!(
        outcomes.contains(&true) && outcomes.contains(&false),
        "{outcomes:?}"
    );
}
