// SPDX-License-Identifier: BSD-2-Clause
//! The machine that an emulator is asked to be.

use super::hardware::Hardware;
use crate::image::Image;

/// Emulator-independent description of a machine and what it boots.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Name, for its log and its files: `system-debug-qemu`.
    pub name: String,
    /// What it boots.
    pub image: Image,
    /// Number of CPUs.
    pub cpus: u32,
    /// What else it has. Bochs has the memory only.
    pub hardware: Hardware,
    /// Time is counted in instructions (QEMU under TCG): however busy the host is, the guest is
    /// never late. Bochs always does that.
    pub virtual_time: bool,
}
