// SPDX-License-Identifier: BSD-2-Clause
//! What follows when a guest ends or a command comes.

use core::fmt;

use crate::{Command, End, State};

/// What `system.xml` says of a guest's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// How often a guest that failed is started again.
    pub restarts: u64,
}

/// A guest's life, as its VMM sees it.
#[derive(Debug)]
pub struct Life {
    policy: Policy,
    state: State,
    restarted: u64,
}

/// What the VMM has to do now, and to say: its `Display` is one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The state from now on. [`State::Running`]: load the guest and start it.
    pub state: State,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// It ended and stays so.
    Ended(End),
    /// It ended and starts again, because it is to.
    Again(End),
    /// It failed and starts again: the n-th of so many times.
    Restarted(End, u64, u64),
    /// It failed, too often.
    GivenUp(End, u64),
    /// A command.
    Obeyed(Command),
    /// A command that finds nothing to do, in this state.
    Already(Command, State),
}

impl Life {
    /// A guest that was not started yet.
    pub const fn new(policy: Policy) -> Self {
        Self {
            policy,
            state: State::NotStarted,
            restarted: 0,
        }
    }

    /// Does it live?
    pub const fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    /// The first start, with the VMM's.
    pub const fn begin(&mut self) {
        self.state = State::Running;
    }

    /// The guest ended.
    ///
    /// One that reset itself starts again at once. One that failed starts again as often as the
    /// policy allows since the last command. All others stay as they are until a command comes.
    pub fn ended(&mut self, end: End) -> Next {
        let what = match end {
            End::Reset => What::Again(end),
            // Nothing would be different the next time.
            End::CannotStart => What::Ended(end),
            _ if end.is_wanted() => What::Ended(end),
            _ if self.restarted < self.policy.restarts => {
                self.restarted += 1;
                What::Restarted(end, self.restarted, self.policy.restarts)
            }
            _ if self.policy.restarts > 0 => What::GivenUp(end, self.policy.restarts),
            _ => What::Ended(end),
        };
        let state = match what {
            What::Again(_) | What::Restarted(..) => State::Running,
            _ => State::Ended,
        };
        self.go(state, what)
    }

    /// A command came. A guest that lives is stopped by it, unless there is
    /// [nothing to do](Next::is_change).
    pub fn command(&mut self, command: Command) -> Next {
        let already = match command {
            Command::Start => self.is_running(),
            Command::Stop => !self.is_running(),
            Command::Reset => false,
        };
        if already {
            return Next {
                state: self.state,
                what: What::Already(command, self.state),
            };
        }
        self.restarted = 0;
        let state = match command {
            Command::Start | Command::Reset => State::Running,
            Command::Stop => State::Stopped,
        };
        self.go(state, What::Obeyed(command))
    }

    fn go(&mut self, state: State, what: What) -> Next {
        self.state = state;
        Next { state, what }
    }
}

impl Next {
    /// Is there something to do? Else all goes on as it was.
    pub const fn is_change(&self) -> bool {
        !matches!(self.what, What::Already(..))
    }

    /// Is the guest to be loaded and started?
    pub fn starts(&self) -> bool {
        self.is_change() && self.state == State::Running
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Ended(end) => write!(f, "guest {end}"),
            What::Again(end) => write!(f, "guest {end}; starts again"),
            What::Restarted(end, nth, of) => {
                write!(f, "guest {end}; restarted, {nth} of {of} times")
            }
            What::GivenUp(end, of) => write!(f, "guest {end}; restarted {of} times, no more"),
            What::Obeyed(Command::Start) => f.write_str("guest started by command"),
            What::Obeyed(Command::Stop) => f.write_str("guest stopped by command"),
            What::Obeyed(Command::Reset) => f.write_str("guest reset by command"),
            What::Already(command, state) => {
                write!(f, "nothing to {command}: the guest is {state}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    const HANG: End = End::Hang { rip: 0x10 };

    fn life(restarts: u64) -> Life {
        let mut life = Life::new(Policy { restarts });
        life.begin();
        life
    }

    #[test]
    fn every_end_is_one_line() {
        for (end, restarts, state, line) in [
            (End::PowerOff, 1, State::Ended, "guest powered off"),
            (
                End::Reset,
                0,
                State::Running,
                "guest reset itself; starts again",
            ),
            (
                End::DebugExit(1),
                1,
                State::Ended,
                "guest left by the debug exit with 0x1",
            ),
            (End::CannotStart, 1, State::Ended, "guest cannot be started"),
            (
                HANG,
                0,
                State::Ended,
                "guest hangs with interrupts off at 0x10",
            ),
            (
                End::TripleFault { rip: 0 },
                2,
                State::Running,
                "guest triple-faulted at 0x0; restarted, 1 of 2 times",
            ),
        ] {
            let mut life = life(restarts);
            let next = life.ended(end);
            assert_eq!((next.state, next.to_string().as_str()), (state, line));
            assert_eq!(next.starts(), state == State::Running);
            assert_eq!(life.is_running(), next.starts());
        }
    }

    #[test]
    fn one_that_fails_again_and_again_is_given_up() {
        let mut life = life(2);
        assert!(life.ended(HANG).starts() && life.ended(HANG).starts());
        let last = life.ended(HANG);
        assert!(!last.starts());
        assert_eq!(
            last.to_string(),
            "guest hangs with interrupts off at 0x10; restarted 2 times, no more"
        );
        assert!(life.command(Command::Start).starts());
        assert!(life.ended(HANG).starts(), "a command forgives");
    }

    #[test]
    fn resets_of_its_own_are_no_failures() {
        let mut life = life(0);
        for _ in 0..10 {
            assert!(life.ended(End::Reset).starts());
        }
    }

    #[test]
    fn commands() {
        for (running, command, change, state, line) in [
            (
                true,
                Command::Start,
                false,
                State::Running,
                "nothing to start: the guest is running",
            ),
            (
                true,
                Command::Stop,
                true,
                State::Stopped,
                "guest stopped by command",
            ),
            (
                true,
                Command::Reset,
                true,
                State::Running,
                "guest reset by command",
            ),
            (
                false,
                Command::Start,
                true,
                State::Running,
                "guest started by command",
            ),
            (
                false,
                Command::Stop,
                false,
                State::Ended,
                "nothing to stop: the guest is ended",
            ),
            (
                false,
                Command::Reset,
                true,
                State::Running,
                "guest reset by command",
            ),
        ] {
            let mut life = life(0);
            if !running {
                life.ended(End::PowerOff);
            }
            let next = life.command(command);
            assert_eq!(
                (next.is_change(), next.state, next.to_string().as_str()),
                (change, state, line)
            );
            assert_eq!(life.is_running(), state == State::Running);
            assert_eq!(next.starts(), change && state == State::Running);
        }
    }
}
