// SPDX-License-Identifier: BSD-2-Clause
//! A guest for the drivers of the crate `virtio-drivers`, which knows nothing of ours: its memory,
//! and a transport that finds registers as the specification says, through the function's
//! configuration space.

mod memory;
mod transport;

use std::cell::RefCell;
use std::rc::Rc;

use vmm_virtio::{Device, VirtioFunction};

pub use memory::Guest;
pub use transport::{Transport, Vector};

/// The device's side of what a driver drives.
pub type Shared<D> = Rc<RefCell<VirtioFunction<'static, D>>>;

/// A device, and the transport for a driver of it.
pub fn plug<D: Device>(device: D) -> (Shared<D>, Transport<D>) {
    let function = VirtioFunction::new(device, memory::ram()).expect("room for the capabilities");
    let function = Rc::new(RefCell::new(function));
    (function.clone(), Transport::new(function))
}
