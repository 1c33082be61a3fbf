// SPDX-License-Identifier: BSD-2-Clause
//! What the machine needs of everything around the CPU.

use sel4_vcpu::Secondary;

use crate::{Bus, Stop};

/// The interrupt controllers and all devices, or a test's stand-in.
pub trait Platform: Bus {
    /// The time that holds for all that follows, as the guest's TSC. It does not go back.
    fn set_now(&mut self, now: u64);

    /// The interrupt that the guest is to get first, if its local APIC has one that its priority
    /// lets through. To be asked after each access, and whenever something came from outside.
    fn interrupt(&mut self) -> Option<u8>;

    /// Is there an interrupt that ends HLT? Where the CPU delivers interrupts, it is not told by
    /// [`interrupt`](Self::interrupt).
    fn wakes(&mut self) -> bool;

    /// Has anything changed since [`interrupt`](Self::interrupt) was asked last, that it or what
    /// follows could tell? Most accesses change nothing of that.
    fn has_news(&self) -> bool;

    /// Have devices work left, for which nobody will ask? [`interrupt`](Self::interrupt) does a part.
    fn has_work(&self) -> bool;

    /// The guest got the interrupt that [`interrupt`](Self::interrupt) returned.
    fn accept(&mut self, vector: u8);

    /// Is an NMI to be delivered? It is the caller's from now on.
    fn take_nmi(&mut self) -> bool;

    /// When [`set_now`](Self::set_now) is to be called at the latest, as the guest's TSC.
    fn deadline(&self) -> Option<u64>;

    /// Why the guest is to stop, if it asked for that.
    fn take_stop(&mut self) -> Option<Stop>;

    /// RDMSR of what belongs to the local APIC: IA32_APIC_BASE, the TSC deadline, and 0x800 to 0x8ff.
    /// None is a general-protection fault.
    fn read_msr(&mut self, index: u32) -> Option<u64>;

    /// WRMSR of the same.
    fn write_msr(&mut self, index: u32, value: u64) -> Option<()>;

    /// CR8: bits 7:4 of the task priority.
    fn task_priority(&self) -> u8;

    /// MOV to CR8.
    fn set_task_priority(&mut self, class: u8);

    /// Something that the CPU did with its virtual APIC, and left the rest of.
    fn virtual_apic(&mut self, access: VirtualAccess);

    /// The secondary controls for the way in which the guest reaches its local APIC now.
    fn apic_controls(&self) -> Secondary;

    /// The guest waits for an interrupt, or time has passed: what it said so far is to be seen.
    fn flush(&mut self);
}

/// What the CPU tells of its virtual APIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualAccess {
    /// The EOI of this vector.
    Eoi(u8),
    /// A write to this register, which has been done in the page.
    Written(u16),
}
