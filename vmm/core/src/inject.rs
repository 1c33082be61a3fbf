// SPDX-License-Identifier: BSD-2-Clause
//! Events that the guest gets with the next entry.
//!
//! There is one at most: an exception of the instruction that exited, an event whose delivery was
//! interrupted, an NMI, or an interrupt, in that order. Whoever has to wait asks for its
//! window: an exit as soon as the guest can take it.

use sel4_vcpu::{Context, Event, EventKind, Primary};

use crate::Stop;
use crate::stop::Unsupported;
use crate::walk::PageFault;
use vmm_base::Gpa;

const INVALID_OPCODE: u8 = 6;
const GENERAL_PROTECTION: u8 = 13;
const PAGE_FAULT: u8 = 14;
const NMI: u8 = 2;

/// Interruptibility state: blocking by STI, MOV SS, SMI and NMI.
const NMI_BLOCKED: u64 = 0b1111;
const BLOCKED_BY_NMI: u64 = 1 << 3;

/// The instruction that exited does not exist.
pub(crate) fn invalid_opcode(context: &mut Context) {
    context.event = Event::exception(INVALID_OPCODE);
}

/// The instruction that exited is not allowed.
pub(crate) fn general_protection(context: &mut Context) {
    context.event = Event::exception(GENERAL_PROTECTION).with_error_code(0);
}

/// An operand of the instruction that exited is not mapped.
pub(crate) fn page_fault(context: &mut Context, linear: u64, fault: PageFault) {
    context.event = Event::exception(PAGE_FAULT).with_error_code(fault.error_code);
    context.set_fault_address(linear);
}

/// An exit came while an event was delivered: the next entry delivers it again, from the beginning.
/// The length of the instruction, if a software event has one, is the exit's.
pub(crate) fn deliver_again(context: &mut Context) {
    if !context.vectoring.is_some() {
        return;
    }
    context.event = context.vectoring.again();
    if context.event.kind() == EventKind::Nmi {
        // It blocks NMIs as soon as its delivery begins.
        context.interruptibility &= !BLOCKED_BY_NMI;
    }
}

/// The guest touched an address that is no memory. If that was the delivery of an event, none can
/// ever succeed.
pub(crate) fn refuse_delivery(context: &Context, at: Gpa) -> Result<(), Stop> {
    if !context.vectoring.is_some() {
        return Ok(());
    }
    let vector = context.vectoring.vector();
    Err(Stop::Unsupported {
        what: Unsupported::Delivery { vector, at },
        rip: context.rip,
    })
}

const WINDOWS: Primary = Primary::INTERRUPT_WINDOW.union(Primary::NMI_WINDOW);

/// Chooses what the next entry injects of an NMI and of the interrupt with the highest priority.
/// Returns the interrupt if it was that, and clears `nmi` if it was the NMI.
pub(crate) fn choose(context: &mut Context, nmi: &mut bool, interrupt: Option<u8>) -> Option<u8> {
    let mut taken = None;
    if !context.event.is_some() {
        if *nmi && context.interruptibility & NMI_BLOCKED == 0 {
            context.event = Event::new(EventKind::Nmi, NMI);
            *nmi = false;
        } else if let Some(vector) = interrupt
            && context.is_interruptible()
        {
            context.event = Event::interrupt(vector);
            taken = interrupt;
        }
    }
    let mut controls = context.controls() - WINDOWS;
    if *nmi {
        controls = controls | Primary::NMI_WINDOW;
    }
    if interrupt.is_some() && taken.is_none() {
        controls = controls | Primary::INTERRUPT_WINDOW;
    }
    context.set_controls(controls);
    taken
}

#[cfg(test)]
mod tests;
