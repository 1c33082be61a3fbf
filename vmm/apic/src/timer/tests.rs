// SPDX-License-Identifier: BSD-2-Clause
//! The timer against one that counts every tick.

use proptest::prelude::*;

use super::*;

/// A timer as the manual draws it: a prescaler and a counter.
struct Simulation {
    mode: TimerMode,
    initial: u32,
    counter: u32,
    /// Ticks of the TSC until the counter counts.
    prescaler: u64,
    divisor: u64,
    deadline: u64,
    ended: u32,
}

impl Simulation {
    fn tick(&mut self, now: u64) {
        if self.mode == TimerMode::TscDeadline {
            if self.deadline != 0 && self.deadline <= now {
                self.deadline = 0;
                self.ended += 1;
            }
            return;
        }
        if self.counter == 0 {
            return;
        }
        self.prescaler -= 1;
        if self.prescaler == 0 {
            self.prescaler = self.divisor;
            self.counter -= 1;
            if self.counter == 0 {
                self.ended += 1;
                if self.mode == TimerMode::Periodic {
                    self.counter = self.initial;
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Initial(u32),
    Divide(u32),
    Mode(TimerMode),
    /// From now.
    Deadline(i64),
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1u64..400).prop_map(Step::Wait),
        (0u32..20).prop_map(Step::Initial),
        (0u32..16).prop_map(Step::Divide),
        prop_oneof![
            Just(TimerMode::OneShot),
            Just(TimerMode::Periodic),
            Just(TimerMode::TscDeadline)
        ]
        .prop_map(Step::Mode),
        (-20i64..300).prop_map(Step::Deadline),
        Just(Step::Look),
    ]
}

const DIVISORS: [(u32, u64); 8] = [
    (0b0000, 2),
    (0b0001, 4),
    (0b0010, 8),
    (0b0011, 16),
    (0b1000, 32),
    (0b1001, 64),
    (0b1010, 128),
    (0b1011, 1),
];

fn divisor(divide: u32) -> u64 {
    let found = DIVISORS.iter().find(|(bits, _)| *bits == divide & 0b1011);
    found.expect("all are there").1
}

proptest! {
    #[test]
    fn it_is_a_counter(steps in prop::collection::vec(step(), 1..60)) {
        let mut now = 1000;
        let mut timer = Timer::RESET;
        let mut simulation = Simulation {
            mode: TimerMode::OneShot,
            initial: 0,
            counter: 0,
            prescaler: 2,
            divisor: 2,
            deadline: 0,
            ended: 0,
        };
        for step in steps {
            match step {
                Step::Wait(ticks) => {
                    let mut ended = 0;
                    for _ in 0..ticks {
                        now += 1;
                        simulation.tick(now);
                        if timer.end() == Some(now) {
                            prop_assert!(timer.expire(now));
                            ended += 1;
                        } else {
                            prop_assert!(!timer.expire(now));
                        }
                    }
                    prop_assert_eq!(ended, std::mem::take(&mut simulation.ended));
                }
                Step::Initial(count) => {
                    timer.set_initial(count, now);
                    if simulation.mode != TimerMode::TscDeadline {
                        (simulation.initial, simulation.counter) = (count, count);
                        simulation.prescaler = simulation.divisor;
                    }
                }
                Step::Divide(value) => {
                    timer.set_divide(value, now);
                    simulation.divisor = divisor(value);
                    simulation.prescaler = simulation.divisor;
                }
                Step::Mode(mode) => {
                    timer.set_mode(mode);
                    let deadline = TimerMode::TscDeadline;
                    if (mode == deadline) != (simulation.mode == deadline) {
                        (simulation.counter, simulation.initial) = (0, 0);
                        simulation.deadline = 0;
                    }
                    simulation.mode = mode;
                }
                Step::Deadline(distance) => {
                    let tsc = now.saturating_add_signed(distance);
                    timer.set_deadline(tsc);
                    if simulation.mode == TimerMode::TscDeadline {
                        simulation.deadline = tsc;
                    }
                    prop_assert_eq!(timer.expire(now), distance <= 0 && simulation.deadline != 0);
                    if distance <= 0 {
                        simulation.deadline = 0;
                    }
                }
                Step::Look => {
                    prop_assert_eq!(timer.current(now), simulation.counter);
                    prop_assert_eq!(timer.deadline(), simulation.deadline);
                    prop_assert_eq!(timer.initial(), simulation.initial);
                }
            }
        }
    }

    /// However long nobody looked, a periodic timer ends once and stays in step.
    #[test]
    fn it_stays_in_step(
        start in 0u64..1 << 62,
        count in 1u32..,
        divide in 0u32..16,
        sleep in 0u64..1 << 60,
    ) {
        let mut timer = Timer::RESET;
        timer.set_mode(TimerMode::Periodic);
        timer.set_divide(divide, start);
        timer.set_initial(count, start);
        let period = u64::from(count) * divisor(divide);
        prop_assert_eq!(timer.expire(start + sleep), sleep >= period);
        let end = timer.end().expect("it is periodic");
        prop_assert_eq!((end - start) % period, 0);
        prop_assert!(end > start + sleep && end - (start + sleep) <= period);
    }
}

#[test]
fn divisors() {
    for (bits, divisor) in DIVISORS {
        let mut timer = Timer::RESET;
        timer.set_divide(bits, 0);
        timer.set_initial(10, 0);
        assert_eq!(timer.end(), Some(10 * divisor), "{bits:#b}");
        assert_eq!(timer.divide(), bits);
    }
}

#[test]
fn what_lies_beyond_the_end_of_time_never_comes() {
    let mut timer = Timer::RESET;
    timer.set_initial(u32::MAX, u64::MAX - 5);
    assert_eq!(timer.end(), None);
    assert!(!timer.expire(u64::MAX));
    timer.set_mode(TimerMode::Periodic);
    timer.set_initial(2, u64::MAX - 5);
    assert!(timer.expire(u64::MAX));
    assert_eq!(timer.end(), None);
}
