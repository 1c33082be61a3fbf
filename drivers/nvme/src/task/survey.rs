// SPDX-License-Identifier: BSD-2-Clause
//! What a controller is and what it can share out.

use super::{Reply, Step, Task};
use crate::{Cns, Command, Controller, Error, Primary, Result};

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
