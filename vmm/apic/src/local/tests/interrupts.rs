// SPDX-License-Identifier: BSD-2-Clause
//! Priorities, in software and by the CPU, against a list that is searched.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Request(u8, bool),
    Itself(u8),
    TaskPriority(u8),
    /// The guest's flag is set for a moment.
    Take,
    End,
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    // Few classes, so that they meet.
    let vector = || prop_oneof![16u8..=80, 16u8..=255];
    prop_oneof![
        4 => (vector(), any::<bool>()).prop_map(|(vector, level)| Step::Request(vector, level)),
        1 => vector().prop_map(Step::Itself),
        1 => (0u8..=255).prop_map(|p| Step::TaskPriority(if p > 100 { 0 } else { p })),
        5 => Just(Step::Take),
        4 => Just(Step::End),
    ]
}

/// What is to happen, found by looking at everything.
#[derive(Default)]
struct Oracle {
    requested: Vec<u8>,
    service: Vec<u8>,
    level: Vec<u8>,
    task: u8,
}

impl Oracle {
    fn request(&mut self, vector: u8, level: bool) {
        self.requested.retain(|other| *other != vector);
        self.requested.push(vector);
        self.level.retain(|other| *other != vector);
        if level {
            self.level.push(vector);
        }
    }

    fn priority(&self) -> u8 {
        let service = self.service.iter().copied().max().unwrap_or(0);
        if service / 16 > self.task / 16 {
            service / 16 * 16
        } else {
            self.task
        }
    }

    fn next(&self) -> Option<u8> {
        let highest = self.requested.iter().copied().max()?;
        (highest / 16 > self.priority() / 16).then_some(highest)
    }

    fn take(&mut self) -> Option<u8> {
        let vector = self.next()?;
        self.requested.retain(|other| *other != vector);
        self.service.push(vector);
        Some(vector)
    }

    /// The level-triggered vector that ended.
    fn end(&mut self) -> Option<u8> {
        let vector = self.service.iter().copied().max()?;
        self.service.retain(|other| *other != vector);
        self.level.contains(&vector).then_some(vector)
    }

    fn registers(list: &[u8]) -> [u64; 8] {
        let mut words = [0; 8];
        for vector in list {
            words[usize::from(vector / 32)] |= 1 << (vector % 32);
        }
        words
    }
}

fn registers(apic: &mut LocalApic<Cpu>, first: u32) -> [u64; 8] {
    std::array::from_fn(|word| read(apic, first + word as u32))
}

proptest! {
    #[test]
    fn none_is_lost_and_none_comes_twice(
        steps in prop::collection::vec(step(), 1..120),
        reset in 0usize..400,
    ) {
        let mut software = x2apic();
        let (cpu, mut assisted) = virtualised();
        let mut oracle = Oracle::default();
        for (number, mut step) in steps.into_iter().enumerate() {
            if number == reset {
                step = Step::Reset;
            }
            match step {
                Step::Request(vector, level) => {
                    let trigger = if level { Trigger::Level } else { Trigger::Edge };
                    oracle.request(vector, level);
                    prop_assert!(software.request(vector, trigger));
                    prop_assert!(assisted.request(vector, trigger));
                }
                Step::Itself(vector) => {
                    // What the CPU does without an exit leaves the trigger mode as it is.
                    if oracle.level.contains(&vector) {
                        continue;
                    }
                    oracle.request(vector, false);
                    write(&mut software, SELF, vector.into());
                    cpu.enter();
                    cpu.interrupt_itself(vector);
                }
                Step::TaskPriority(priority) => {
                    oracle.task = priority;
                    write(&mut software, TASK_PRIORITY, priority.into());
                    cpu.enter();
                    cpu.set_task_priority(priority);
                }
                Step::Take => {
                    let expected = oracle.take();
                    prop_assert_eq!(take(&mut software), expected);
                    prop_assert_eq!(assisted.next(), None);
                    cpu.enter();
                    prop_assert_eq!(cpu.take(), expected);
                }
                Step::End => {
                    // Without a service the CPU's own is not defined.
                    if oracle.service.is_empty() {
                        continue;
                    }
                    let expected = oracle.end();
                    write(&mut software, END, 0);
                    prop_assert_eq!(software.take_end(), expected);
                    cpu.enter();
                    if let Some(vector) = cpu.end() {
                        assisted.end_by_cpu(vector);
                    }
                    prop_assert_eq!(assisted.take_end(), expected);
                }
                Step::Reset => {
                    oracle = Oracle::default();
                    for apic in [&mut software, &mut assisted] {
                        apic.reset();
                        apic.set_base(ENABLE_X2APIC).expect("from the xAPIC");
                        write(apic, SPURIOUS, 0x1ff);
                    }
                }
            }
            for apic in [&mut software, &mut assisted] {
                prop_assert_eq!(apic.is_pending(), oracle.next().is_some());
                prop_assert_eq!(read(apic, PROCESSOR_PRIORITY), oracle.priority().into());
                prop_assert_eq!(apic.cr8(), u64::from(oracle.task >> 4));
                prop_assert_eq!(registers(apic, 0x810), Oracle::registers(&oracle.service));
                prop_assert_eq!(registers(apic, 0x818), Oracle::registers(&oracle.level));
                prop_assert_eq!(registers(apic, 0x820), Oracle::registers(&oracle.requested));
            }
        }
    }

    /// What the CPU would do is done here when an access exits all the same.
    #[test]
    fn an_end_that_exits(steps in prop::collection::vec((16u8..=255, any::<bool>()), 1..40)) {
        let (cpu, mut apic) = virtualised();
        let mut oracle = Oracle::default();
        for (vector, level) in steps {
            let trigger = if level { Trigger::Level } else { Trigger::Edge };
            oracle.request(vector, level);
            apic.request(vector, trigger);
            cpu.enter();
            prop_assert_eq!(cpu.take(), oracle.take());
            if vector % 3 == 0 {
                write(&mut apic, END, 0);
                prop_assert_eq!(apic.take_end(), oracle.end());
            }
            if vector % 5 == 0 {
                apic.set_cr8(2).expect("a priority");
                oracle.task = 0x20;
            }
        }
    }
}

#[test]
fn ends_exit_as_long_as_they_matter() {
    let (cpu, mut apic) = virtualised();
    let serve = || {
        cpu.enter();
        assert_eq!(cpu.take(), Some(0x61));
        cpu.end()
    };
    apic.request(0x61, Trigger::Edge);
    assert_eq!(serve(), None);
    apic.request(0x61, Trigger::Level);
    assert_eq!(serve(), Some(0x61));
    apic.end_by_cpu(0x61);
    assert_eq!(apic.take_end(), Some(0x61));
    apic.request(0x61, Trigger::Edge);
    assert_eq!(serve(), Some(0x61), "it was a level before");
    apic.end_by_cpu(0x61);
    assert_eq!(apic.take_end(), None);
    apic.request(0x61, Trigger::Edge);
    assert_eq!(serve(), None);
}

#[test]
fn an_end_without_a_service() {
    let mut software = x2apic();
    let (_, mut assisted) = virtualised();
    for apic in [&mut software, &mut assisted] {
        write(apic, END, 0);
        assert_eq!(apic.take_end(), None);
    }
}

#[test]
fn suppressed_broadcasts() {
    let mut apic = x2apic();
    write(&mut apic, SPURIOUS, 0x11ff);
    apic.request(0x41, Trigger::Level);
    assert_eq!(take(&mut apic), Some(0x41));
    write(&mut apic, END, 0);
    assert_eq!(apic.take_end(), None);
}

#[test]
fn an_apic_that_is_off_takes_nothing_but_keeps_what_it_has() {
    let mut apic = x2apic();
    apic.request(0x41, Trigger::Edge);
    write(&mut apic, SPURIOUS, 0xff);
    assert!(!apic.request(0x51, Trigger::Edge));
    assert_eq!(take(&mut apic), Some(0x41));
    let nmi = Interrupt {
        vector: 2,
        mode: DeliveryMode::Nmi,
        trigger: Trigger::Edge,
        logical: false,
        destination: 0,
    };
    assert!(apic.deliver(&nmi), "software does not switch off NMIs");
    assert!(apic.is_pending());
    assert_eq!(apic.take_signal(), Some(Signal::Nmi));
    assert_eq!(apic.take_signal(), None);
    apic.set_base(0xfee0_0000).expect("off");
    assert!(!apic.deliver(&nmi));
}

#[test]
fn vectors_that_are_reserved() {
    let mut apic = x2apic();
    write(&mut apic, LVT_ERROR, 0xfe);
    assert!(apic.request(15, Trigger::Edge), "it is over");
    assert_eq!(apic.next(), Some(0xfe));
    assert_eq!(read(&mut apic, ERRORS), 0, "not before it is written");
    write(&mut apic, ERRORS, 0);
    assert_eq!(read(&mut apic, ERRORS), 0x40);
    write(&mut apic, ERRORS, 0);
    assert_eq!(read(&mut apic, ERRORS), 0);
}

#[test]
fn an_interrupt_of_errors_that_is_one() {
    let mut apic = x2apic();
    write(&mut apic, LVT_ERROR, 3);
    apic.request(0, Trigger::Edge);
    assert_eq!(apic.next(), None);
    write(&mut apic, ERRORS, 0);
    assert_eq!(read(&mut apic, ERRORS), 0x40);
}
