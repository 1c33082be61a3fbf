// SPDX-License-Identifier: BSD-2-Clause
//! The numbers in the messages and what they mean.

use core::fmt;

/// Declares an enumeration whose values come as numbers and can be said in words.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident: $repr:ty { $($(#[$item_doc:meta])* $item:ident = $number:literal, $words:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr($repr)]
        pub enum $name {
            $($(#[$item_doc])* $item = $number,)*
        }

        impl $name {
            /// The value with this number.
            pub fn from_number(number: $repr) -> Option<Self> {
                match number {
                    $($number => Some(Self::$item),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$item => $words,)*
                })
            }
        }
    };
}

codes! {
    /// The operations.
    Operation: u16 {
        /// Whether devices are kept apart, or why not: a [`Protection`](crate::Protection).
        Status = 0, "status";
        /// Lets a device reach its memory.
        Attach = 1, "attach";
        /// Takes a device's memory and all its interrupts away, and ends its quarantine.
        Detach = 2, "detach";
        /// Lets a device raise the interrupt of an index.
        Bind = 3, "bind";
        /// Takes an interrupt from a device.
        Unbind = 4, "unbind";
        /// Stops everything of a device.
        Quarantine = 5, "quarantine";
        /// What state a device is in: a [`DeviceState`](crate::DeviceState).
        Query = 6, "query";
        /// The oldest fault not yet fetched: a [`Record`](crate::Record).
        NextFault = 7, "next fault";
        /// What is in use: [`Counters`](crate::Counters).
        Counters = 8, "counters";
    }
}

codes! {
    /// How a request went.
    Status: u16 {
        /// Done.
        Ok = 0, "done";
        /// Another version, or the wrong number of message registers.
        Version = 1, "the request is of another version";
        /// No such operation, or a field that it does not use is not 0.
        Operation = 2, "there is no such operation";
        /// The operation is the PF manager's alone.
        Forbidden = 3, "only the PF manager may ask for this";
        /// No protection, hence no grants: see [`Refusal`].
        Refused = 4, "devices are not kept apart, so none is granted";
        /// The system description does not grant anything to the device.
        Unknown = 5, "the system description does not have the device";
        /// The interrupt is not one of the device.
        Index = 6, "the interrupt is not one of the device";
        /// Attached already, bound already, or not bound.
        State = 7, "the device is not in a state for this";
        /// The device is in quarantine: detach it first.
        Quarantined = 8, "the device is in quarantine";
        /// The hardware did not carry it out, or table memory is short. The device is blocked or,
        /// if something may still be under way, in quarantine.
        Failed = 9, "the IOMMU did not carry it out";
        /// No fault is waiting to be fetched. The body is a [`Record`](crate::Record) that says
        /// only when to ask again.
        NoFault = 10, "no fault is waiting";
    }
}

codes! {
    /// Why devices are not kept apart, so that none is granted.
    Refusal: u8 {
        /// They are kept apart.
        None = 0, "devices are kept apart";
        /// The machine has no DMAR table.
        NoDmar = 1, "there is no DMAR table, hence no IOMMU";
        /// The DMAR table is not sound.
        BrokenDmar = 2, "the DMAR table is broken";
        /// At the registers that the system description names, no unit answers.
        NoUnit = 3, "no IOMMU answers at the registers";
        /// The DMAR table has units that the system description does not have.
        UnknownUnit = 4, "the DMAR table has an IOMMU that the system description does not";
        /// No interrupt remapping.
        InterruptRemapping = 5, "the IOMMU does not remap interrupts";
        /// No extended interrupt mode, though processors are in x2APIC mode.
        ExtendedInterrupts = 6, "the IOMMU has no extended interrupt mode, which x2APIC needs";
        /// The IOMMU lacks something else.
        Lacking = 7, "the IOMMU lacks something";
        /// Firmware reserved memory for a granted device (RMRR).
        ReservedMemory = 8, "firmware reserved memory for a granted device";
        /// A granted device is behind no unit, or cannot do without a device TLB.
        Device = 9, "a granted device cannot be guarded";
        /// The table `dma_grants` is missing or broken.
        Grants = 10, "the table of grants is broken";
        /// Interrupts of I/O APICs do not go through the remapping table.
        IoApic = 11, "interrupts of the I/O APIC are not remapped";
        /// The IOMMU did not do what it was told.
        Hardware = 12, "the IOMMU does not obey";
    }
}

codes! {
    /// The state of a device.
    State: u16 {
        /// The system description does not have it.
        Unknown = 0, "unknown";
        /// It reaches no memory.
        Blocked = 1, "blocked";
        /// It reaches what it was granted.
        Attached = 2, "attached";
        /// It overstepped: nothing of it passes.
        Quarantined = 3, "quarantined";
    }
}

codes! {
    /// What a device tried.
    Access: u8 {
        /// To read memory.
        Read = 0, "read of";
        /// To write memory.
        Write = 1, "write to";
        /// Another request to memory.
        Other = 2, "request for";
        /// To raise an interrupt.
        Interrupt = 3, "interrupt";
    }
}

codes! {
    /// Why a request of a device was stopped (VT-d specification, revision 4.1, 7.1.3 and 5.1.4.1;
    /// those of legacy mode).
    Reason: u8 {
        /// Its bus has no context table.
        NoContextTable = 0x01, "its bus has no context table";
        /// Its context entry is not present.
        NoDomain = 0x02, "it is attached to no domain";
        /// Its context entry is invalid.
        ContextEntry = 0x03, "its context entry is programmed wrongly";
        /// An address that no table of the domain has.
        Width = 0x04, "the address is beyond the domain's width";
        /// A write without the right.
        NoWrite = 0x05, "no right to write there";
        /// A read without the right.
        NoRead = 0x06, "no right to read there";
        /// A page table is where there is no memory.
        PageTable = 0x07, "a page table cannot be read";
        /// The root table is where there is no memory.
        RootTable = 0x08, "the root table cannot be read";
        /// A context table is where there is no memory.
        ContextTable = 0x09, "a context table cannot be read";
        /// Reserved bits of a root entry.
        RootReserved = 0x0a, "reserved bits are set in a root entry";
        /// Reserved bits of a context entry.
        ContextReserved = 0x0b, "reserved bits are set in its context entry";
        /// Reserved bits of a page-table entry.
        PageReserved = 0x0c, "reserved bits are set in a page-table entry";
        /// A device TLB asks for or uses translations.
        Translated = 0x0d, "translated and translation requests are blocked for it";
        /// A page that is mapped to addresses of interrupts.
        InterruptRange = 0x0e, "the translation leads into the interrupt range";
        /// Reserved bits of an interrupt message.
        MessageReserved = 0x20, "reserved bits are set in the interrupt request";
        /// An index beyond the interrupt table.
        BeyondTable = 0x21, "the interrupt index is beyond the table";
        /// An interrupt entry that is not present.
        NoEntry = 0x22, "the interrupt entry is not present";
        /// The interrupt table is where there is no memory.
        InterruptTable = 0x23, "the interrupt table cannot be read";
        /// Reserved bits of an interrupt entry.
        EntryReserved = 0x24, "reserved bits are set in the interrupt entry";
        /// A message in compatibility format.
        Compatibility = 0x25, "interrupts in compatibility format are blocked";
        /// An interrupt entry of another source.
        Source = 0x26, "the interrupt entry belongs to another device";
        /// A posted-interrupt descriptor is where there is no memory.
        Descriptor = 0x27, "the posted-interrupt descriptor cannot be accessed";
        /// Reserved bits of a posted-interrupt descriptor.
        DescriptorReserved = 0x28, "reserved bits are set in the posted-interrupt descriptor";
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn numbers_and_back() {
        for number in 0..100 {
            assert!(Operation::from_number(number).is_none_or(|item| item as u16 == number));
            assert!(Status::from_number(number).is_none_or(|item| item as u16 == number));
            assert!(State::from_number(number).is_none_or(|item| item as u16 == number));
            let number = number as u8;
            assert!(Refusal::from_number(number).is_none_or(|item| item as u8 == number));
            assert!(Access::from_number(number).is_none_or(|item| item as u8 == number));
            assert!(Reason::from_number(number).is_none_or(|item| item as u8 == number));
        }
        let last = (
            Operation::from_number(8),
            Status::from_number(10),
            State::from_number(3),
            Refusal::from_number(12),
            Access::from_number(3),
        );
        let expected = (
            Some(Operation::Counters),
            Some(Status::NoFault),
            Some(State::Quarantined),
            Some(Refusal::Hardware),
            Some(Access::Interrupt),
        );
        assert_eq!(last, expected);
        assert_eq!(Operation::from_number(9), None);
        assert_eq!(Status::from_number(11), None);
        assert_eq!(State::from_number(4), None);
        assert_eq!(Refusal::from_number(13), None);
        assert_eq!(Access::from_number(4), None);
    }

    #[test]
    fn every_reason_of_legacy_mode_has_words_of_its_own() {
        let codes = (0x01..=0x0e).chain(0x20..=0x28);
        let words: std::collections::BTreeSet<_> = codes
            .map(|code| Reason::from_number(code).unwrap().to_string())
            .collect();
        assert_eq!(words.len(), 14 + 9);
        for code in [0, 0x0f, 0x1f, 0x29, 0x30, 0xff] {
            assert_eq!(Reason::from_number(code), None);
        }
    }

    #[test]
    fn they_are_said_in_words() {
        assert_eq!(State::Quarantined.to_string(), "quarantined");
        assert_eq!(Reason::NoRead.to_string(), "no right to read there");
        assert_eq!(Refusal::BrokenDmar.to_string(), "the DMAR table is broken");
    }
}
