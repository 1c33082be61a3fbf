// SPDX-License-Identifier: BSD-2-Clause
//! What the driver tells of queues before it enables them.

use crate::queue::{Layout, Queue};

/// The most queues of a device.
pub const MAX_QUEUES: usize = 2;
/// No vector: virtio 1.2 §4.1.5.1.2.
pub const NO_VECTOR: u16 = 0xffff;

/// One queue, from the registers of it to its use.
#[derive(Debug)]
pub struct QueueSetup {
    /// What the driver wrote.
    pub layout: Layout,
    /// The vector of its interrupt.
    pub vector: u16,
    /// The queue, once it is enabled.
    pub queue: Option<Queue>,
}

impl QueueSetup {
    /// A queue that is not enabled, and proposes its largest size.
    pub fn new(size: u16) -> Self {
        Self {
            layout: Layout {
                size,
                ..Layout::default()
            },
            vector: NO_VECTOR,
            queue: None,
        }
    }
}
