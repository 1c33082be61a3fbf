// SPDX-License-Identifier: BSD-2-Clause
//! What the monitor does with a virtual CPU besides entering it.

use sel4::Result;
use sel4_vcpu::Msr;
use sel4_vcpu::field::{Field, Readable, Value};

/// A virtual CPU, or a test's stand-in. All but [`tsc`](Self::tsc) costs a system call, so usual
/// exits do without.
pub trait Cpu {
    /// Reads a VMCS field.
    ///
    /// # Errors
    ///
    /// What the kernel answers; of fields that it shows, it has no reason to. So with the others.
    fn read<F: Readable>(&self, field: F) -> Result<F::Value>;

    /// Writes a VMCS field.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn write<V: Value>(&mut self, field: Field<V>, value: impl Into<V>) -> Result<()>;

    /// Writes a register that the guest uses without an exit.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn write_msr(&mut self, msr: Msr, value: u64) -> Result<()>;

    /// The host's time-stamp counter.
    fn tsc(&self) -> u64;
}
