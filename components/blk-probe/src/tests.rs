// SPDX-License-Identifier: BSD-2-Clause
//! Everything together, against the model.

use std::string::ToString;
use std::vec::Vec;

use nvme_io::{Direction, Error, IO_DMA_BYTES, Status};
use nvme_io_model::{BUS, NAMESPACE};
use pf_manager_interface::{Driver, Info, Operation, State};

use crate::pattern::Pattern;
use crate::testing::{Bench, INFO};
use crate::{BUFFERS, Command, Failure, Report, Verified};

fn verified(bench: &mut Bench) -> Verified {
    match bench.until(|report| matches!(report, Report::Verified(_))) {
        Report::Verified(verified) => verified,
        _ => unreachable!(),
    }
}

fn failure(bench: &mut Bench) -> Failure {
    match bench.until(|report| matches!(report, Report::Failed(_))) {
        Report::Failed(failure) => failure,
        _ => unreachable!(),
    }
}

fn command(bench: &mut Bench, command: Command) {
    let now = bench.now;
    bench
        .probe
        .obey(command, now, &mut |report| panic!("{report}"));
}

#[test]
fn a_round_writes_the_pattern_and_reads_it_back() {
    // The last transfer is a short one.
    const DISK: usize = (3 << 20) + 1536;
    let mut bench = Bench::new(DISK);
    bench.notify();
    let result = verified(&mut bench);
    assert_eq!((result.namespace, result.bytes), (NAMESPACE, DISK as u64));
    assert_eq!((result.depth, result.commands), (BUFFERS, 51));
    assert!(result.interrupts > 2, "{result:?}");
    let state = bench.model.borrow();
    let pattern = Pattern::new(NAMESPACE, 1);
    for (at, word) in (0..).step_by(8).zip(state.disk.chunks_exact(8)) {
        assert_eq!(word, pattern.word(at).to_le_bytes(), "byte {at}");
    }
    assert_eq!(state.flushes, 1);
    // Index 5 in remappable format.
    assert_eq!(state.table, [0xfee0_00b0, 0, 0, 0]);
    assert_eq!(bench.manager.msix() >> 30, 0b10);
}

#[test]
fn reads_are_measured_one_by_one_and_then_rounds_go_on() {
    let mut bench = Bench::new(3 << 20);
    bench.notify();
    verified(&mut bench);
    command(&mut bench, Command::Again);
    command(&mut bench, Command::Read(100));
    let report = bench.until(|report| matches!(report, Report::Read(_)));
    let Report::Read(latencies) = report else {
        unreachable!()
    };
    assert_eq!((latencies.namespace, latencies.count), (NAMESPACE, 100));
    // The command itself may be noticed by the interrupt of what went before.
    assert!(latencies.interrupts >= 99, "{latencies:?}");
    assert!(latencies.minimum <= latencies.median);
    assert!(!report.is_error());
    verified(&mut bench);
}

#[test]
fn a_read_that_fails_is_told() {
    let mut bench = Bench::new(3 << 20);
    bench.notify();
    verified(&mut bench);
    bench.model.borrow_mut().fails = Some((0x102, 0x281));
    command(&mut bench, Command::Read(1));
    assert!(matches!(
        failure(&mut bench),
        Failure::Status(_, Status(0x281))
    ));
}

#[test]
fn what_it_says_names_function_and_namespace() {
    let mut bench = Bench::new(1 << 20);
    bench.notify();
    let granted = bench.until(|report| matches!(report, Report::Granted(_)));
    assert_eq!(granted.to_string(), "granted: VF 0 at 00:04.1, namespace 2");
    let ready = bench.until(|report| matches!(report, Report::Ready(_)));
    let expected = "namespace 2: 1 MiB in 2048 blocks of 512 bytes";
    assert_eq!(ready.to_string(), expected);
    assert!(!granted.is_error() && !ready.is_error());
}

#[test]
fn after_a_quarantine_it_begins_again() {
    let mut bench = Bench::new(8 << 20);
    bench.notify();
    bench.until(|report| matches!(report, Report::Ready(_)));
    for _ in 0..2 {
        bench.step();
    }
    bench
        .manager
        .change(|function| function.state = State::Quarantined);
    bench.notify();
    let lost = bench.until(|report| matches!(report, Report::Lost(_)));
    assert_eq!(
        lost.to_string(),
        "lost: the function is quarantined: it reached for memory that it was not granted"
    );
    bench.until(|report| matches!(report, Report::Granted(_)));
    assert_eq!(bench.manager.asked(Operation::Release), 1);
    assert_eq!(verified(&mut bench).bytes, 8 << 20);
}

#[test]
fn a_reset_under_way_is_waited_for() {
    let mut bench = Bench::new(1 << 20);
    bench.notify();
    verified(&mut bench);
    bench.manager.change(|function| function.quick = false);
    bench.obey(Command::Reset);
    assert!(!bench.step(), "there is nothing to do");
    bench
        .manager
        .change(|function| function.state = State::Granted);
    bench.notify();
    verified(&mut bench);
}

#[test]
fn commands_make_rounds() {
    let mut bench = Bench::new(1 << 20);
    bench.notify();
    verified(&mut bench);
    for _ in 0..10 {
        bench.step();
    }
    assert!(bench.reports.is_empty(), "{:?}", bench.reports);
    bench.obey(Command::Again);
    verified(&mut bench);
    bench.obey(Command::Loop);
    for _ in 0..3 {
        verified(&mut bench);
    }
    // The next one has begun.
    bench.step();
    bench.obey(Command::Stop);
    verified(&mut bench);
    for _ in 0..10 {
        bench.step();
    }
    assert!(bench.reports.is_empty(), "{:?}", bench.reports);
    // Every round has its own pattern.
    let state = bench.model.borrow();
    let last = Pattern::new(NAMESPACE, 6).word(0).to_le_bytes();
    assert_eq!(state.disk[..8], last);
}

#[test]
fn data_that_changed_is_named() {
    let mut bench = Bench::new(4 << 20);
    bench.model.borrow_mut().holds = true;
    bench.notify();
    bench.until(|report| matches!(report, Report::Ready(_)));
    while bench.model.borrow().flushes == 0 {
        bench.model.release(0);
        bench.step();
    }
    bench.model.borrow_mut().disk[0x12_3456] ^= 0x80;
    bench.model.borrow_mut().holds = false;
    let expected = Pattern::new(NAMESPACE, 1).word(0x12_3450);
    // All reads that wait were made before.
    let held = bench.model.borrow().held.len();
    (0..held).for_each(|_| bench.model.release(0));
    let failure = failure(&mut bench);
    assert_eq!(
        failure,
        Failure::Data {
            at: 0x12_3450,
            read: expected ^ 0x80 << 48,
            written: expected
        }
    );
    // It begins again from the beginning, and that goes well.
    verified(&mut bench);
}

#[test]
fn failures_in_a_row_end_with_patience() {
    let mut bench = Bench::new(1 << 20);
    bench.model.borrow_mut().fails = Some((0x102, 0x281));
    bench.notify();
    for _ in 0..3 {
        assert_eq!(failure(&mut bench), Failure::Status(0, Status(0x281)));
    }
    bench.until(|report| *report == Report::GivenUp);
    assert_eq!(bench.manager.asked(Operation::Reset), 2);
    bench.model.borrow_mut().fails = None;
    for _ in 0..10 {
        bench.step();
    }
    assert!(bench.reports.is_empty(), "{:?}", bench.reports);
    bench.obey(Command::Again);
    verified(&mut bench);
}

#[test]
fn a_controller_that_hangs_is_reset() {
    let mut bench = Bench::new(4 << 20);
    bench.notify();
    bench.until(|report| matches!(report, Report::Ready(_)));
    bench.model.borrow_mut().silent = true;
    let failure = failure(&mut bench);
    assert_eq!(failure, Failure::Controller(Error::Timeout(0x01)));
    assert!(bench.now.as_secs() >= 10);
    bench.model.borrow_mut().silent = false;
    verified(&mut bench);
}

#[test]
fn another_kind_of_function_is_left_alone() {
    let wrong: [fn(&mut Info); 3] = [
        |info| info.driver = Driver::Igb,
        |info| info.namespace = 0,
        |info| info.interrupts = 0,
    ];
    for wrong in wrong {
        let mut bench = Bench::new(1 << 20);
        bench.manager.change(|function| wrong(&mut function.info));
        bench.notify();
        let expected = [Failure::Grant].map(Report::Failed);
        let last: Vec<Report> = bench.reports.drain(1..).collect();
        assert_eq!(last, [expected[0], Report::GivenUp]);
        assert_eq!(bench.manager.asked(Operation::Reset), 0);
    }
    assert_eq!(INFO.driver, Driver::Nvme);
}

#[test]
fn a_table_elsewhere_is_not_used() {
    for table in [0x2003, 0x4000, 0xffff_fff8] {
        let mut bench = Bench::new(1 << 20);
        bench.manager.change(|function| function.table = table);
        bench.notify();
        assert_eq!(failure(&mut bench), Failure::Interrupts, "{table:#x}");
    }
}

#[test]
fn a_function_that_was_given_back_is_claimed_again() {
    let mut bench = Bench::new(1 << 20);
    bench.notify();
    verified(&mut bench);
    bench.obey(Command::Cycle);
    bench
        .manager
        .change(|function| function.state = State::Configured);
    bench.notify();
    bench
        .manager
        .change(|function| function.state = State::Granted);
    bench.notify();
    verified(&mut bench);
    assert_eq!(bench.manager.asked(Operation::GiveUp), 1);
}

#[test]
fn an_overstepping_is_one_block_at_that_address_and_leaves_the_round() {
    let mut bench = Bench::new(8 << 20);
    bench.notify();
    bench.until(|report| matches!(report, Report::Ready(_)));
    bench.step();
    // The first buffer, so that nobody minds.
    let address = BUS + IO_DMA_BYTES as u64;
    bench.obey(Command::Overstep(Direction::Read, address));
    let outcome = bench.until(|report| matches!(report, Report::Overstepped(_)));
    assert_eq!(outcome.to_string(), "the device says that it went well");
    for _ in 0..10 {
        bench.step();
    }
    assert!(bench.reports.is_empty(), "{:?}", bench.reports);
    bench.obey(Command::Again);
    verified(&mut bench);
}

#[test]
fn an_overstepping_that_is_punished_is_told() {
    let mut bench = Bench::new(1 << 20);
    bench.notify();
    verified(&mut bench);
    bench.model.borrow_mut().fails = Some((0x101, 4));
    bench.obey(Command::Overstep(Direction::Write, BUS));
    let outcome = bench.until(|report| matches!(report, Report::Overstepped(_)));
    assert_eq!(
        outcome.to_string(),
        "the device says that it failed, with status 0x004"
    );
}
