// SPDX-License-Identifier: BSD-2-Clause
//! What a controller is and what it can share out.

use super::{Reply, Step, Task};
use crate::{Cns, Command, Controller, Error, Primary, Result, Secondary};

/// Asks a controller about itself. Leads to what it is and what it can share out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Survey {
    controller: Option<Controller>,
}

impl Survey {
    /// Nothing was asked yet.
    pub const fn new() -> Self {
        Self { controller: None }
    }
}

impl Task for Survey {
    type Output = (Controller, Primary);

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<Self::Output>> {
        let Some(reply) = reply else {
            return Ok(Step::Submit(Command::identify(Cns::Controller, 0, 0)));
        };
        let reply = reply.succeeded()?;
        let Some(controller) = self.controller else {
            let controller = Controller::decode(&reply.data);
            if !controller.manages_namespaces || !controller.manages_virtual_functions {
                return Err(Error::NoManagement);
            }
            self.controller = Some(controller);
            let primary = Command::identify(Cns::Primary, 0, controller.id);
            return Ok(Step::Submit(primary));
        };
        let primary = Primary::decode(&reply.data);
        if primary.id != controller.id {
            return Err(Error::Inconsistent("it is not its own primary controller"));
        }
        Ok(Step::Done((controller, primary)))
    }
}

/// As many secondary controllers as one page lists (§5.15.2.10).
pub const MAX_SECONDARIES: usize = 127;

/// Asks which controller is which virtual function. Leads to those that have one, by what the
/// controller says: each function is named once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secondaries;

impl Task for Secondaries {
    type Output = heapless::Vec<Secondary, MAX_SECONDARIES>;

    fn next(&mut self, reply: Option<Reply>) -> Result<Step<Self::Output>> {
        let Some(reply) = reply else {
            return Ok(Step::Submit(Command::identify(Cns::Secondary, 0, 0)));
        };
        let reply = reply.succeeded()?;
        let mut found = heapless::Vec::<Secondary, MAX_SECONDARIES>::new();
        for secondary in Secondary::decode(&reply.data).filter(|one| one.function != 0) {
            let same = |other: &Secondary| {
                other.function == secondary.function || other.id == secondary.id
            };
            if found.iter().any(same) || found.push(secondary).is_err() {
                return Err(Error::Inconsistent("it lists a virtual function twice"));
            }
        }
        Ok(Step::Done(found))
    }
}
