// SPDX-License-Identifier: BSD-2-Clause
//! Queues and interrupts of virtual functions (§8.5).

use super::{ControllerId, Reply, Step, Task};
use crate::{Cns, Command, Error, Resource, Result, Secondary};

/// Has a primary controller keep none of the flexible resources. It has to be reset afterwards:
/// only then are they free (§8.5.1).
#[derive(Clone, Copy, Debug)]
pub struct ReleasePrimary {
    controller: ControllerId,
    done: u8,
}

impl ReleasePrimary {
    /// For this primary controller.
    pub const fn new(controller: ControllerId) -> Self {
        Self {
            controller,
            done: 0,
        }
    }
}

impl Task for ReleasePrimary {
    type Output = ();

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<()>> {
        reply.map(Reply::succeeded).transpose()?;
        let resource = match self.done {
            0 => Resource::Interrupts,
            1 => Resource::Queues,
            _ => return Ok(Step::Done(())),
        };
        self.done += 1;
        Ok(Step::Submit(Command::primary(
            self.controller.0,
            resource,
            0,
        )))
    }
}

/// What a virtual function is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Queue pairs, the admin queue included: at least 2.
    pub queues: u16,
    /// Interrupt vectors: at least 1.
    pub interrupts: u16,
}

/// Gives a secondary controller its resources and puts it online. Its virtual function must be
/// enabled. Leads to what the controller says about it afterwards, checked.
#[derive(Clone, Copy, Debug)]
pub struct Prepare {
    controller: ControllerId,
    wishes: Wishes,
    step: u8,
}

impl Prepare {
    /// For this secondary controller.
    pub const fn new(controller: ControllerId, wishes: Wishes) -> Self {
        Self {
            controller,
            wishes,
            step: 0,
        }
    }

    fn granted(&self, reply: Option<&Reply>, wanted: u16) -> Result<()> {
        let granted = reply.map_or(0, |reply| reply.completion.value);
        if granted < wanted.into() {
            return Err(Error::NotGranted(self.controller.0));
        }
        Ok(())
    }
}

impl Task for Prepare {
    type Output = Secondary;

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<Secondary>> {
        let reply = reply.map(Reply::succeeded).transpose()?;
        let (id, wishes) = (self.controller.0, self.wishes);
        let command = match self.step {
            // Resources can be assigned only while it is offline.
            0 => Command::offline(id),
            1 => Command::assign(id, Resource::Interrupts, wishes.interrupts),
            2 => {
                self.granted(reply.as_ref(), wishes.interrupts)?;
                Command::assign(id, Resource::Queues, wishes.queues)
            }
            3 => {
                self.granted(reply.as_ref(), wishes.queues)?;
                Command::online(id)
            }
            4 => Command::identify(Cns::Secondary, 0, id),
            _ => {
                let found = find(reply.as_ref(), id)?;
                let enough = found.queues >= wishes.queues && found.interrupts >= wishes.interrupts;
                return if found.online && enough {
                    Ok(Step::Done(found))
                } else {
                    Err(Error::NotGranted(id))
                };
            }
        };
        self.step += 1;
        Ok(Step::Submit(command))
    }
}

/// Takes a secondary controller offline: it stops, and has no resources any more.
#[derive(Clone, Copy, Debug)]
pub struct TakeOffline {
    controller: ControllerId,
    step: u8,
}

impl TakeOffline {
    /// This secondary controller.
    pub const fn new(controller: ControllerId) -> Self {
        Self {
            controller,
            step: 0,
        }
    }
}

impl Task for TakeOffline {
    type Output = ();

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<()>> {
        let reply = reply.map(Reply::succeeded).transpose()?;
        let id = self.controller.0;
        let command = match self.step {
            0 => Command::offline(id),
            1 => Command::identify(Cns::Secondary, 0, id),
            _ if find(reply.as_ref(), id)?.online => {
                return Err(Error::Inconsistent(
                    "it is online after it was taken offline",
                ));
            }
            _ => return Ok(Step::Done(())),
        };
        self.step += 1;
        Ok(Step::Submit(command))
    }
}

fn find(reply: Option<&Reply>, id: u16) -> Result<Secondary> {
    let mut list = reply
        .into_iter()
        .flat_map(|reply| Secondary::decode(&reply.data));
    let found = list.find(|secondary| secondary.id == id);
    found.ok_or(Error::Inconsistent("a secondary controller is not listed"))
}
