// SPDX-License-Identifier: BSD-2-Clause
//! What tests need beside the model of a controller.

use nvme_model::{BUS, Fake, Memory};

use crate::Shared;

/// The memory that `fake` shares with the driver.
pub fn memory(fake: &Fake) -> Shared<Memory> {
    Shared::new(fake.memory(), BUS)
}
