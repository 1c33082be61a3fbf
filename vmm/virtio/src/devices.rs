// SPDX-License-Identifier: BSD-2-Clause
//! The devices, virtio 1.2 §5, each with the trait of what is behind it.

pub mod block;
pub mod console;
pub mod entropy;
pub mod net;

/// Byte `offset` of a configuration that is these bytes.
fn byte(bytes: &[u8], offset: usize) -> u8 {
    bytes.get(offset).copied().unwrap_or(0)
}
