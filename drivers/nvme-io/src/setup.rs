// SPDX-License-Identifier: BSD-2-Clause
//! From a controller that takes admin commands to one with a pair of I/O queues (§7.6.1): what the
//! controller and its namespace are, then the queues.

use nvme::{Cns, Command, Error, NamespaceId, Reply, Result, Step, Task};

use crate::geometry::{Geometry, Limits};
use crate::ring::{ENTRIES, QUEUE};

/// Addresses that the controller is to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queues {
    pub submissions: u64,
    pub completions: u64,
    /// What interrupt completions raise.
    pub vector: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Begin,
    Controller,
    Namespace(Limits),
    Number(Geometry),
    Completions(Geometry),
    Submissions(Geometry),
}

/// The sequence. Leads to what the namespace is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    namespace: NamespaceId,
    queues: Queues,
    stage: Stage,
}

impl Setup {
    pub const fn new(namespace: NamespaceId, queues: Queues) -> Self {
        Self {
            namespace,
            queues,
            stage: Stage::Begin,
        }
    }
}

impl Task for Setup {
    type Output = Geometry;

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<Geometry>> {
        let Some(reply) = reply else {
            self.stage = Stage::Controller;
            return Ok(Step::Submit(Command::identify(Cns::Controller, 0, 0)));
        };
        let queues = self.queues;
        // A namespace that the controller does not know can be answered by an error too.
        let status = reply.completion.status;
        if matches!(self.stage, Stage::Namespace(_)) && status == INVALID_NAMESPACE {
            return Err(Error::NoSuchNamespace(self.namespace.0));
        }
        let reply = reply.succeeded()?;
        let (stage, command) = match self.stage {
            Stage::Begin | Stage::Controller => (
                Stage::Namespace(Limits::decode(&reply.data)?),
                Command::identify(Cns::Namespace, self.namespace.0, 0),
            ),
            Stage::Namespace(limits) => (
                Stage::Number(Geometry::decode(self.namespace, limits, &reply.data)?),
                Command::queues(1),
            ),
            Stage::Number(geometry) => (
                Stage::Completions(geometry),
                Command::completion_queue(QUEUE, ENTRIES, queues.completions, queues.vector),
            ),
            Stage::Completions(geometry) => (
                Stage::Submissions(geometry),
                Command::submission_queue(QUEUE, ENTRIES, queues.submissions),
            ),
            Stage::Submissions(geometry) => return Ok(Step::Done(geometry)),
        };
        self.stage = stage;
        Ok(Step::Submit(command))
    }
}

/// 'Invalid namespace or format' (§4.6.1.2.1).
const INVALID_NAMESPACE: nvme::Status = nvme::Status(0x0b);
