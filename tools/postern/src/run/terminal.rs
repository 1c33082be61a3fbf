// SPDX-License-Identifier: BSD-2-Clause
//! The terminal of an interactive run: every key goes to the system, except the one that ends
//! the run.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcsetattr};

/// The terminal's state before we changed it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Ctrl-A.
const PREFIX: u8 = 1;

/// The terminal in raw mode, until this is dropped.
pub struct Raw(());

impl Raw {
    /// Switches the terminal, if standard input is one.
    pub fn enter() -> std::io::Result<Option<Self>> {
        if !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let mut state = tcgetattr(stdin())?;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(state.clone());
        state.make_raw();
        // Lines of the system may end without a carriage return.
        state.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
        tcsetattr(stdin(), OptionalActions::Now, &state)?;
        Ok(Some(Self(())))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was. Does nothing if it was not changed.
pub fn restore() {
    if let Some(state) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // There is nobody left to tell if the terminal is gone.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &state);
    }
}

/// Tells keys for the system from keys for us: Ctrl-A x quits, Ctrl-A Ctrl-A is one Ctrl-A.
#[derive(Default)]
pub struct Keys {
    after_prefix: bool,
}

/// What to do with the keys that were read.
#[derive(Debug, PartialEq, Eq)]
pub struct Pressed {
    /// These go to the system.
    pub forward: Vec<u8>,
    /// The user wants to leave.
    pub quit: bool,
}

impl Keys {
    /// Takes what was read from the terminal.
    pub fn take(&mut self, bytes: &[u8]) -> Pressed {
        let mut forward = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            match (std::mem::take(&mut self.after_prefix), byte) {
                (false, PREFIX) => self.after_prefix = true,
                (true, b'x' | b'X') => {
                    return Pressed {
                        forward,
                        quit: true,
                    };
                }
                (true, PREFIX) => forward.push(PREFIX),
                (true, other) => forward.extend([PREFIX, other]),
                (false, other) => forward.push(other),
            }
        }
        Pressed {
            forward,
            quit: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ctrl_a_x_quits() {
        for (reads, forwarded, quit) in [
            (vec!["abc"], "abc", false),
            (vec!["x"], "x", false),
            (vec!["a\x01x"], "a", true),
            (vec!["\x01", "x"], "", true),
            (vec!["\x01\x01x"], "\x01x", false),
            (vec!["\x01c"], "\x01c", false),
            (vec!["\x03\x04"], "\x03\x04", false),
        ] {
            let mut keys = Keys::default();
            let mut all = Vec::new();
            let mut quits = false;
            for read in &reads {
                let pressed = keys.take(read.as_bytes());
                all.extend(pressed.forward);
                quits |= pressed.quit;
            }
            assert_eq!(
                (all.as_slice(), quits),
                (forwarded.as_bytes(), quit),
                "{reads:?}"
            );
        }
    }
}
