// SPDX-License-Identifier: BSD-2-Clause
//! Who faulted, and what is done about it.

use core::fmt;

use image_spec::monitor::{Pd, Table};

use crate::cause::Cause;

/// The number of protection domains that a system can have.
const MAX_PDS: usize = 63;

/// What the monitor can do to protection domains.
pub trait Control {
    /// Why it failed.
    type Error: fmt::Display;

    /// Starts protection domain `pd` anew at `entry`.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    fn restart(&mut self, pd: usize, entry: u64) -> Result<(), Self::Error>;
}

/// A fault, as the kernel reported it.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The badge of the message: the index of the protection domain, plus one.
    pub badge: u64,
    /// The address of the instruction, if the message has one.
    pub instruction: Option<u64>,
    /// What happened.
    pub cause: Cause,
}

/// The monitor's state.
#[derive(Debug)]
pub struct Monitor<'a> {
    table: Table<'a>,
    /// How often each protection domain was started again.
    restarts: [u32; MAX_PDS],
}

impl<'a> Monitor<'a> {
    /// A monitor of the protection domains in `table`.
    pub fn new(table: Table<'a>) -> Self {
        Self {
            table,
            restarts: [0; MAX_PDS],
        }
    }

    /// Deals with a fault: starts the protection domain again if it may, else leaves it stopped.
    /// Writes one line about it, without its end, of less than 400 bytes.
    ///
    /// # Errors
    ///
    /// Those of `out`; what is to be done is done all the same.
    pub fn handle(
        &mut self,
        fault: &Fault,
        control: &mut impl Control,
        out: &mut impl fmt::Write,
    ) -> fmt::Result {
        let index = usize::try_from(fault.badge)
            .ok()
            .and_then(|badge| badge.checked_sub(1));
        let found = index.and_then(|index| Some((index, self.table.pds().get(index)?)));
        let Some((index, pd)) = found else {
            let (badge, cause) = (fault.badge, fault.cause);
            return write!(
                out,
                "fault of an unknown protection domain (badge {badge}): {cause}"
            );
        };
        let verdict = self.decide(index, pd, control);
        write!(
            out,
            "pd '{:.64}' faulted: {}",
            self.table.name(pd),
            fault.cause
        )?;
        if let Some(address) = fault.instruction {
            self.place(pd, address, out)?;
        }
        write!(out, "; {verdict}")
    }

    /// Writes where an address is: its function, if the program says.
    fn place(&self, pd: &Pd, address: u64, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, " at {address:#x}")?;
        match self.table.function(pd, address) {
            Some((name, offset)) => write!(out, " in {name:.100}+{offset:#x}"),
            None => Ok(()),
        }
    }

    /// Starts again what may be.
    fn decide<C: Control>(&mut self, index: usize, pd: &Pd, control: &mut C) -> Verdict<C::Error> {
        let limit = pd.restarts.get();
        match self.restarts.get_mut(index) {
            Some(done) if *done < limit => {
                *done += 1;
                match control.restart(index, pd.entry.get()) {
                    Ok(()) => Verdict::Restarted(*done, limit),
                    Err(error) => Verdict::Failed(error),
                }
            }
            _ => Verdict::Stopped(limit),
        }
    }
}

/// What was done about a fault.
enum Verdict<E> {
    /// Started again: how often by now, and how often it may be.
    Restarted(u32, u32),
    /// Not started again: how often it was, which is as often as it may be.
    Stopped(u32),
    /// The kernel refused.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for Verdict<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restarted(done, limit) => write!(f, "restarted, {done} of {limit} times"),
            Self::Stopped(0) => f.write_str("stopped"),
            Self::Stopped(limit) => write!(f, "stopped, after {limit} restarts"),
            Self::Failed(error) => write!(f, "stopped, since the restart failed: {error}"),
        }
    }
}

#[cfg(test)]
mod tests;
