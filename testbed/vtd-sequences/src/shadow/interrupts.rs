// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt entries and messages.

use mmio::Mmio;
use pci::Message;
use vtd::{ApicId, Error, Memory, Request, Target, Vector};

use super::{Bound, INTERRUPTS, Shadow};
use crate::{Arrival, Done, Hardware, Outcome, Raise, same};

impl<R: Mmio, M: Memory, H: Hardware> Shadow<R, M, H> {
    /// The target that is asked for, and whether it is possible.
    fn target(&self, unit: usize, raise: Raise) -> (Target, Option<Error>) {
        let Raise {
            posted,
            vector,
            destination,
        } = self.plan.raise(raise);
        let possible = vector >= 16 && (posted || destination != u32::MAX);
        let error = match possible {
            _ if posted && !self.abilities[unit].posting => Some(Error::NoPosting),
            true => None,
            false => Some(Error::InterruptTarget),
        };
        let vector = Vector(vector);
        let target = if posted {
            Target::Posted {
                vector,
                descriptor: self.hardware.descriptor(),
                urgent: destination & 1 != 0,
            }
        } else {
            let destination = ApicId(destination);
            Target::Remapped {
                vector,
                destination,
                level: false,
            }
        };
        (target, error)
    }

    pub(super) fn bind(&mut self, unit: usize, index: u16, device: usize, raise: Raise) -> Done {
        let (target, impossible) = self.target(unit, raise);
        let expected = match (impossible, self.bound.get(&(unit, index))) {
            (Some(error), _) => Err(error),
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            (None, Some(bound)) => Err(Error::Bound(index, self.bdf(bound.device))),
            (None, None) => Ok(()),
        };
        let result = self.driver.bind(unit, index, self.bdf(device), target);
        same!(result, expected, "binding");
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
        let bdf = self.bdf(device);
        let expected = match (impossible, self.bound.get_mut(&(unit, index))) {
            (Some(error), _) => Err(error),
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            (None, None) => Err(Error::NotBound(index)),
            (None, Some(bound)) if bound.device != device => {
                Err(Error::Bound(index, self.plan.devices[bound.device]))
            }
            (None, Some(bound)) if bound.blocked => Err(Error::Blocked(index)),
            (None, Some(bound)) => {
                bound.target = target;
                Ok(())
            }
        };
        let result = self.driver.rebind(unit, index, bdf, target);
        same!(result, expected, "binding anew");
        Ok(())
    }

    pub(super) fn unbind(&mut self, unit: usize, index: u16, device: usize) -> Done {
        let expected = match self.bound.get(&(unit, index)) {
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            None => Err(Error::NotBound(index)),
            Some(bound) if bound.device != device => {
                Err(Error::Bound(index, self.bdf(bound.device)))
            }
            Some(_) => Ok(()),
        };
        let result = self.driver.unbind(unit, index, self.bdf(device));
        same!(result, expected, "freeing the entry");
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
        let message = match subhandle {
            None => Message::single(index),
            Some(number) => Message {
                data: number.into(),
                ..Message::block(index)
            },
        };
        let real = u32::from(index) + u32::from(subhandle.unwrap_or(0));
        let entry = self
            .bound
            .get(&(unit, real as u16))
            .filter(|_| real < INTERRUPTS);
        let expected: Outcome<Arrival> = match entry {
            None if real >= INTERRUPTS => Err(0x21),
            None => Err(0x22),
            Some(bound) if bound.blocked => Err(0x22),
            Some(bound) if bound.device != device => Err(0x26),
            Some(bound) => Ok(arrival(bound.target)),
        };
        let silent = entry.is_some_and(|bound| bound.silent);
        self.digest
            .add(message.address << 32 | u64::from(message.data));
        self.digest.add(match expected {
            Ok(Arrival::Remapped {
                vector,
                destination,
            }) => u64::from(destination) << 8 | u64::from(vector),
            Ok(Arrival::Posted { vector, .. }) => vector.into(),
            Err(_) => 0,
        });
        self.hardware
            .message(unit, self.bdf(device), message, expected)?;
        let request = Request::Interrupt(real as u16);
        self.expect_fault(unit, device, expected, silent, request)
    }
}

fn arrival(target: Target) -> Arrival {
    match target {
        Target::Remapped {
            vector,
            destination,
            ..
        } => Arrival::Remapped {
            vector: vector.0,
            destination: destination.0,
        },
        Target::Posted {
            vector, descriptor, ..
        } => Arrival::Posted {
            vector: vector.0,
            descriptor,
        },
    }
}
