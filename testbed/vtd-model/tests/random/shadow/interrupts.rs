// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt entries and messages.

use proptest::prelude::*;
use vtd::{ApicId, Bdf, Delivery, Error, Hpa, Message, Request, Target, Vector};
use vtd_model::Interrupt;

use super::{BDFS, Bound, Done, INTERRUPTS, Shadow};
use crate::operations::Raise;

impl Shadow {
    /// The target that is asked for, and whether it is possible.
    fn target(&self, unit: usize, raise: Raise) -> (Target, Option<Error>) {
        let Raise {
            posted,
            vector,
            destination,
        } = raise;
        let possible = vector >= 16 && (posted || destination != u32::MAX);
        let error = match possible {
            _ if posted && !self.options[unit].posting => Some(Error::NoPosting),
            true => None,
            false => Some(Error::InterruptTarget),
        };
        let vector = Vector(vector);
        let target = if posted {
            Target::Posted {
                vector,
                descriptor: Hpa(self.descriptor),
                urgent: destination & 1 != 0,
            }
        } else {
            let destination = ApicId(destination);
            Target::Remapped {
                vector,
                destination,
                level: false,
                delivery: Delivery::Fixed,
            }
        };
        (target, error)
    }

    pub(super) fn bind(&mut self, unit: usize, index: u16, device: usize, raise: Raise) -> Done {
        let (target, impossible) = self.target(unit, raise);
        let expected = match (impossible, self.bound.get(&(unit, index))) {
            (Some(error), _) => Err(error),
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            (None, Some(bound)) => Err(Error::Bound(index, Bdf(BDFS[bound.device]))),
            (None, None) => Ok(()),
        };
        prop_assert_eq!(
            self.driver.bind(unit, index, Bdf(BDFS[device]), target),
            expected
        );
        if expected.is_ok() {
            let bound = Bound {
                device,
                target,
                blocked: false,
                silent: false,
            };
            self.bound.insert((unit, index), bound);
        }
        Ok(())
    }

    pub(super) fn rebind(&mut self, unit: usize, index: u16, device: usize, raise: Raise) -> Done {
        let (target, impossible) = self.target(unit, raise);
        let expected = match (impossible, self.bound.get_mut(&(unit, index))) {
            (Some(error), _) => Err(error),
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            (None, None) => Err(Error::NotBound(index)),
            (None, Some(bound)) if bound.device != device => {
                Err(Error::Bound(index, Bdf(BDFS[bound.device])))
            }
            (None, Some(bound)) if bound.blocked => Err(Error::Blocked(index)),
            (None, Some(bound)) => {
                bound.target = target;
                Ok(())
            }
        };
        prop_assert_eq!(
            self.driver.rebind(unit, index, Bdf(BDFS[device]), target),
            expected
        );
        Ok(())
    }

    pub(super) fn unbind(&mut self, unit: usize, index: u16, device: usize) -> Done {
        let expected = match self.bound.get(&(unit, index)) {
            None => Err(Error::NotBound(index)),
            Some(bound) if bound.device != device => {
                Err(Error::Bound(index, Bdf(BDFS[bound.device])))
            }
            Some(_) => Ok(()),
        };
        prop_assert_eq!(self.driver.unbind(unit, index, Bdf(BDFS[device])), expected);
        if expected.is_ok() {
            self.bound.remove(&(unit, index));
        }
        Ok(())
    }

    pub(super) fn message(
        &mut self,
        unit: usize,
        device: usize,
        index: u16,
        subhandle: Option<u16>,
    ) -> Done {
        let message = if subhandle.is_some() {
            Message::block(index)
        } else {
            Message::single(index)
        };
        let data = subhandle.map_or(message.data, u32::from);
        let real = u32::from(index) + u32::from(subhandle.unwrap_or(0));
        let entry = self
            .bound
            .get(&(unit, real as u16))
            .filter(|_| real < INTERRUPTS);
        let happened = self
            .board
            .message(unit, BDFS[device], message.address, data);
        let reason = match entry {
            None if real >= INTERRUPTS => Some(0x21),
            None => Some(0x22),
            Some(bound) if bound.blocked => Some(0x22),
            Some(bound) if bound.device != device => Some(0x26),
            Some(_) => None,
        };
        let silent = entry.is_some_and(|bound| bound.silent);
        match (reason, entry.map(|bound| bound.target)) {
            (
                None,
                Some(Target::Remapped {
                    vector,
                    destination,
                    ..
                }),
            ) => {
                let (vector, destination) = (vector.0, destination.0);
                let raised = Interrupt::Remapped {
                    vector,
                    destination,
                    level: false,
                    delivery: 0,
                };
                prop_assert_eq!(happened, raised);
            }
            (None, Some(Target::Posted { vector: wanted, .. })) => {
                let Interrupt::Posted {
                    descriptor, vector, ..
                } = happened
                else {
                    return Err(TestCaseError::fail(format!("{happened:?}")));
                };
                prop_assert_eq!((descriptor, vector), (self.descriptor, wanted.0));
                let word = self.board.read(descriptor + u64::from(vector / 64) * 8);
                prop_assert!(word >> (vector % 64) & 1 != 0);
                self.board.write(descriptor + 32, 0);
                self.board.write_back(descriptor, 64);
            }
            (reason, _) => prop_assert_eq!(Some(happened), reason.map(Interrupt::Stopped)),
        }
        let request = Request::Interrupt(real as u16);
        self.expect_fault(unit, device, reason.filter(|_| !silent), request)
    }
}
