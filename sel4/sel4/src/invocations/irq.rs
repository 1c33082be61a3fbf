// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts.

use crate::{AbsoluteCPtr, Result, Word, cap, invoke, sys::invocation_label as label};

impl cap::IrqControl {
    /// Makes the handler of a pin of an I/O APIC in `dst`.
    ///
    /// `level` is 0 for edge, 1 for level triggered, `polarity` 0 for active high, 1 for active
    /// low; `vector` 0 to 107 is the interrupt's number in the kernel (CPU vector = 0x30 + it).
    ///
    /// # Errors
    ///
    /// `RevokeFirst` (vector in use), `RangeError` (no such I/O APIC, pin or vector).
    pub fn irq_control_get_ioapic(
        self,
        ioapic: Word,
        pin: Word,
        level: Word,
        polarity: Word,
        vector: Word,
        dst: &AbsoluteCPtr,
    ) -> Result<()> {
        let slot = dst.words();
        let args = [slot.index, slot.depth, ioapic, pin, level, polarity, vector];
        self.get(label::X86IRQIssueIRQHandlerIOAPIC, dst, &args)
    }

    /// As [`irq_control_get_ioapic`](Self::irq_control_get_ioapic), with a pin that refers to entry
    /// `irte` of the interrupt-remapping table. The table's owner must have set that entry up with
    /// the same vector. Not a method of upstream seL4.
    #[allow(clippy::too_many_arguments)] // they are the method's
    pub fn irq_control_get_ioapic_remapped(
        self,
        ioapic: Word,
        pin: Word,
        level: Word,
        polarity: Word,
        vector: Word,
        irte: u16,
        dst: &AbsoluteCPtr,
    ) -> Result<()> {
        let slot = dst.words();
        let irte = irte.into();
        let args = [
            slot.index, slot.depth, ioapic, pin, level, polarity, vector, irte,
        ];
        self.get(label::X86IRQIssueIRQHandlerIOAPICRemapped, dst, &args)
    }

    /// Makes the handler of a message-signalled interrupt in `dst`. The kernel only reserves
    /// `vector`; whoever drives the device writes the message.
    pub fn irq_control_get_msi(
        self,
        pci_bus: Word,
        pci_dev: Word,
        pci_func: Word,
        handle: Word,
        vector: Word,
        dst: &AbsoluteCPtr,
    ) -> Result<()> {
        let slot = dst.words();
        let args = [
            slot.index, slot.depth, pci_bus, pci_dev, pci_func, handle, vector,
        ];
        self.get(label::X86IRQIssueIRQHandlerMSI, dst, &args)
    }

    fn get(self, label: Word, dst: &AbsoluteCPtr, args: &[Word]) -> Result<()> {
        invoke(self.cptr(), label, &[dst.root().cptr()], args)?;
        Ok(())
    }
}

impl cap::IrqHandler {
    /// Lets the next interrupt come.
    pub fn irq_handler_ack(self) -> Result<()> {
        invoke(self.cptr(), label::IRQAckIRQ, &[], &[])?;
        Ok(())
    }

    /// Sets the notification that the interrupt signals.
    pub fn irq_handler_set_notification(self, notification: cap::Notification) -> Result<()> {
        invoke(
            self.cptr(),
            label::IRQSetIRQHandler,
            &[notification.cptr()],
            &[],
        )?;
        Ok(())
    }

    /// Lets the interrupt signal nothing.
    pub fn irq_handler_clear(self) -> Result<()> {
        invoke(self.cptr(), label::IRQClearIRQHandler, &[], &[])?;
        Ok(())
    }
}
