// SPDX-License-Identifier: BSD-2-Clause
//! The virtual CPU of a protection domain.

use sel4::{Result, Word, invoke, sys::invocation_label as label};

use crate::context::{WORDS_IN, WORDS_OUT};
use crate::field::{Field, Readable, Value, control};
use crate::{
    ApicRegister, Context, Controls, Ended, EntryControls, ExitControls, IoPort, Msr, Pin, Primary,
    Secondary,
};

const BASE_VCPU: usize = 330;
const MAX_IDS: usize = 62;

/// A virtual CPU: in a protection domain the one with the id of its `vcpu` element in `system.xml`,
/// which on x86 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vcpu {
    cap: sel4::cap::VCpu,
}

impl Vcpu {
    /// The virtual CPU with this id.
    ///
    /// # Panics
    ///
    /// When `index` is above 61.
    pub const fn new(index: usize) -> Self {
        assert!(index < MAX_IDS, "virtual CPU ids are 0 to 61");
        Self::of(sel4::Cap::from_bits((BASE_VCPU + index) as sel4::CPtrBits))
    }

    /// The virtual CPU behind a capability, for a program that makes its own.
    pub const fn of(cap: sel4::cap::VCpu) -> Self {
        Self { cap }
    }

    /// Reads a VMCS field.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` for a field that the kernel does not show; `InvalidCapability` when there
    /// is no such virtual CPU.
    pub fn read<F: Readable>(&self, field: F) -> Result<F::Value> {
        let encoding = field.encoding().into();
        let [value, ..] = invoke(self.cap().cptr(), label::X86VCPUReadVMCS, &[], &[encoding])?;
        Ok(F::Value::from_word(value))
    }

    /// Writes a VMCS field and returns what it holds then: the kernel keeps bits that the CPU or
    /// its own safety fixes.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), for fields that the kernel does not let be written.
    pub fn write<V: Value>(&self, field: Field<V>, value: impl Into<V>) -> Result<V> {
        let args = [field.encoding().into(), value.into().to_word()];
        let [written, ..] = invoke(self.cap().cptr(), label::X86VCPUWriteVMCS, &[], &args)?;
        Ok(V::from_word(written))
    }

    /// Sets all controls and returns those of `wanted` that CPU or kernel do not give; they are
    /// off. The primary ones hold until an entry, which sets them again.
    ///
    /// # Errors
    ///
    /// `InvalidCapability` when there is no such virtual CPU.
    pub fn negotiate(&self, wanted: Controls) -> Result<Controls> {
        let pin = self.write(control::PIN_BASED, wanted.pin.bits())?;
        // What the primary controls may be depends on the secondary ones.
        let secondary = self.write(control::SECONDARY, wanted.secondary.bits())?;
        let primary = self.write(control::PRIMARY, wanted.primary.bits())?;
        let exit = self.write(control::EXIT, wanted.exit.bits())?;
        let entry = self.write(control::ENTRY, wanted.entry.bits())?;
        let had = Controls {
            pin: Pin::from_bits_truncate(pin),
            primary: Primary::from_bits_truncate(primary),
            secondary: Secondary::from_bits_truncate(secondary),
            exit: ExitControls::from_bits_truncate(exit),
            entry: EntryControls::from_bits_truncate(entry),
        };
        Ok(wanted.without(had))
    }

    /// Reads a model-specific register of the guest.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` when the CPU has no such register.
    pub fn read_msr(&self, msr: Msr) -> Result<u64> {
        let args = [msr.index().into()];
        let [value, ..] = invoke(self.cap().cptr(), label::X86VCPUReadMSR, &[], &args)?;
        Ok(value)
    }

    /// Writes a model-specific register of the guest. A value that the register cannot hold makes
    /// the next entry fail.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` when the CPU has no such register.
    pub fn write_msr(&self, msr: Msr, value: u64) -> Result<()> {
        let args = [msr.index().into(), value];
        invoke(self.cap().cptr(), label::X86VCPUWriteMSR, &[], &args)?;
        Ok(())
    }

    /// Reads a register of the virtual APIC; of 64 bits only if it is the x2APIC's interrupt
    /// command. What was posted is in the registers then, and in the interrupt status.
    pub fn read_apic(&self, register: ApicRegister) -> Result<u64> {
        let args = [register.offset().into()];
        let [value, ..] = invoke(self.cap().cptr(), label::X86VCPUReadAPIC, &[], &args)?;
        Ok(value)
    }

    /// Writes a register of the virtual APIC, after what was posted. Nothing but the next entry
    /// acts on it.
    pub fn write_apic(&self, register: ApicRegister, value: u64) -> Result<()> {
        let args = [register.offset().into(), value];
        invoke(self.cap().cptr(), label::X86VCPUWriteAPIC, &[], &args)?;
        Ok(())
    }

    /// Makes accesses to the page that the guest sees at `address` those to its APIC, once
    /// [`Secondary::VIRTUALIZE_APIC_ACCESSES`] is on. The page has to be mapped for the guest; its
    /// content does not matter. To be called again when another page is mapped there.
    ///
    /// # Errors
    ///
    /// `FailedLookup` when no page of 4 KiB is mapped there.
    pub fn set_apic_access(&self, address: u64) -> Result<()> {
        invoke(
            self.cap().cptr(),
            label::X86VCPUSetAPICAccess,
            &[],
            &[address],
        )?;
        Ok(())
    }

    /// Posts an interrupt: the guest takes it as one of its virtual APIC as soon as it can, with
    /// virtual-interrupt delivery, whether it runs or not. It does not wake a monitor that waits.
    ///
    /// # Errors
    ///
    /// `RangeError` for vectors below 16, which are no interrupts.
    pub fn post_interrupt(&self, vector: u8) -> Result<()> {
        invoke(
            self.cap().cptr(),
            label::X86VCPUPostInterrupt,
            &[],
            &[vector.into()],
        )?;
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

    /// Runs the guest from the state in `context` until it exits or a notification comes, and puts
    /// its state back. It runs as this thread, with its priority and core.
    #[inline]
    pub fn enter(&self, context: &mut Context) -> Ended {
        let words: &mut [Word; WORDS_OUT] = context.words_mut();
        let (badge, result) = sel4::vm_enter(words, WORDS_IN);
        Ended::from_result(badge, result)
    }

    fn cap(self) -> sel4::cap::VCpu {
        self.cap
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
