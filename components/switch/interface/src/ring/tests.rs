// SPDX-License-Identifier: BSD-2-Clause

extern crate std;

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::Region;

fn region() -> Box<Region> {
    Box::default()
}

/// A frame of this length whose bytes depend on `seed`.
fn frame(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 7 + seed) as u8).collect()
}

#[test]
fn frames_of_all_lengths_arrive_as_they_were() {
    let region = region();
    let (mut producer, _) = region.client_ends();
    let (mut consumer, _) = region.switch_ends();
    let mut got = [0; LONGEST_FRAME];
    for length in SHORTEST_FRAME..=LONGEST_FRAME {
        let sent = frame(length, length);
        assert!(producer.put(&sent) && producer.publish(), "{length}");
        assert_eq!(consumer.take(&mut got), Some(Some(length)));
        assert_eq!(got[..length], sent);
        assert!(!consumer.settle());
    }
    for length in [0, SHORTEST_FRAME - 1, LONGEST_FRAME + 1] {
        assert!(!producer.put(&frame(0, length)), "{length}");
    }
    assert_eq!(consumer.take(&mut got), None);
}

#[test]
fn a_full_ring_takes_no_more() {
    let region = region();
    let (mut producer, _) = region.client_ends();
    let (mut consumer, _) = region.switch_ends();
    for seed in 0..SLOTS {
        assert!(producer.put(&frame(seed, 60)));
    }
    assert!(!producer.put(&frame(0, 60)));
    assert_eq!(consumer.waiting(), 0, "not visible yet");
    assert!(producer.publish());
    assert!(!producer.publish(), "nothing new");
    let mut got = [0; LONGEST_FRAME];
    assert_eq!(consumer.take(&mut got), Some(Some(60)));
    assert_eq!(producer.room(), 0, "not free yet");
    assert!(consumer.settle());
    assert_eq!(producer.room(), 1);
}

#[test]
fn impossible_indices_are_not_believed() {
    for lie in [1, SLOTS as u32 + 1, 0x8000_0000, u32::MAX] {
        let region = region();
        let (mut producer, mut input) = region.client_ends();
        let (mut consumer, mut output) = region.switch_ends();
        // The producer lies: what it claims is skipped.
        region.to_switch.producer.0.store(lie, Ordering::Relaxed);
        let mut got = [0; LONGEST_FRAME];
        let taken = consumer.take(&mut got);
        assert_eq!(
            taken,
            (lie == 1).then_some(None),
            "{lie}: an empty slot is no frame"
        );
        assert!(!consumer.settle());
        // The consumer lies: there is no room, or all of it.
        region.to_client.consumer.0.store(lie, Ordering::Relaxed);
        assert_eq!(output.put(&frame(0, 60)), output.room() > 0);
        let _ = output.publish();
        // The other ends were attached before, and are as confused as can be.
        let _ = producer.put(&frame(1, 60));
        let _ = producer.publish();
        input.skip();
    }
}

#[test]
fn a_length_that_no_frame_has_is_none() {
    let region = region();
    let (mut producer, _) = region.client_ends();
    let (mut consumer, _) = region.switch_ends();
    for lie in [0, 13, LONGEST_FRAME as u64 + 1, 1 << 32, u64::MAX] {
        assert!(producer.put(&frame(0, 60)));
        let place = producer.published as usize % SLOTS;
        region.frames_to_switch[place].0[0].store(lie, Ordering::Relaxed);
        let _ = producer.publish();
        let mut got = [0; LONGEST_FRAME];
        assert_eq!(consumer.take(&mut got), Some(None), "{lie}");
        assert!(!consumer.settle());
    }
}

proptest! {
    /// A ring is a queue, and no wake-up is lost.
    #[test]
    fn a_ring_is_a_queue(steps in prop::collection::vec((0..4_u8, 14..100_usize), 0..400)) {
        let region = region();
        let (mut producer, _) = region.client_ends();
        let (mut consumer, _) = region.switch_ends();
        let (mut staged, mut visible) = (VecDeque::new(), VecDeque::new());
        let mut asleep = true;
        let mut got = [0; LONGEST_FRAME];
        for (step, (kind, length)) in steps.into_iter().enumerate() {
            match kind {
                0 => {
                    let sent = frame(step, length);
                    if producer.put(&sent) {
                        staged.push_back(sent);
                    }
                }
                1 => {
                    let woken = producer.publish();
                    visible.append(&mut staged);
                    asleep &= !woken;
                }
                2 => {
                    let taken = consumer.take(&mut got).map(|length| got[..length.unwrap_or(0)].to_vec());
                    prop_assert_eq!(taken, visible.pop_front());
                }
                _ => {
                    let waits = consumer.settle();
                    prop_assert_eq!(waits, !visible.is_empty());
                    asleep = !waits;
                }
            }
            prop_assert!(visible.len() + staged.len() <= SLOTS);
            prop_assert!(!asleep || visible.is_empty(), "asleep beside frames");
        }
    }

    /// Whatever stands in the region: no panic, and an end.
    #[test]
    fn garbage_harms_nobody(indices in prop::array::uniform4(any::<u32>()), word in any::<u64>()) {
        let region = region();
        for slot in region.frames_to_switch.iter().chain(&region.frames_to_client) {
            slot.0.iter().for_each(|at| at.store(word, Ordering::Relaxed));
        }
        let lines = [&region.to_switch.producer, &region.to_switch.consumer,
            &region.to_client.producer, &region.to_client.consumer];
        let (mut taker, mut putter) = region.switch_ends();
        for (line, index) in lines.iter().zip(indices) {
            line.0.store(index, Ordering::Relaxed);
        }
        let mut got = [0; LONGEST_FRAME];
        let count = std::iter::from_fn(|| taker.take(&mut got)).count();
        prop_assert!(count <= SLOTS);
        prop_assert!(!taker.settle());
        let count = (0..2 * SLOTS).filter(|seed| putter.put(&frame(*seed, 60))).count();
        prop_assert!(count <= SLOTS);
        let _ = putter.publish();
    }
}
