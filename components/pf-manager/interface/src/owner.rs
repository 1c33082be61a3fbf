// SPDX-License-Identifier: BSD-2-Clause
//! Whose the virtual function is: for a client that wants its function and nothing else, it is
//! claimed at the PF manager, and after a quarantine it is released.

use core::time::Duration;

use crate::{Call, Claim, Error, Info, PfManager, Query, Reason, State};

/// A virtual function that is quarantined again and again is released this often at most.
const PAUSE: Duration = Duration::from_secs(1);
/// So many times a call is repeated because the PF manager was restarted under it.
const REPEATS: usize = 3;

/// Something that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The virtual function is ours. It has just been reset, and cannot do anything yet.
    Granted(Info),
    /// It is not ours any more, for now.
    Lost(Query),
    /// It will not be ours.
    Refused(Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is to be claimed.
    Claim,
    /// It was claimed; the PF manager says when.
    Wait,
    Granted,
    /// It is to be released at this time.
    Release(Duration),
    /// It was refused for this reason. It is claimed again when the PF manager notifies.
    Refused(Error),
}

/// The claim to a virtual function, over the PF manager at the other end of `C`.
#[derive(Debug)]
pub struct Owner<C> {
    manager: PfManager<C>,
    stage: Stage,
    released: Option<Duration>,
}

impl<C: Call> Owner<C> {
    /// One that has not claimed it yet.
    pub const fn new(channel: C) -> Self {
        Self {
            manager: PfManager::new(channel),
            stage: Stage::Claim,
            released: None,
        }
    }

    /// The PF manager, for other calls.
    pub const fn manager(&self) -> &PfManager<C> {
        &self.manager
    }

    /// When it has something to do that the PF manager does not tell.
    pub fn next(&self) -> Option<Duration> {
        match self.stage {
            Stage::Claim => Some(Duration::ZERO),
            Stage::Release(at) => Some(at),
            _ => None,
        }
    }

    /// Asks how things are: at first, when the PF manager has notified, and when it is time.
    /// Returns what has changed.
    pub fn poll(&mut self, now: Duration) -> Option<Event> {
        for _ in 0..REPEATS {
            let result = match self.stage {
                Stage::Claim | Stage::Wait | Stage::Refused(_) => self.claim(),
                Stage::Granted => self.watch(now),
                Stage::Release(at) if now >= at => self.release(now),
                Stage::Release(_) => Ok(None),
            };
            match result {
                Ok(event) => return event,
                Err(Error::Restarted) if self.stage == Stage::Granted => {
                    // Whatever it was at, it is not ours any more.
                    self.stage = Stage::Claim;
                    return Some(Event::Lost(Query {
                        state: State::Absent,
                        reason: Reason::None,
                        faults: 0,
                        last: None,
                    }));
                }
                Err(Error::Restarted) => self.stage = Stage::Claim,
                Err(error) => {
                    let known = self.stage == Stage::Refused(error);
                    self.stage = Stage::Refused(error);
                    return (!known).then_some(Event::Refused(error));
                }
            }
        }
        None
    }

    fn claim(&mut self) -> Result<Option<Event>, Error> {
        match self.manager.claim() {
            Ok(Claim::Granted) => {
                self.stage = Stage::Granted;
                Ok(Some(Event::Granted(self.manager.info()?)))
            }
            Ok(Claim::Pending) => {
                self.stage = Stage::Wait;
                Ok(None)
            }
            // An earlier life of this program has left it so.
            Err(Error::Refused {
                state: State::Quarantined,
                ..
            }) => {
                self.stage = Stage::Wait;
                self.manager.release()?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn watch(&mut self, now: Duration) -> Result<Option<Event>, Error> {
        let query = self.manager.query()?;
        match query.state {
            State::Granted => return Ok(None),
            State::Quarantined => {
                let pause = self.released.map(|last| last.saturating_add(PAUSE));
                self.stage = Stage::Release(pause.map_or(now, |end| end.max(now)));
            }
            _ => self.stage = Stage::Wait,
        }
        Ok(Some(Event::Lost(query)))
    }

    fn release(&mut self, now: Duration) -> Result<Option<Event>, Error> {
        self.released = Some(now);
        self.stage = Stage::Wait;
        self.manager.release()?;
        Ok(None)
    }

    /// Has the granted virtual function reset. It is granted again later.
    ///
    /// # Errors
    ///
    /// As the PF manager's.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.manager.reset()?;
        self.stage = Stage::Wait;
        Ok(())
    }

    /// Gives the virtual function back. It is claimed again when that is done.
    ///
    /// # Errors
    ///
    /// As the PF manager's.
    pub fn give_up(&mut self) -> Result<(), Error> {
        self.manager.give_up()?;
        self.stage = Stage::Wait;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
