// SPDX-License-Identifier: BSD-2-Clause
//! The host bridge, 00:00.0.

use crate::{ConfigSpace, Identity};

/// The ids of QEMU's generic PCI Express host bridge: no operating system has a driver or a
/// workaround for it, as there are for the chip sets of real machines.
const IDENTITY: Identity = Identity {
    vendor: 0x1b36,
    device: 0x0008,
    revision: 0,
    class: 0x06_0000,
    subsystem_vendor: 0x1af4,
    subsystem: 0x1100,
};

/// It is there to be found: a guest takes ports and window for a bus if there is a host bridge.
pub(crate) fn host_bridge() -> ConfigSpace {
    ConfigSpace::new(IDENTITY)
}
