// SPDX-License-Identifier: BSD-2-Clause
//! Protection domains that this one is the parent of.

use core::fmt;

use crate::symbols;

const BASE_TCB: usize = 202;

/// What rdi tells a program: it is not the first start.
const RESTARTED: sel4::Word = 1;

/// Flags of a new thread: interrupts on, and the bit that is always set.
const RFLAGS: sel4::Word = 0x202;

/// A child, named by the id that `system.xml` gives it.
#[derive(Debug, Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Child {
    index: usize,
}

impl Child {
    /// The child with this id.
    pub const fn new(index: usize) -> Self {
        Self { index }
    }

    /// The id.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The child's name, as `system.xml` has it. Extension.
    pub fn name(&self) -> Option<&'static str> {
        symbols::child_name(self.index)
    }

    /// Stops the child where it is. Extension.
    ///
    /// # Errors
    ///
    /// `InvalidCapability` when there is no such child.
    pub fn stop(&self) -> sel4::Result<()> {
        self.tcb().tcb_suspend()
    }

    /// Starts the child from the beginning: its variables are what they were in its file, its
    /// memory regions stay as they are. Extension.
    ///
    /// Works on a child that runs, waits, was stopped or has faulted; after a fault the handler
    /// returns `Ok(None)`, since there is nothing left to answer. Who was calling the child gets
    /// the answer [`RESTARTED`](crate::RESTARTED).
    ///
    /// # Errors
    ///
    /// When there is no such child, or the kernel refuses.
    pub fn restart(&self) -> Result<(), RestartError> {
        let entry = symbols::child_entry(self.index);
        if entry == 0 {
            return Err(RestartError::NoEntry);
        }
        self.stop().map_err(RestartError::Kernel)?;
        let mut registers = first_registers(entry);
        self.tcb()
            .tcb_write_all_registers(true, &mut registers)
            .map_err(RestartError::Kernel)
    }

    #[doc(hidden)]
    pub fn tcb(&self) -> sel4::cap::Tcb {
        sel4::Cap::from_bits((BASE_TCB + self.index) as sel4::CPtrBits)
    }
}

fn first_registers(entry: sel4::Word) -> sel4::UserContext {
    sel4::UserContext {
        rip: entry,
        rdi: RESTARTED,
        rflags: RFLAGS,
        ..Default::default()
    }
}

/// Why [`Child::restart`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartError {
    /// The image tool gave no entry: there is no such child.
    NoEntry,
    /// The kernel refused.
    Kernel(sel4::Error),
}

impl fmt::Display for RestartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntry => f.write_str("there is no child of this id"),
            Self::Kernel(error) => write!(f, "the kernel refused: {error}"),
        }
    }
}

impl core::error::Error for RestartError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capability_of_the_thread() {
        assert_eq!(Child::new(3).tcb().bits(), 205);
    }

    #[test]
    fn registers_of_a_restart() {
        let words = first_registers(0x20_1000).to_words();
        assert_eq!((words[0], words[2], words[8]), (0x20_1000, 0x202, 1));
        assert_eq!(words.iter().filter(|word| **word != 0).count(), 3);
    }

    #[test]
    fn an_unknown_child_cannot_be_restarted() {
        assert_eq!(Child::new(0).restart(), Err(RestartError::NoEntry));
        assert_eq!(Child::new(1000).restart(), Err(RestartError::NoEntry));
        assert_eq!(Child::new(0).name(), None);
    }
}
