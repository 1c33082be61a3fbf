// SPDX-License-Identifier: BSD-2-Clause
//! What is in the capability slots.

use core::sync::atomic::Ordering::SeqCst;

use authority_tests::{Kind, LOWER_SLOTS, Order, UPPER_SLOTS, identify, lower, upper};
use sel4_test::{TestResult, check, check_eq};

use crate::suspect::{order, shared};

/// What system.xml gives this protection domain, at the places where the runtime looks for it.
const OWN: [(u64, Kind); 12] = [
    (1, Kind::Endpoint),
    (2, Kind::Endpoint),
    (3, Kind::VSpace),
    (10 + 3, Kind::Notification),
    (10 + 40, Kind::Notification),
    (74 + 4, Kind::Endpoint),
    (138 + 61, Kind::IrqHandler),
    (202 + 6, Kind::Thread),
    (394 + 7, Kind::IoPort),
    (upper(1), Kind::Thread),
    (upper(20), Kind::Thread),
    (upper(63), Kind::VSpace),
];

/// Of these a protection domain without children, that nobody calls, has: notification, fault
/// endpoint, address space, the signal to its parent.
const SUSPECTS: [u64; 4] = [1, 2, 3, 10 + 1];

fn expected(address: u64) -> Kind {
    let found = OWN.iter().find(|(slot, _)| *slot == address);
    found.map_or(Kind::Null, |(_, kind)| *kind)
}

pub fn own_slots_are_those_of_system_xml() -> TestResult {
    for slot in 0..LOWER_SLOTS {
        check_eq!(
            identify(lower(slot)),
            expected(lower(slot)),
            "lower slot {slot}"
        );
    }
    for slot in 1..UPPER_SLOTS {
        check_eq!(
            identify(upper(slot)),
            expected(upper(slot)),
            "upper slot {slot}"
        );
    }
    Ok(())
}

pub fn other_addresses_lead_nowhere_else() -> TestResult {
    // Each bit and each pair of bits of an address.
    for first in 0..64 {
        for second in 0..64 {
            let address = 1_u64 << first | 1 << second;
            let (top, bottom) = (address >> 58, address & ((1 << 58) - 1));
            let there = match (top, bottom) {
                (0, bottom) if bottom < LOWER_SLOTS => expected(lower(bottom)),
                (0, _) => Kind::Null,
                // A capability of the upper table is found whatever the rest of the address is.
                (top, _) => expected(upper(top)),
            };
            check_eq!(identify(address), there, "address {address:#x}");
        }
    }
    Ok(())
}

pub fn who_was_given_nothing_has_nothing() -> TestResult {
    order(Order::Probe, 0)?;
    for slot in 0..LOWER_SLOTS {
        let bits = shared().lower[slot as usize / 64].load(SeqCst);
        let found = bits & 1 << (slot % 64) != 0;
        check_eq!(found, SUSPECTS.contains(&slot), "lower slot {slot}");
    }
    check!(
        shared().upper.iter().all(|bits| bits.load(SeqCst) == 0),
        "upper slots"
    );
    Ok(())
}
