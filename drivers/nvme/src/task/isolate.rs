// SPDX-License-Identifier: BSD-2-Clause
//! Which controller sees which namespace.

use super::{ControllerId, NamespaceId, Reply, Step, Task};
use crate::{Cns, Command, ControllerList, Error, NamespaceList, Result, Status};

/// How many namespaces can be granted.
pub const MAX_GRANTS: usize = 64;
/// More namespaces than this make no sense, and a controller that lists more is not followed.
const MAX_NAMESPACES: u32 = 4096;
/// More changes than this for one namespace make no sense either.
const MAX_CHANGES: u32 = 256;

/// One namespace for one controller alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The secondary controller.
    pub controller: ControllerId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Looking for the next namespace.
    Next,
    /// Reading whom the namespace is attached to.
    Attached,
    /// Changing that for one controller.
    Changing,
}

/// Makes the attachments of all namespaces what the system description says: a namespace that is
/// granted is attached to its controller and to no other, not even the primary one; any other
/// namespace is attached to the primary controller at most.
#[derive(Clone, Debug)]
pub struct Isolate {
    primary: ControllerId,
    grants: heapless::Vec<Grant, MAX_GRANTS>,
    /// Of the grants, those whose namespace was found: one bit each.
    found: u64,
    stage: Stage,
    namespace: u32,
    namespaces: u32,
    changes: u32,
    last_change: Option<(u16, bool)>,
}

impl Isolate {
    /// For the subsystem of this primary controller.
    ///
    /// # Errors
    ///
    /// [`Error::GrantedTwice`], [`Error::TooManyGrants`], [`Error::NoSuchNamespace`] for 0.
    pub fn new(primary: ControllerId, grants: &[Grant]) -> Result<Self> {
        for (n, grant) in grants.iter().enumerate() {
            let NamespaceId(id) = grant.namespace;
            if id == 0 {
                return Err(Error::NoSuchNamespace(id));
            }
            if grants[..n]
                .iter()
                .any(|other| other.namespace == grant.namespace)
            {
                return Err(Error::GrantedTwice(id));
            }
        }
        Ok(Self {
            primary,
            grants: grants.try_into().map_err(|_| Error::TooManyGrants)?,
            found: 0,
            stage: Stage::Next,
            namespace: 0,
            namespaces: 0,
            changes: 0,
            last_change: None,
        })
    }

    fn owner(&self) -> Option<u16> {
        let mut grants = self.grants.iter();
        let grant = grants.find(|grant| grant.namespace.0 == self.namespace);
        grant.map(|grant| grant.controller.0)
    }

    /// The first controller whose attachment is wrong, and whether it has to be attached.
    fn wrong(&self, attached: ControllerList<'_>) -> Option<(u16, bool)> {
        let owner = self.owner();
        let allowed = owner.unwrap_or(self.primary.0);
        if let Some(intruder) = attached.iter().find(|id| *id != allowed) {
            return Some((intruder, false));
        }
        let missing = owner.filter(|owner| !attached.iter().any(|id| id == *owner));
        missing.map(|owner| (owner, true))
    }

    fn ask_next(&mut self) -> Step<()> {
        self.stage = Stage::Next;
        Step::Submit(Command::identify(Cns::Allocated, self.namespace, 0))
    }

    fn ask_attached(&mut self) -> Step<()> {
        self.stage = Stage::Attached;
        Step::Submit(Command::identify(Cns::Attached, self.namespace, 0))
    }

    fn next_namespace(&mut self, list: NamespaceList<'_>) -> Result<Step<()>> {
        let Some(next) = list.iter().next() else {
            let unknown = |n: &usize| self.found & 1 << n == 0;
            return match (0..self.grants.len()).find(unknown) {
                Some(n) => Err(Error::NoSuchNamespace(self.grants[n].namespace.0)),
                None => Ok(Step::Done(())),
            };
        };
        self.namespaces += 1;
        if next <= self.namespace || self.namespaces > MAX_NAMESPACES {
            return Err(Error::Inconsistent("its list of namespaces has no end"));
        }
        self.namespace = next;
        let granted = self
            .grants
            .iter()
            .position(|grant| grant.namespace.0 == next);
        self.found |= granted.map_or(0, |n| 1 << n);
        (self.changes, self.last_change) = (0, None);
        Ok(self.ask_attached())
    }

    fn correct(&mut self, attached: ControllerList<'_>) -> Result<Step<()>> {
        let Some((controller, attach)) = self.wrong(attached) else {
            return Ok(self.ask_next());
        };
        self.changes += 1;
        // It said that it had made this change.
        let again = self.last_change == Some((controller, attach));
        if again || self.changes > MAX_CHANGES {
            return Err(Error::NotIsolated(controller, self.namespace));
        }
        self.last_change = Some((controller, attach));
        self.stage = Stage::Changing;
        let command = Command::attachment(self.namespace, controller, attach);
        Ok(Step::Submit(command))
    }
}

impl Task for Isolate {
    type Output = ();

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<()>> {
        let Some(reply) = reply else {
            return Ok(self.ask_next());
        };
        match self.stage {
            Stage::Next => self.next_namespace(NamespaceList(&reply.succeeded()?.data)),
            Stage::Attached => self.correct(ControllerList(&reply.succeeded()?.data)),
            Stage::Changing => {
                // Whether it is so already is looked at again in any case.
                match reply.completion.status {
                    Status::SUCCESS | Status::ALREADY_ATTACHED | Status::NOT_ATTACHED => {}
                    status => return Err(Error::Failed(reply.opcode, status)),
                }
                Ok(self.ask_attached())
            }
        }
    }
}
