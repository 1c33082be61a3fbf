// SPDX-License-Identifier: BSD-2-Clause
//! The ring with an honest peer, in one thread and in two, and with a hostile one.

extern crate std;

use std::collections::VecDeque;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

const SIZE: usize = 16;

struct Shared {
    data: [AtomicU8; SIZE],
    control: Control,
}

impl Shared {
    /// A ring whose indices start at `index`.
    fn starting_at(index: u32) -> Self {
        let control = Control::default();
        control.producer.written.store(index, Ordering::Relaxed);
        control.consumer.read.store(index, Ordering::Relaxed);
        Self {
            data: [const { AtomicU8::new(0) }; SIZE],
            control,
        }
    }

    fn ends(&self) -> (Producer<'_>, Consumer<'_>) {
        (
            Producer::attach(&self.data, &self.control),
            Consumer::attach(&self.data, &self.control),
        )
    }
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let shared = Shared::starting_at(0);
    let (mut producer, mut consumer) = shared.ends();
    assert!(producer.stage(1) && producer.stage(2));
    assert_eq!((producer.staged(), producer.room()), (2, SIZE - 2));
    assert_eq!(consumer.pop(), None);
    producer.unstage();
    assert!(!producer.publish(), "nothing to tell");
    assert!(producer.stage(3));
    assert!(producer.publish(), "the ring was empty");
    assert!(producer.stage(4));
    assert!(
        !producer.publish(),
        "the consumer has not emptied the ring: it is still at it"
    );
    assert_eq!(consumer.pop(), Some(3));
    assert_eq!(producer.room(), SIZE - 2, "not free before it is settled");
    assert!(consumer.settle(), "one byte waits");
    assert_eq!(producer.room(), SIZE - 1);
    assert_eq!(consumer.pop(), Some(4));
    assert!(!consumer.settle());
    assert!(producer.stage(5));
    assert!(producer.publish(), "the consumer may sleep");
}

#[test]
fn a_full_ring_takes_nothing_and_losses_are_told_once() {
    let shared = Shared::starting_at(u32::MAX - 3);
    let (mut producer, mut consumer) = shared.ends();
    assert_eq!((0..20).filter(|&byte| producer.stage(byte)).count(), SIZE);
    assert_eq!(producer.room(), 0);
    producer.count_lost(4);
    let _ = producer.publish();
    assert!(std::iter::from_fn(|| consumer.pop()).eq(0..16));
    assert_eq!(consumer.take_lost(), 4);
    assert_eq!(consumer.take_lost(), 0);
}

#[test]
fn an_end_that_is_started_anew_goes_on_where_it_was() {
    let shared = Shared::starting_at(7);
    let (mut producer, mut consumer) = shared.ends();
    for byte in 0..6 {
        assert!(producer.stage(byte));
    }
    let _ = producer.publish();
    assert_eq!(consumer.pop(), Some(0));
    let _ = consumer.settle();
    let (mut producer, mut consumer) = shared.ends();
    assert_eq!(consumer.waiting(), 5);
    assert!(producer.stage(6));
    let _ = producer.publish();
    assert!(std::iter::from_fn(|| consumer.pop()).eq(1..7));
}

#[test]
fn an_end_that_skips_what_waits_is_notified_again() {
    let shared = Shared::starting_at(3);
    let (mut producer, mut consumer) = shared.ends();
    assert!(producer.stage(1) && producer.stage(2));
    assert!(producer.publish());
    assert_eq!(consumer.pop(), Some(1));
    // Started anew, without having settled.
    let (_, mut consumer) = shared.ends();
    consumer.skip();
    assert_eq!(consumer.pop(), None);
    assert!(producer.stage(3));
    assert!(producer.publish(), "the ring was empty");
    assert_eq!(consumer.pop(), Some(3));
}

#[test]
fn two_threads_lose_nothing_and_no_wake_up() {
    const COUNT: u32 = 50_000;
    let shared = Shared::starting_at(u32::MAX - 1_000);
    let (mut producer, mut consumer) = shared.ends();
    let (notify, notified) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..COUNT {
                while !producer.stage(n as u8) {
                    std::thread::yield_now();
                }
                if producer.publish() {
                    notify.send(()).unwrap();
                }
            }
        });
        let mut expected = 0;
        while expected < COUNT {
            match consumer.pop() {
                Some(byte) => {
                    assert_eq!(byte, expected as u8);
                    expected += 1;
                }
                // Asleep: only a notification may end this. A lost one fails here.
                None if !consumer.settle() => {
                    notified
                        .recv_timeout(std::time::Duration::from_secs(20))
                        .unwrap();
                }
                None => {}
            }
        }
    });
}

proptest! {
    /// Any sequence of operations behaves as a queue of 16 bytes, wherever the indices start.
    #[test]
    fn behaves_as_a_queue(start: u32, steps in proptest::collection::vec(0u8..5, 0..300)) {
        let shared = Shared::starting_at(start);
        let (mut producer, mut consumer) = shared.ends();
        let (mut staged, mut queue) = (Vec::new(), VecDeque::new());
        // Places taken but not settled.
        let mut unsettled = 0;
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                0 | 1 => {
                    let fits = staged.len() + queue.len() + unsettled < SIZE;
                    prop_assert_eq!(producer.stage(n as u8), fits);
                    if fits {
                        staged.push(n as u8);
                    }
                }
                2 => {
                    let _ = producer.publish();
                    queue.extend(staged.drain(..));
                }
                3 => {
                    let expected = queue.pop_front();
                    unsettled += usize::from(expected.is_some());
                    prop_assert_eq!(consumer.pop(), expected);
                }
                _ => {
                    prop_assert_eq!(consumer.settle(), !queue.is_empty());
                    unsettled = 0;
                }
            }
        }
    }

    /// Whatever a hostile peer writes into the shared indices, an end takes a bounded number of
    /// bytes and never leaves the ring (which would be a panic here).
    #[test]
    fn a_hostile_peer_does_no_harm(lies in proptest::collection::vec(any::<[u32; 3]>(), 1..50)) {
        let shared = Shared::starting_at(0);
        let (mut producer, mut consumer) = shared.ends();
        for [written, read, lost] in lies {
            shared.control.producer.written.store(written, Ordering::Relaxed);
            shared.control.producer.lost.store(lost, Ordering::Relaxed);
            let popped = std::iter::from_fn(|| consumer.pop()).count();
            prop_assert!(popped <= SIZE);
            let _ = (consumer.settle(), consumer.take_lost());

            shared.control.consumer.read.store(read, Ordering::Relaxed);
            let staged = (0..100).filter(|&byte| producer.stage(byte)).count();
            prop_assert!(staged <= SIZE);
            let _ = producer.publish();
            let ends = shared.ends();
            prop_assert!(ends.0.room() <= SIZE);
        }
    }
}
