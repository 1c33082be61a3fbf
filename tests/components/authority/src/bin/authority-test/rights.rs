// SPDX-License-Identifier: BSD-2-Clause
//! Rights of the capabilities that a protection domain has.

use authority_tests::Order;
use sel4::{Error, Fault, cap, sys::invocation_label as label};
use sel4_microkit::{Channel, MessageInfo, ipc, var};
use sel4_test::{TestResult, check_eq, check_matches};

use crate::suspect::{order, try_order};

/// The child's signal to its parent, in the child.
const SIGNAL: u64 = 10 + 1;

/// The child's fault endpoint, in the child.
const FAULT_ENDPOINT: u64 = 2;

pub fn signals_cannot_be_received() -> TestResult {
    let fault = try_order(Order::Receive, SIGNAL)?;
    check_matches!(fault, Some(Fault::CapFault(fault)) if fault.in_recv_phase);
    Ok(())
}

pub fn calls_cannot_be_received() -> TestResult {
    // Who could receive here would take faults that are meant for the parent.
    let fault = try_order(Order::Receive, FAULT_ENDPOINT)?;
    check_matches!(fault, Some(Fault::CapFault(fault)) if fault.in_recv_phase);
    Ok(())
}

pub fn answer_without_a_caller() -> TestResult {
    ipc::reply(MessageInfo::new(1, 4));
    // Everybody is where they were.
    let server = Channel::new(*var!(server_channel: usize = 0));
    check_eq!(
        server.pp_call(MessageInfo::new(5, 2)),
        MessageInfo::new(5, 2)
    );
    order(Order::Probe, 0)?;
    Ok(())
}

pub fn no_method_of_the_kernel_on_what_it_is_not() -> TestResult {
    // Methods of objects that no protection domain has, on all that this one has and that is not
    // answered by somebody else.
    let methods = [
        label::UntypedRetype,
        label::CNodeCopy,
        label::CNodeMint,
        label::IRQIssueIRQHandler,
        label::DomainSetSet,
        label::X86PageMap,
        label::X86ASIDControlMakePool,
        label::X86ASIDPoolAssign,
    ];
    for slot in [3, 138 + 61, 202 + 6, 394 + 7] {
        for method in methods {
            let target = cap::Null::from_bits(slot).cptr();
            let answer = sel4::invoke(target, method, &[], &[0; 8]);
            check_matches!(
                answer,
                Err(Error::IllegalOperation | Error::InvalidArgument)
            );
        }
    }
    Ok(())
}
