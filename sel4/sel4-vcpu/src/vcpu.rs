// SPDX-License-Identifier: BSD-2-Clause
//! The virtual CPU of a protection domain.

use sel4::{Result, Word, invoke, sys::invocation_label as label};

use crate::{Entry, Exit, IoPort, Registers};

const BASE_VCPU: usize = 330;
const MAX_IDS: usize = 62;

/// A field of the virtual machine control structure, by its encoding. The kernel decides which
/// fields may be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmcsField(pub u32);

/// The virtual CPU with the id of its `vcpu` element in `system.xml`; on x86 that is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vcpu {
    index: usize,
}

impl Vcpu {
    /// The virtual CPU with this id.
    ///
    /// # Panics
    ///
    /// When `index` is above 61.
    pub const fn new(index: usize) -> Self {
        assert!(index < MAX_IDS, "virtual CPU ids are 0 to 61");
        Self { index }
    }

    /// The id.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Reads a field.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` for a field that the kernel does not show; `InvalidCapability` when there
    /// is no such virtual CPU.
    pub fn read_vmcs(&self, field: VmcsField) -> Result<Word> {
        let [value, ..] = invoke(
            self.cap().cptr(),
            label::X86VCPUReadVMCS,
            &[],
            &[field.0.into()],
        )?;
        Ok(value)
    }

    /// Writes a field and returns what it holds then: the kernel keeps bits that the CPU or its
    /// own safety fixes, so a control that is missing in the result is not to be had.
    ///
    /// # Errors
    ///
    /// As [`read_vmcs`](Self::read_vmcs), for fields that the kernel does not let be written.
    pub fn write_vmcs(&self, field: VmcsField, value: Word) -> Result<Word> {
        let args = [field.0.into(), value];
        let [written, ..] = invoke(self.cap().cptr(), label::X86VCPUWriteVMCS, &[], &args)?;
        Ok(written)
    }

    /// Sets the guest's general registers for the next entry. RSP, RIP and RFLAGS are VMCS fields.
    pub fn write_registers(&self, registers: &Registers) -> Result<()> {
        let words = registers.to_words();
        invoke(self.cap().cptr(), label::X86VCPUWriteRegisters, &[], &words)?;
        Ok(())
    }

    /// Lets the guest use the ports `first` to `last` itself, with no exit.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` when `ports` does not cover them.
    pub fn enable_io_ports(&self, ports: IoPort, first: u16, last: u16) -> Result<()> {
        let args = [first.into(), last.into()];
        let caps = [ports.cap().cptr()];
        invoke(self.cap().cptr(), label::X86VCPUEnableIOPort, &caps, &args)?;
        Ok(())
    }

    /// Makes the guest's use of the ports `first` to `last` an exit, as it is at the beginning.
    pub fn disable_io_ports(&self, first: u16, last: u16) -> Result<()> {
        let args = [first.into(), last.into()];
        invoke(self.cap().cptr(), label::X86VCPUDisableIOPort, &[], &args)?;
        Ok(())
    }

    /// Runs the guest until it exits or a notification comes. It runs as this thread, with its
    /// priority and core.
    pub fn enter(&self, entry: &Entry) -> Exit {
        sel4::with_ipc_buffer_mut(|buffer| {
            buffer.msg_regs_mut()[..3].copy_from_slice(&entry.to_words());
        });
        let (badge, result) = sel4::vm_enter();
        sel4::with_ipc_buffer(|buffer| Exit::from_words(badge, result, buffer.msg_regs()))
    }

    fn cap(self) -> sel4::cap::VCpu {
        sel4::Cap::from_bits((BASE_VCPU + self.index) as sel4::CPtrBits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_start_at_330() {
        assert_eq!(Vcpu::new(0).cap().bits(), 330);
        assert_eq!(Vcpu::new(61).cap().bits(), 391);
    }

    #[test]
    #[should_panic(expected = "ids are 0 to 61")]
    fn id_62() {
        Vcpu::new(62);
    }
}
