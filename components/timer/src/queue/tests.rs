// SPDX-License-Identifier: BSD-2-Clause
//! Cases, and random operations against a model that is too simple to be wrong.

extern crate std;

use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

#[test]
fn one_shot_ends_once() {
    let mut queue = Queue::default();
    assert!(queue.set(3, 1, Timeout::Once { end: 100 }));
    assert!(queue.set(61, 7, Timeout::Once { end: 200 }));
    assert_eq!(queue.next(), Some(100));
    assert_eq!(queue.expire(99), 0);
    assert_eq!(queue.expire(100), 1 << 3);
    assert_eq!(queue.expire(100), 0);
    assert_eq!(queue.next(), Some(200));
    assert_eq!(queue.expire(u64::MAX), 1 << 61);
    assert_eq!(queue.next(), None);
    assert!(queue.take_expired(3).iter().eq([1]));
    assert!(queue.take_expired(3).is_empty());
    assert!(queue.take_expired(61).iter().eq([7]));
}

#[test]
fn a_period_keeps_its_phase_and_leaves_missed_ends_out() {
    let mut queue = Queue::default();
    assert!(queue.set(
        0,
        0,
        Timeout::Periodic {
            end: 100,
            period: 10
        }
    ));
    for (now, next) in [(100, 110), (105, 110), (110, 120), (157, 160), (160, 170)] {
        queue.expire(now);
        assert_eq!(queue.next(), Some(next), "at {now}");
    }
}

#[test]
fn a_period_stops_at_the_end_of_time() {
    let mut queue = Queue::default();
    assert!(queue.set(
        0,
        0,
        Timeout::Periodic {
            end: u64::MAX - 5,
            period: 10
        }
    ));
    assert_eq!(queue.expire(u64::MAX - 5), 1);
    assert_eq!(queue.next(), None);
    assert!(queue.set(0, 0, Timeout::Periodic { end: 0, period: 0 }));
    assert_eq!(
        queue.expire(u64::MAX),
        1,
        "not even a period of 0 is a trap"
    );
}

#[test]
fn setting_again_forgets_the_old_end() {
    let mut queue = Queue::default();
    assert!(queue.set(0, 0, Timeout::Once { end: 1 }));
    assert!(queue.set(0, 1, Timeout::Once { end: 1 }));
    queue.expire(1);
    assert!(queue.set(0, 0, Timeout::Idle));
    assert!(queue.take_expired(0).iter().eq([1]));
}

#[test]
fn a_client_has_its_own_slots_and_no_more() {
    let mut queue = Queue::default();
    for timeout in 0..TIMEOUTS {
        assert!(queue.set(5, timeout, Timeout::Once { end: 10 }));
    }
    assert!(!queue.set(5, TIMEOUTS, Timeout::Once { end: 10 }));
    assert!(!queue.set(CLIENTS, 0, Timeout::Once { end: 10 }));
    assert!(queue.take_expired(CLIENTS).is_empty());
    // A neighbour is not affected by a client that uses all it has.
    assert!(queue.set(6, 0, Timeout::Once { end: 10 }));
    assert_eq!(queue.expire(10), 1 << 5 | 1 << 6);
    assert_eq!(queue.take_expired(5).bits(), 0xff);
    assert_eq!(queue.take_expired(6).bits(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Set(usize, usize, Option<u64>, u64),
    Advance(u64),
    Take(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let slot = || (0usize..4, 0usize..TIMEOUTS);
    prop_oneof![
        4 => (slot(), proptest::option::of(0u64..1_000), prop_oneof![Just(0u64), 1u64..200])
            .prop_map(|((client, timeout), delay, period)| Step::Set(client, timeout, delay, period)),
        4 => (0u64..500).prop_map(Step::Advance),
        2 => (0usize..4).prop_map(Step::Take),
    ]
}

proptest! {
    /// The model lists every end of every time-out one by one, in order.
    #[test]
    fn behaves_as_the_naive_model(
        start in prop_oneof![Just(0u64), Just(u64::MAX - 200_000)],
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut queue = Queue::default();
        let mut now = start;
        let mut running: BTreeMap<(usize, usize), (u64, u64)> = BTreeMap::new();
        let mut ended: BTreeMap<usize, u32> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Set(client, timeout, delay, period) => {
                    let value = match delay {
                        None => Timeout::Idle,
                        Some(delay) if period == 0 => Timeout::Once { end: now + delay },
                        Some(delay) => Timeout::Periodic { end: now + delay, period },
                    };
                    prop_assert!(queue.set(client, timeout, value));
                    *ended.entry(client).or_default() &= !(1 << timeout);
                    running.remove(&(client, timeout));
                    if let Some(delay) = delay {
                        running.insert((client, timeout), (now + delay, period));
                    }
                }
                Step::Advance(by) => {
                    now += by;
                    let mut due = 0;
                    let slots: Vec<_> = running.keys().copied().collect();
                    for slot in slots {
                        while let Some(&(end, period)) = running.get(&slot) {
                            if end > now {
                                break;
                            }
                            due |= 1 << slot.0;
                            *ended.entry(slot.0).or_default() |= 1 << slot.1;
                            if period == 0 {
                                running.remove(&slot);
                            } else {
                                running.insert(slot, (end + period, period));
                            }
                        }
                    }
                    prop_assert_eq!(queue.expire(now), due);
                }
                Step::Take(client) => {
                    let expected = ended.remove(&client).unwrap_or_default();
                    prop_assert_eq!(queue.take_expired(client).bits(), expected);
                }
            }
            prop_assert_eq!(queue.next(), running.values().map(|(end, _)| *end).min());
        }
    }
}
