// SPDX-License-Identifier: BSD-2-Clause
//! Devices that overstep.

use std::string::ToString;

use iommu_manager_interface::{Access, Error, State, Status};
use log::Level;
use pci::Message;
use vtd_model::{Interrupt, Options, QueueFault};

use super::log::{complaints, lines, listen};
use super::machine::{DISK, IDLE, IO_APIC, Machine, NIC, STRANGER};

/// 3 % of the time is a tick in 32.
const RESTED: u64 = 1 << 40;

#[test]
fn one_that_oversteps_is_stopped_named_and_comes_back_only_by_detaching() {
    let mut running = Machine::default().start();
    running.trusted().attach(NIC).unwrap();
    running.trusted().attach(DISK).unwrap();
    running.trusted().bind(NIC, 1).unwrap();
    listen();
    assert!(running.board.dma(0, NIC, 0x9000, true).is_err());
    let event = running.board.take_event(0);
    assert_eq!(event, Some((0x200_fee0_1000, 0x33)));
    assert!(running.fault_event());
    let line = "00:13.0: write to 0x9000 stopped: no right to write there (0x05); \
                'device 98' is quarantined";
    assert_eq!(complaints(), [(Level::Warn, line.to_string())]);

    // Nothing of it passes, and nobody hears of what it tries.
    for _ in 0..10 {
        assert!(running.board.dma(0, NIC, 0x1000, false).is_err());
        let sent = running.board.message(0, NIC, Message::single(1).address, 0);
        assert!(matches!(sent, Interrupt::Stopped(_)));
        assert!(!running.fault_event());
    }
    assert!(
        running.board.dma(0, DISK, 0x20_0000, true).is_ok(),
        "others go on"
    );
    let state = running.other().query(NIC).unwrap();
    assert_eq!((state.state, state.faults), (State::Quarantined as u16, 1));
    assert_eq!(
        state.last.to_string(),
        "00:13.0: write to 0x9000 stopped: no right to write there (0x05)"
    );

    let record = running.trusted().next_fault().unwrap();
    assert_eq!((record.number, record.fault), (1, state.last));
    assert_eq!(running.trusted().next_fault().unwrap().number, 0);

    let quarantined = Err(Error::Refused(Status::Quarantined));
    assert_eq!(running.trusted().attach(NIC), quarantined);
    assert_eq!(running.trusted().bind(NIC, 2), quarantined);
    assert_eq!(running.trusted().detach(NIC), Ok(()));
    assert_eq!(running.other().query(NIC).unwrap().interrupts, 0);
    assert_eq!(running.trusted().attach(NIC), Ok(()));
    assert!(running.board.dma(0, NIC, 0x1000, false).is_ok());
    running.expect_clean();
}

#[test]
fn interrupts_overstep_too() {
    for (index, reason) in [(1, 0x26), (3, 0x22), (0x7fff, 0x21)] {
        let mut running = Machine::default().start();
        running.trusted().attach(DISK).unwrap();
        running.trusted().bind(NIC, 1).unwrap();
        let sent = running
            .board
            .message(0, DISK, Message::single(index).address, 0);
        assert_eq!(sent, Interrupt::Stopped(reason));
        assert!(running.fault_event());
        let fault = running.trusted().next_fault().unwrap().fault;
        assert_eq!((fault.requester, fault.reason), (DISK, reason));
        assert_eq!(
            (fault.access, fault.at),
            (Access::Interrupt as u8, index.into())
        );
        assert!(running.board.dma(0, DISK, 0x20_0000, true).is_err());
        let own = running.board.message(0, NIC, Message::single(1).address, 0);
        assert!(
            matches!(own, Interrupt::Remapped { .. }),
            "the owner goes on"
        );
        running.expect_clean();
    }
}

#[test]
fn one_without_a_domain_is_silenced_and_heard_again_after_detaching() {
    let mut running = Machine::default().start();
    let provoke = |running: &mut super::machine::Running| {
        let _ = running.board.dma(0, IDLE, 0, false);
        running.fault_event()
    };
    assert!(provoke(&mut running));
    assert!(!provoke(&mut running));
    assert_eq!(
        running.other().query(IDLE).unwrap().state,
        State::Quarantined as u16
    );
    assert_eq!(running.trusted().detach(IDLE), Ok(()));
    assert!(provoke(&mut running));
    running.expect_clean();
}

#[test]
fn strangers_are_silenced_and_told_of_a_few_times() {
    let mut running = Machine::default().start();
    listen();
    for device in 0..200 {
        let _ = running.board.dma(0, STRANGER + 0x100 + device, 0, true);
        running.fault_event();
    }
    let lines = complaints();
    assert_eq!(lines.len(), 16);
    assert!(
        lines[0]
            .1
            .ends_with("the system description does not have the device")
    );
    assert_eq!(
        running.trusted().next_fault().unwrap().fault.requester,
        STRANGER + 0x100
    );
    // An I/O APIC that oversteps keeps its other pins.
    let mut running = Machine::default().start();
    let _ = running
        .board
        .message(0, IO_APIC, Message::single(9).address, 0);
    assert!(running.fault_event());
    let pin = running
        .board
        .message(0, IO_APIC, Message::single(0).address, 0);
    assert!(matches!(pin, Interrupt::Remapped { .. }));
    running.expect_clean();
}

#[test]
fn records_that_nobody_fetches_make_room_for_new_ones() {
    let mut running = Machine::default().start();
    for _ in 0..100 {
        let _ = running.board.dma(0, NIC, 0, false);
        running.fault_event();
        running.trusted().detach(NIC).unwrap();
    }
    let numbers: std::vec::Vec<u64> = std::iter::from_fn(|| {
        let number = running.trusted().next_fault().unwrap().number;
        (number != 0).then_some(number)
    })
    .collect();
    assert!(numbers.iter().copied().eq(37..=100), "{numbers:?}");
    assert_eq!(running.other().query(NIC).unwrap().faults, 100);
    assert_eq!(running.other().counters().unwrap().faults, 100);
}

#[test]
fn a_flood_takes_a_bounded_share_of_the_time() {
    let mut running = Machine::default().start();
    // Each look at the clock is a millisecond later: serving faults is slow here.
    let now = running.now.clone();
    let step = 1_000_000;
    let mut looked_away = 0;
    for _ in 0..1000 {
        // An index beyond the table, which no entry of its own can silence.
        let _ = running
            .board
            .message(0, NIC, Message::single(0x7fff).address, 0);
        let clock = || now.replace(now.get() + step);
        running.manager.serve_faults(clock);
        let record = running.trusted().next_fault().unwrap();
        if record.again_ms != 0 {
            looked_away += 1;
            assert!(record.again_ms < 1000, "{}", record.again_ms);
        }
    }
    assert!(looked_away > 500, "{looked_away}");
    while running.board.take_event(0).is_some() {}
    let _ = running
        .board
        .message(0, NIC, Message::single(0x7fff).address, 0);
    assert_eq!(
        running.board.take_event(0),
        None,
        "events are held back meanwhile"
    );
    now.set(RESTED);
    assert_eq!(running.trusted().next_fault().unwrap().again_ms, 0);
    let _ = running
        .board
        .message(0, NIC, Message::single(0x7fff).address, 0);
    assert!(running.board.take_event(0).is_some(), "and come again");
}

#[test]
fn faults_that_hardware_dropped_do_not_keep_it_silent() {
    let mut running = Machine {
        units: std::vec![Options {
            fault_records: 1,
            ..Options::default()
        }],
        ..Machine::default()
    }
    .start();
    for _ in 0..5 {
        let _ = running.board.dma(0, NIC, 0, false);
        let _ = running.board.dma(0, DISK, 0, false);
    }
    assert!(running.fault_event());
    let _ = running.board.dma(0, DISK, 0, false);
    assert!(running.fault_event());
    for device in [NIC, DISK] {
        assert_eq!(
            running.other().query(device).unwrap().state,
            State::Quarantined as u16
        );
    }
}

#[test]
fn what_hardware_does_not_carry_out_ends_in_quarantine() {
    let mut running = Machine::default().start();
    running.trusted().attach(NIC).unwrap();
    listen();
    for _ in 0..3 {
        running.board.inject(0, QueueFault::Timeout, 0);
    }
    let failed = Err(Error::Refused(Status::Failed));
    assert_eq!(running.trusted().detach(NIC), failed);
    assert!(
        lines()
            .iter()
            .any(|(_, line)| line.starts_with("detaching 00:13.0: "))
    );
    assert_eq!(
        running.other().query(NIC).unwrap().state,
        State::Quarantined as u16
    );
    let quarantined = Err(Error::Refused(Status::Quarantined));
    assert_eq!(running.trusted().attach(NIC), quarantined);
    assert_eq!(
        running.trusted().detach(NIC),
        Ok(()),
        "hardware works again"
    );
    assert_eq!(running.trusted().attach(NIC), Ok(()));
    running.expect_clean();
}
