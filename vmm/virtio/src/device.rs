// SPDX-License-Identifier: BSD-2-Clause
//! What a kind of device is to the transport.

use vmm_base::GuestRam;

use crate::Violation;
use crate::queue::{Chain, Queue};

/// What a device is to a driver that looks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The device type: virtio 1.2 §5.
    pub id: u8,
    /// The PCI class code, 24 bits.
    pub class: u32,
    /// The largest size of each queue.
    pub queues: &'static [u16],
}

/// A device. It has no registers of its own but its configuration; the rest is the transport's.
pub trait Device {
    /// What it is.
    const KIND: Kind;

    /// Its features, bits 0 to 23.
    fn features(&self) -> u64;

    /// Its configuration, which is read byte by byte. 0 where it has none.
    fn config(&self, offset: usize) -> u8;

    /// Does what there is to do on a queue, up to a bound. Returns whether there is more to be done,
    /// for which nobody will ask.
    ///
    /// # Errors
    ///
    /// If the driver broke a rule. The device stops then, until it is reset.
    fn serve(
        &mut self,
        index: usize,
        queue: &mut Queue,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<bool, Violation>;
}

/// Serves chains that the driver fills: as soon as one is there, `serve` gets it, and returns how
/// much of it was written. `most` at a time. Returns whether there may be more.
pub(crate) fn drain(
    queue: &mut Queue,
    ram: &GuestRam<'_>,
    chain: &mut Chain,
    most: usize,
    mut serve: impl FnMut(&mut Chain) -> Result<u32, Violation>,
) -> Result<bool, Violation> {
    for _ in 0..most {
        while !queue.pop(ram, chain)? {
            if !queue.listen(ram)? {
                return Ok(false);
            }
        }
        let written = serve(chain)?;
        queue.push(ram, chain.head(), written)?;
    }
    Ok(true)
}

/// Serves chains that the device fills: as soon as one is there, `serve` gets it, and returns how much
/// of it was written, or `None` if there is nothing for the driver; then the chain is kept for later.
/// `most` at a time. Returns whether there may be more.
///
/// While there is nothing, the driver need not tell of new chains.
pub(crate) fn fill(
    queue: &mut Queue,
    ram: &GuestRam<'_>,
    chain: &mut Chain,
    most: usize,
    mut serve: impl FnMut(&mut Chain) -> Result<Option<u32>, Violation>,
) -> Result<bool, Violation> {
    for _ in 0..most {
        while !queue.pop(ram, chain)? {
            if !queue.listen(ram)? {
                return Ok(false);
            }
        }
        let Some(written) = serve(chain)? else {
            queue.put_back();
            queue.ignore(ram)?;
            return Ok(false);
        };
        queue.push(ram, chain.head(), written)?;
    }
    Ok(true)
}
