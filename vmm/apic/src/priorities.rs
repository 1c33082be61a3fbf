// SPDX-License-Identifier: BSD-2-Clause
//! Requests, services and priorities of a local APIC in software (SDM vol. 3A 12.8).

use crate::Trigger;
use crate::vectors::Vectors;

/// The priority class of a vector or a priority.
pub(crate) const fn class(priority: u8) -> u8 {
    priority >> 4
}

/// The processor priority (SDM 12.8.3.1), `service` being the highest vector in service, or 0.
pub(crate) const fn processor_priority(task: u8, service: u8) -> u8 {
    if class(task) >= class(service) {
        task
    } else {
        service & 0xf0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Priorities {
    pub(crate) requested: Vectors,
    pub(crate) in_service: Vectors,
    pub(crate) level: Vectors,
    pub(crate) task: u8,
}

impl Priorities {
    pub(crate) const RESET: Self = Self {
        requested: Vectors::EMPTY,
        in_service: Vectors::EMPTY,
        level: Vectors::EMPTY,
        task: 0,
    };

    pub(crate) const fn request(&mut self, vector: u8, trigger: Trigger) {
        self.requested.insert(vector);
        match trigger {
            Trigger::Level => self.level.insert(vector),
            Trigger::Edge => self.level.remove(vector),
        }
    }

    pub(crate) fn processor(&self) -> u8 {
        processor_priority(self.task, self.in_service.highest().unwrap_or(0))
    }

    /// The vector that the CPU takes next, if its priority lets it.
    pub(crate) fn next(&self) -> Option<u8> {
        let vector = self.requested.highest()?;
        (class(vector) > class(self.processor())).then_some(vector)
    }

    pub(crate) const fn accept(&mut self, vector: u8) {
        self.requested.remove(vector);
        self.in_service.insert(vector);
    }

    /// Ends the service of the highest vector, which is returned.
    pub(crate) fn end(&mut self) -> Option<u8> {
        let vector = self.in_service.highest()?;
        self.in_service.remove(vector);
        Some(vector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processors_priority() {
        for (task, service, expected) in [
            (0, 0, 0),
            (0x35, 0, 0x35),
            (0x35, 0x3f, 0x35),
            (0x3f, 0x41, 0x40),
            (0x4f, 0x41, 0x4f),
            (0, 0xfe, 0xf0),
        ] {
            assert_eq!(processor_priority(task, service), expected);
        }
    }

    #[test]
    fn a_higher_class_interrupts() {
        let mut state = Priorities::RESET;
        state.request(0x41, Trigger::Edge);
        assert_eq!(state.next(), Some(0x41));
        state.accept(0x41);
        state.request(0x4f, Trigger::Edge);
        assert_eq!(state.next(), None, "the same class");
        state.request(0x50, Trigger::Level);
        assert_eq!(state.next(), Some(0x50));
        state.task = 0x50;
        assert_eq!(state.next(), None, "the task's priority");
        state.task = 0x4f;
        state.accept(0x50);
        assert_eq!((state.end(), state.next()), (Some(0x50), None));
        state.task = 0;
        assert_eq!((state.end(), state.next()), (Some(0x41), Some(0x4f)));
        assert_eq!(state.end(), None);
    }

    #[test]
    fn the_last_request_says_how_it_was_triggered() {
        let mut state = Priorities::RESET;
        state.request(0x41, Trigger::Level);
        assert!(state.level.contains(0x41));
        state.request(0x41, Trigger::Edge);
        assert!(!state.level.contains(0x41));
    }
}
