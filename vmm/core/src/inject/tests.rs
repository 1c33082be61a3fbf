// SPDX-License-Identifier: BSD-2-Clause

use proptest::prelude::*;

use super::*;

const INTERRUPT_FLAG: u64 = 1 << 9;
const BLOCKED_BY_STI: u64 = 1;
const BLOCKED_BY_MOV_SS: u64 = 1 << 1;

/// Flags, interruptibility, an event that is there, an NMI, an interrupt: what is injected, and which
/// windows are asked for.
#[test]
fn the_choice() {
    const FAULT: Event = Event::exception(6);
    const N: Event = Event::new(EventKind::Nmi, 2);
    const INT: Primary = Primary::INTERRUPT_WINDOW;
    const NMI_W: Primary = Primary::NMI_WINDOW;
    let (none, empty, interrupt) = (Event::NONE, Primary::empty(), Event::interrupt(0x31));
    for (rflags, blocked, event, nmi, vector, injected, windows) in [
        (INTERRUPT_FLAG, 0, none, false, None, none, empty),
        (INTERRUPT_FLAG, 0, none, false, Some(0x31), interrupt, empty),
        (0, 0, none, false, Some(0x31), none, INT),
        (
            INTERRUPT_FLAG,
            BLOCKED_BY_STI,
            none,
            false,
            Some(0x31),
            none,
            INT,
        ),
        (
            INTERRUPT_FLAG,
            BLOCKED_BY_MOV_SS,
            none,
            false,
            Some(0x31),
            none,
            INT,
        ),
        (INTERRUPT_FLAG, 0, FAULT, false, Some(0x31), FAULT, INT),
        (INTERRUPT_FLAG, 0, none, true, Some(0x31), N, INT),
        (0, 0, none, true, None, N, empty),
        (0, BLOCKED_BY_NMI, none, true, None, none, NMI_W),
        (0, BLOCKED_BY_STI, none, true, None, none, NMI_W),
        (
            INTERRUPT_FLAG,
            BLOCKED_BY_NMI,
            none,
            true,
            Some(0x31),
            interrupt,
            NMI_W,
        ),
        (
            INTERRUPT_FLAG,
            0,
            FAULT,
            true,
            Some(0x31),
            FAULT,
            INT.union(NMI_W),
        ),
    ] {
        let mut context = Context::at(0);
        context.rflags = rflags;
        context.interruptibility = blocked;
        context.event = event;
        context.set_controls(Primary::HLT);
        let mut pending = nmi;
        let taken = choose(&mut context, &mut pending, vector);
        assert_eq!(
            context.event, injected,
            "{rflags:#x} {blocked} {event:?} {nmi} {vector:?}"
        );
        assert_eq!(context.controls(), Primary::HLT | windows);
        assert_eq!(taken.is_some(), injected == interrupt);
        assert_eq!(
            pending,
            nmi && injected != N,
            "an NMI is there until it is injected"
        );
    }
}

proptest! {
    /// Nothing is lost, and nothing is injected that the CPU would refuse.
    #[test]
    fn in_all_states(
        rflags: u64,
        interruptibility in 0..16u64,
        earlier: bool,
        nmi: bool,
        vector: Option<u8>,
    ) {
        let mut context = Context::at(0);
        (context.rflags, context.interruptibility) = (rflags, interruptibility);
        if earlier {
            context.event = Event::exception(13).with_error_code(0);
        }
        let (mut left, interruptible) = (nmi, context.is_interruptible());
        let taken = choose(&mut context, &mut left, vector);
        let windows = context.controls();
        prop_assert!(taken.is_none() || taken == vector);
        prop_assert_eq!(windows.contains(Primary::NMI_WINDOW), left);
        let waits = vector.is_some() && taken.is_none();
        prop_assert_eq!(windows.contains(Primary::INTERRUPT_WINDOW), waits);
        match context.event.kind() {
            EventKind::External if context.event.is_some() => {
                prop_assert!(interruptible && taken == Some(context.event.vector()));
            }
            EventKind::Nmi => prop_assert!(nmi && !left && interruptibility & NMI_BLOCKED == 0),
            _ => prop_assert!(taken.is_none() && left == nmi),
        }
    }
}

#[test]
fn an_interrupted_delivery_is_done_again() {
    let mut context = Context::at(0);
    context.interruptibility = BLOCKED_BY_NMI;
    deliver_again(&mut context);
    assert!(!context.event.is_some(), "there was none");
    context.vectoring = Event::exception(14).with_error_code(2);
    deliver_again(&mut context);
    assert_eq!(context.event, context.vectoring);
    assert_eq!(context.interruptibility, BLOCKED_BY_NMI);
    context.vectoring = Event::new(EventKind::Nmi, 2);
    deliver_again(&mut context);
    assert_eq!(context.interruptibility, 0, "its delivery blocks them");
}

#[test]
fn a_delivery_that_needs_a_device_cannot_succeed() {
    let mut context = Context::at(0x1234);
    assert_eq!(refuse_delivery(&context, Gpa(0xfee0_0000)), Ok(()));
    context.vectoring = Event::interrupt(0x31);
    let stop = refuse_delivery(&context, Gpa(0xfee0_0000)).expect_err("refused");
    assert_eq!(
        std::format!("{stop}"),
        "stopped at 0x1234: the delivery of vector 0x31 needs 0xfee00000, which is no memory"
    );
}

#[test]
fn faults() {
    let mut context = Context::at(0);
    invalid_opcode(&mut context);
    assert_eq!(context.event, Event::exception(6));
    general_protection(&mut context);
    assert_eq!(context.event, Event::exception(13).with_error_code(0));
    page_fault(&mut context, 0xabc, PageFault { error_code: 6 });
    assert_eq!(context.event, Event::exception(14).with_error_code(6));
    assert_eq!(context.qualification, 0xabc, "CR2");
}
