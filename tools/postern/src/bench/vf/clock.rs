// SPDX-License-Identifier: BSD-2-Clause
//! The two ways in which time is counted.

/// A clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// An instruction takes a nanosecond, and waiting takes as long as the next event is away. The
    /// same whatever the host does.
    Instructions,
    /// What passes outside. Only by it can somebody on the host be part of what is measured.
    Wall,
}

impl Clock {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Wall => "wall",
        }
    }
}
