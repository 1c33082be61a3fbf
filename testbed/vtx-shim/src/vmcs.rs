// SPDX-License-Identifier: BSD-2-Clause
//! The VMCS of the hypervisor's guest. All of it lies in the hypervisor's VMCS region, so that it can
//! go from one CPU to another as the hypervisor likes.

use crate::Field;
use crate::capability::REVISION;
use crate::field::SLOTS;
use crate::host::{Memory, Outside};

/// Bytes of a VMCS region.
pub const REGION: u64 = 0x1000;
const ABORT: u64 = 4;
const LAUNCHED: u64 = 8;
const FIELDS: u64 = 16;
const _: () = assert!(FIELDS + 8 * SLOTS as u64 <= REGION);

/// A VMCS region that was checked to be the hypervisor's own memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vmcs(u64);

impl Vmcs {
    /// Makes the region at `at` one that was never launched, as VMCLEAR does.
    ///
    /// # Errors
    ///
    /// If it is not the hypervisor's memory.
    pub fn clear(memory: &impl Memory, at: u64) -> Result<(), Outside> {
        memory.write(at + LAUNCHED, &0u32.to_le_bytes())
    }

    /// The region at `at`, as VMPTRLD takes it, if it has the right revision.
    ///
    /// # Errors
    ///
    /// If it is not the hypervisor's memory.
    pub fn load(memory: &impl Memory, at: u64) -> Result<Option<Self>, Outside> {
        let mut all = [0; REGION as usize];
        memory.read(at, &mut all)?;
        let revision = u32::from_le_bytes([all[0], all[1], all[2], all[3]]);
        Ok((revision == REVISION).then_some(Self(at)))
    }

    /// Its address.
    pub const fn address(self) -> u64 {
        self.0
    }

    /// Has it been launched since it was cleared?
    pub fn is_launched(self, memory: &impl Memory) -> bool {
        memory.read_u32(self.0 + LAUNCHED).unwrap_or(0) != 0
    }

    /// It has been launched.
    pub fn set_launched(self, memory: &impl Memory) {
        let _ = memory.write(self.0 + LAUNCHED, &1u32.to_le_bytes());
    }

    /// Leaves the reason of a VMX abort (SDM 28.7).
    pub fn abort(self, memory: &impl Memory, reason: u32) {
        let _ = memory.write(self.0 + ABORT, &reason.to_le_bytes());
    }

    /// A field. The region was the hypervisor's memory when it was loaded, and still is.
    pub fn read(self, memory: &impl Memory, field: Field) -> u64 {
        memory.read_u64(self.place(field)).unwrap_or(0)
    }

    /// Sets a field to as much of `value` as it has bits.
    pub fn write(self, memory: &impl Memory, field: Field, value: u64) {
        let value = value & field.width().mask();
        let _ = memory.write(self.place(field), &value.to_le_bytes());
    }

    const fn place(self, field: Field) -> u64 {
        self.0 + FIELDS + 8 * field.slot() as u64
    }
}
