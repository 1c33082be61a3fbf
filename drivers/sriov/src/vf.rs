// SPDX-License-Identifier: BSD-2-Clause
//! The life of one virtual function. A pure state machine: it decides, [`Effects`] does, the
//! caller tells the time.
//!
//! ```text
//! absent -> configured -> granted -> quarantined -> resetting -> granted again
//!               ^            |            |             |
//!               |            +--- revoke -+-------------+
//!               +------------- resetting (stop ... free)
//! ```
//!
//! A granted one that is renewed is reset and granted again without quarantine.
//!
//! A revocation is one ordered sequence that nothing interrupts: stop, reset, drain, invalidate
//! DMA, invalidate interrupts, free. A step that fails leaves the function blocked and in
//! quarantine with everything still counted as its owner's: nothing is freed that the device
//! might still reach.

mod action;
mod refused;
mod state;
#[cfg(test)]
mod tests;

use core::time::Duration;

pub use action::{Action, Effects, Outcome};
pub use refused::Refused;
pub use state::{Goal, Owner, Reason, State};

/// How long one step may take.
const STEP_LIMIT: Duration = Duration::from_secs(2);

/// One virtual function.
#[derive(Clone, Copy, Debug)]
pub struct Vf {
    index: u16,
    state: State,
    deadline: Duration,
}

impl Vf {
    /// Virtual function `index` of a physical function whose virtual functions are not enabled.
    pub const fn new(index: u16) -> Self {
        Self {
            index,
            state: State::Absent,
            deadline: Duration::ZERO,
        }
    }

    /// Its number.
    pub const fn index(&self) -> u16 {
        self.index
    }

    /// What it is at.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The function exists now and gets its policy.
    ///
    /// # Errors
    ///
    /// Why not; nothing was done. The same for all that follows, except [`Refused::Failed`].
    pub fn configure(&mut self, effects: &mut impl Effects, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Absent => {
                self.at_once(effects, Action::Configure, now)?;
                self.state = State::Configured;
                Ok(())
            }
            _ => Err(Refused::Present),
        }
    }

    /// The function is about to be disabled together with all others.
    ///
    /// # Errors
    ///
    /// If somebody has it, or it does not exist.
    pub fn remove(&mut self, effects: &mut impl Effects, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Absent => Err(Refused::Absent),
            State::Configured => {
                self.at_once(effects, Action::Remove, now)?;
                self.state = State::Absent;
                Ok(())
            }
            _ => Err(self.in_use()),
        }
    }

    /// Gives it to `owner`.
    ///
    /// # Errors
    ///
    /// If it does not exist or somebody has it. If granting fails half-way, what was done is
    /// revoked: go on with [`poll`](Self::poll).
    pub fn grant(
        &mut self,
        effects: &mut impl Effects,
        owner: Owner,
        now: Duration,
    ) -> Result<(), Refused> {
        match self.state {
            State::Absent => Err(Refused::Absent),
            State::Configured => {
                let done = self.at_once(effects, Action::Grant(owner), now);
                match done {
                    Ok(()) => self.state = State::Granted { owner },
                    Err(_) => self.reset(owner, Goal::Free, now),
                }
                done
            }
            _ => Err(self.in_use()),
        }
    }

    /// Blocks it at once: it did something that it may not.
    ///
    /// # Errors
    ///
    /// If nobody has it, or it is blocked already. After [`Refused::Failed`] it is in quarantine
    /// all the same, but may not be blocked everywhere.
    pub fn quarantine(
        &mut self,
        effects: &mut impl Effects,
        reason: Reason,
        now: Duration,
    ) -> Result<(), Refused> {
        match self.state {
            State::Absent => Err(Refused::Absent),
            State::Configured => Err(Refused::NotGranted),
            State::Granted { owner } => {
                self.state = State::Quarantined { owner, reason };
                self.at_once(effects, Action::Quarantine, now)
            }
            State::Quarantined { .. } | State::Resetting { .. } => Err(Refused::Blocked),
        }
    }

    /// Its owner wants it back out of quarantine: it is reset and granted again.
    ///
    /// # Errors
    ///
    /// If it is not in quarantine, or `owner` is not who has it.
    pub fn release(&mut self, owner: Owner, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Absent => Err(Refused::Absent),
            State::Configured => Err(Refused::NotGranted),
            State::Granted { .. } => Err(Refused::NotBlocked),
            State::Resetting { .. } => Err(Refused::Busy),
            State::Quarantined { owner: has, .. } if has != owner => Err(Refused::NotOwner(has)),
            State::Quarantined { .. } => {
                self.reset(owner, Goal::Regrant, now);
                Ok(())
            }
        }
    }

    /// Its owner wants it as it was when it was granted: it is reset and granted again.
    ///
    /// # Errors
    ///
    /// If it is not granted, or `owner` is not who has it.
    pub fn renew(&mut self, owner: Owner, now: Duration) -> Result<(), Refused> {
        match self.state {
            State::Absent => Err(Refused::Absent),
            State::Configured => Err(Refused::NotGranted),
            State::Quarantined { .. } => Err(Refused::Blocked),
            State::Resetting { .. } => Err(Refused::Busy),
            State::Granted { owner: has } if has != owner => Err(Refused::NotOwner(has)),
            State::Granted { .. } => {
                self.reset(owner, Goal::Regrant, now);
                Ok(())
            }
        }
    }

    /// Takes it away from whoever has it; go on with [`poll`](Self::poll). A reset on its way
    /// back to the owner becomes a revocation.
    ///
    /// # Errors
    ///
    /// If nobody has it, or it is being revoked already.
    pub fn revoke(&mut self, now: Duration) -> Result<(), Refused> {
        match &mut self.state {
            State::Absent => Err(Refused::Absent),
            State::Configured => Err(Refused::NotGranted),
            State::Granted { owner } | State::Quarantined { owner, .. } => {
                let owner = *owner;
                self.reset(owner, Goal::Free, now);
                Ok(())
            }
            State::Resetting {
                goal: Goal::Free, ..
            } => Err(Refused::Busy),
            State::Resetting { goal, .. } => {
                *goal = Goal::Free;
                Ok(())
            }
        }
    }

    /// Goes on with a reset or revocation as far as possible. Returns when to ask again; `None`
    /// if nothing is under way (any more).
    ///
    /// # Errors
    ///
    /// [`Refused::Failed`]: the function is in quarantine and still counts as its owner's.
    pub fn poll(
        &mut self,
        effects: &mut impl Effects,
        now: Duration,
    ) -> Result<Option<Duration>, Refused> {
        while let State::Resetting { owner, goal, step } = self.state {
            let action = goal.action(step, owner);
            match effects.perform(self.index, action, now) {
                Outcome::Done => self.finish(owner, goal, step, now),
                Outcome::Wait(until) if now < self.deadline => {
                    return Ok(Some(until.min(self.deadline)));
                }
                Outcome::Wait(_) | Outcome::Failed => {
                    let reason = Reason::Failed(action);
                    self.state = State::Quarantined { owner, reason };
                    // Blocked as far as that goes; the failure that is reported is the first one.
                    let _ = self.at_once(effects, Action::Quarantine, now);
                    return Err(Refused::Failed(action));
                }
            }
        }
        Ok(None)
    }

    fn finish(&mut self, owner: Owner, goal: Goal, step: u8, now: Duration) {
        self.deadline = now.saturating_add(STEP_LIMIT);
        self.state = match goal {
            _ if step < Goal::LAST_STEP => State::Resetting {
                owner,
                goal,
                step: step + 1,
            },
            Goal::Free => State::Configured,
            Goal::Regrant => State::Granted { owner },
        };
    }

    fn reset(&mut self, owner: Owner, goal: Goal, now: Duration) {
        self.deadline = now.saturating_add(STEP_LIMIT);
        self.state = State::Resetting {
            owner,
            goal,
            step: 0,
        };
    }

    fn at_once(
        &self,
        effects: &mut impl Effects,
        action: Action,
        now: Duration,
    ) -> Result<(), Refused> {
        match effects.perform(self.index, action, now) {
            Outcome::Done => Ok(()),
            Outcome::Wait(_) | Outcome::Failed => Err(Refused::Failed(action)),
        }
    }

    fn in_use(&self) -> Refused {
        self.state.owner().map_or(Refused::Present, Refused::InUse)
    }
}
