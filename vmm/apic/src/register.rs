// SPDX-License-Identifier: BSD-2-Clause
//! The registers of a local APIC, and who may do what with them (SDM vol. 3A tables 12-1 and 12-6).

/// An entry of the local vector table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Lvt {
    Timer,
    Thermal,
    Performance,
    Lint0,
    Lint1,
    Error,
}

/// How many entries the local vector table has.
pub(crate) const LVT_ENTRIES: usize = 6;

/// Bit 16 of an entry: it does nothing.
pub(crate) const MASKED: u32 = 1 << 16;

impl Lvt {
    pub(crate) const ALL: [Self; LVT_ENTRIES] = [
        Self::Timer,
        Self::Thermal,
        Self::Performance,
        Self::Lint0,
        Self::Lint1,
        Self::Error,
    ];

    /// The bits that can be written (SDM figure 12-8).
    pub(crate) const fn writable(self) -> u32 {
        const VECTOR: u32 = 0xff;
        const DELIVERY_MODE: u32 = 7 << 8;
        const POLARITY_AND_TRIGGER: u32 = 1 << 13 | 1 << 15;
        const TIMER_MODE: u32 = 3 << 17;
        VECTOR
            | MASKED
            | match self {
                Self::Timer => TIMER_MODE,
                Self::Thermal | Self::Performance => DELIVERY_MODE,
                Self::Lint0 | Self::Lint1 => DELIVERY_MODE | POLARITY_AND_TRIGGER,
                Self::Error => 0,
            }
    }
}

/// A register. Its number is its offset in the page divided by 16, and its MSR's beyond 0x800.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Register {
    Id,
    Version,
    TaskPriority,
    ProcessorPriority,
    EndOfInterrupt,
    LogicalDestination,
    DestinationFormat,
    Spurious,
    /// 32 vectors in service.
    InService(u8),
    /// 32 trigger modes.
    TriggerMode(u8),
    /// 32 vectors that are requested.
    Requested(u8),
    ErrorStatus,
    /// The interrupt command, or its lower half.
    Command,
    /// The upper half, which the x2APIC has not.
    CommandHigh,
    Lvt(Lvt),
    InitialCount,
    CurrentCount,
    Divide,
    /// Of the x2APIC only.
    SelfInterrupt,
}

/// How a register of the x2APIC can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    ReadOnly,
    WriteOnly,
    ReadWrite,
}

impl Register {
    /// The register with this number, of the page or of the x2APIC.
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0x02 => Self::Id,
            0x03 => Self::Version,
            0x08 => Self::TaskPriority,
            0x0a => Self::ProcessorPriority,
            0x0b => Self::EndOfInterrupt,
            0x0d => Self::LogicalDestination,
            0x0e => Self::DestinationFormat,
            0x0f => Self::Spurious,
            0x10..0x18 => Self::InService(number - 0x10),
            0x18..0x20 => Self::TriggerMode(number - 0x18),
            0x20..0x28 => Self::Requested(number - 0x20),
            0x28 => Self::ErrorStatus,
            0x30 => Self::Command,
            0x31 => Self::CommandHigh,
            0x32..0x38 => Self::Lvt(Lvt::ALL[number as usize - 0x32]),
            0x38 => Self::InitialCount,
            0x39 => Self::CurrentCount,
            0x3e => Self::Divide,
            0x3f => Self::SelfInterrupt,
            _ => return None,
        })
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Id => 0x02,
            Self::Version => 0x03,
            Self::TaskPriority => 0x08,
            Self::ProcessorPriority => 0x0a,
            Self::EndOfInterrupt => 0x0b,
            Self::LogicalDestination => 0x0d,
            Self::DestinationFormat => 0x0e,
            Self::Spurious => 0x0f,
            Self::InService(word) => 0x10 + word,
            Self::TriggerMode(word) => 0x18 + word,
            Self::Requested(word) => 0x20 + word,
            Self::ErrorStatus => 0x28,
            Self::Command => 0x30,
            Self::CommandHigh => 0x31,
            Self::Lvt(entry) => 0x32 + entry as u8,
            Self::InitialCount => 0x38,
            Self::CurrentCount => 0x39,
            Self::Divide => 0x3e,
            Self::SelfInterrupt => 0x3f,
        }
    }

    /// Offset in the page.
    pub(crate) const fn offset(self) -> u16 {
        self.number() as u16 * 16
    }

    /// Does the page of the xAPIC have it?
    pub(crate) const fn is_in_page(self) -> bool {
        !matches!(self, Self::SelfInterrupt)
    }

    /// How the x2APIC lets it be used, if it has it.
    pub(crate) const fn rights(self) -> Option<Rights> {
        Some(match self {
            Self::DestinationFormat | Self::CommandHigh => return None,
            Self::Id
            | Self::Version
            | Self::ProcessorPriority
            | Self::LogicalDestination
            | Self::InService(_)
            | Self::TriggerMode(_)
            | Self::Requested(_)
            | Self::CurrentCount => Rights::ReadOnly,
            Self::EndOfInterrupt | Self::SelfInterrupt => Rights::WriteOnly,
            Self::TaskPriority
            | Self::Spurious
            | Self::ErrorStatus
            | Self::Command
            | Self::Lvt(_)
            | Self::InitialCount
            | Self::Divide => Rights::ReadWrite,
        })
    }

    /// The bits that the x2APIC lets be written; others fault.
    pub(crate) const fn writable(self) -> u64 {
        /// Delivery status and remote IRR: written bits are ignored.
        const IGNORED: u32 = 1 << 12 | 1 << 14;
        match self {
            Self::TaskPriority | Self::SelfInterrupt => 0xff,
            Self::Spurious => super::local::SPURIOUS_WRITABLE as u64,
            // Vector, modes, level, trigger, shorthand; delivery status is ignored.
            Self::Command => 0xffff_ffff_000c_dfff,
            Self::Lvt(entry) => (entry.writable() | IGNORED) as u64,
            Self::InitialCount => 0xffff_ffff,
            Self::Divide => 0b1011,
            // End of interrupt and error status take 0 only.
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_back() {
        let found = (0..=255).filter_map(|number| {
            let register = Register::from_number(number)?;
            assert_eq!(register.number(), number);
            Some(register)
        });
        assert_eq!(found.count(), 16 + 24 + LVT_ENTRIES - 1);
        assert_eq!(Register::Lvt(Lvt::Error).offset(), 0x370);
    }
}
