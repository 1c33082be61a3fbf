// SPDX-License-Identifier: BSD-2-Clause
//! Exceptions other than page faults. The numbers are the CPU's vectors (Intel SDM volume 3,
//! section 6.3.1).

use core::sync::atomic::Ordering::SeqCst;

use fault_tests::Order;
use sel4::Fault;
use sel4_microkit::{MessageInfo, ipc, set_mr};
use sel4_test::{TestResult, check_eq, fail};
use test_support::event::wait_for;

use crate::subject::child;

const DIVIDE_ERROR: u64 = 0;
const INVALID_OPCODE: u64 = 6;
const GENERAL_PROTECTION: u64 = 13;

pub fn division_by_zero() -> TestResult {
    child().exception(Order::Divide, 0, DIVIDE_ERROR)
}

pub fn invalid_opcode() -> TestResult {
    child().exception(Order::InvalidOpcode, 0, INVALID_OPCODE)
}

pub fn privileged_instructions() -> TestResult {
    child().exception(Order::Halt, 0, GENERAL_PROTECTION)?;
    child().exception(Order::DisableInterrupts, 0, GENERAL_PROTECTION)
}

pub fn port_without_a_capability() -> TestResult {
    child().exception(Order::PortIn, 0, GENERAL_PROTECTION)
}

pub fn address_that_is_not_canonical() -> TestResult {
    child().exception(Order::Write, 0x8000_0000_0000, GENERAL_PROTECTION)
}

pub fn answer_moves_the_child() -> TestResult {
    let child = child();
    let before = child.command.survived.load(SeqCst);
    let (_, fault) = child.provoke(Order::InvalidOpcode, 0)?;
    let Fault::UserException(_) = fault else {
        fail!("not an exception: {fault:?}");
    };
    // The first word of the answer to an exception becomes the instruction pointer.
    set_mr(0, child.command.resume_ip.load(SeqCst));
    ipc::reply(MessageInfo::new(0, 1));
    wait_for(child.channel)?;
    check_eq!(child.command.survived.load(SeqCst), before + 1);
    Ok(())
}
