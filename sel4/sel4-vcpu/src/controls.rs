// SPDX-License-Identifier: BSD-2-Clause
//! Execution, exit and entry controls (SDM 25.6 to 25.8). Only those are named that the kernel lets
//! user level choose; what it needs itself is always on.

use core::fmt;
use core::ops::{BitOr, Sub};

/// Sets of controls: bits of a field with names. (The crate bitflags turns to std as soon as a test
/// of the workspace asks it to, and programs for seL4 have none.)
macro_rules! controls {
    ($($(#[$meta:meta])* struct $set:ident { $($(#[$doc:meta])* $name:ident = $bit:literal,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub struct $set(u32);

            impl $set {
                $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

                const NAMES: &[(Self, &str)] = &[$((Self::$name, stringify!($name)),)*];

                /// No control.
                pub const fn empty() -> Self {
                    Self(0)
                }

                /// All that have a name.
                pub const fn all() -> Self {
                    Self(0 $(| 1 << $bit)*)
                }

                /// The controls of a field, without those that have no name.
                pub const fn from_bits_truncate(bits: u32) -> Self {
                    Self(bits & Self::all().0)
                }

                /// The bits of the field.
                pub const fn bits(self) -> u32 {
                    self.0
                }

                /// No control at all?
                pub const fn is_empty(self) -> bool {
                    self.0 == 0
                }

                /// Are all of `other` in here?
                pub const fn contains(self, other: Self) -> bool {
                    self.0 & other.0 == other.0
                }

                /// These and those of `other`.
                #[must_use]
                pub const fn union(self, other: Self) -> Self {
                    Self(self.0 | other.0)
                }

                /// These without those of `other`.
                #[must_use]
                pub const fn difference(self, other: Self) -> Self {
                    Self(self.0 & !other.0)
                }

                fn names(self) -> impl Iterator<Item = &'static str> {
                    let chosen = Self::NAMES.iter().filter(move |(one, _)| self.contains(*one));
                    chosen.map(|(_, name)| *name)
                }
            }

            impl BitOr for $set {
                type Output = Self;

                fn bitor(self, other: Self) -> Self {
                    self.union(other)
                }
            }

            impl Sub for $set {
                type Output = Self;

                fn sub(self, other: Self) -> Self {
                    self.difference(other)
                }
            }
        )*
    };
}

controls! {
    /// Pin-based execution controls.
    struct Pin {
        /// Exit when the preemption timer has counted down.
        PREEMPTION_TIMER = 6,
    }

    /// Primary processor-based execution controls.
    struct Primary {
        /// Exit as soon as the guest can take an interrupt.
        INTERRUPT_WINDOW = 2,
        /// Add the TSC offset.
        TSC_OFFSETTING = 3,
        /// HLT exits.
        HLT = 7,
        /// INVLPG exits.
        INVLPG = 9,
        /// MWAIT exits.
        MWAIT = 10,
        /// RDPMC exits.
        RDPMC = 11,
        /// RDTSC and RDTSCP exit.
        RDTSC = 12,
        /// MOV to CR3 exits.
        CR3_LOAD = 15,
        /// MOV from CR3 exits.
        CR3_STORE = 16,
        /// MOV to CR8 exits. The kernel keeps it on without the TPR shadow.
        CR8_LOAD = 19,
        /// MOV from CR8 exits. The kernel keeps it on without the TPR shadow.
        CR8_STORE = 20,
        /// The virtual APIC has the task priority.
        TPR_SHADOW = 21,
        /// Exit as soon as the guest can take an NMI.
        NMI_WINDOW = 22,
        /// MOV to and from debug registers exits.
        DEBUG_REGISTER = 23,
        /// IN and OUT always exit.
        UNCONDITIONAL_IO = 24,
        /// Exit after every instruction.
        MONITOR_TRAP = 27,
        /// MONITOR exits.
        MONITOR = 29,
        /// PAUSE exits.
        PAUSE = 30,
    }

    /// Secondary processor-based execution controls.
    struct Secondary {
        /// Accesses to the APIC-access page are virtualised.
        VIRTUALIZE_APIC_ACCESSES = 0,
        /// LGDT, SIDT and their like exit.
        DESCRIPTOR_TABLE = 2,
        /// The guest has RDTSCP.
        RDTSCP = 3,
        /// MSRs 0x800 to 0x8ff are those of the virtual APIC.
        VIRTUALIZE_X2APIC = 4,
        /// WBINVD exits.
        WBINVD = 6,
        /// The guest may run without paging, and in real mode.
        UNRESTRICTED_GUEST = 7,
        /// Most reads of APIC registers come from the virtual-APIC page.
        APIC_REGISTER_VIRTUALIZATION = 8,
        /// Interrupts are delivered from the virtual-APIC page.
        VIRTUAL_INTERRUPT_DELIVERY = 9,
        /// Long loops of PAUSE exit.
        PAUSE_LOOP = 10,
        /// RDRAND exits.
        RDRAND = 11,
        /// The guest has INVPCID.
        INVPCID = 12,
        /// RDSEED exits.
        RDSEED = 16,
    }

    /// VM-exit controls.
    struct ExitControls {
        /// Exits save what the preemption timer has left.
        SAVE_PREEMPTION_TIMER = 22,
    }

    /// VM-entry controls.
    struct EntryControls {
        /// Entries load DR7 and DEBUGCTL.
        LOAD_DEBUG_CONTROLS = 2,
        /// The guest is in IA-32e mode (EFER.LMA).
        IA32E_MODE = 9,
    }
}

/// A choice of controls, or of those that cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Controls {
    /// Pin-based.
    pub pin: Pin,
    /// Primary processor-based; what [`Context::new`](crate::Context::new) takes.
    pub primary: Primary,
    /// Secondary processor-based.
    pub secondary: Secondary,
    /// VM-exit.
    pub exit: ExitControls,
    /// VM-entry.
    pub entry: EntryControls,
}

impl Controls {
    /// What is in here and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self {
            pin: self.pin.difference(other.pin),
            primary: self.primary.difference(other.primary),
            secondary: self.secondary.difference(other.secondary),
            exit: self.exit.difference(other.exit),
            entry: self.entry.difference(other.entry),
        }
    }

    /// No control at all?
    pub const fn is_empty(self) -> bool {
        self.pin.is_empty()
            && self.primary.is_empty()
            && self.secondary.is_empty()
            && self.exit.is_empty()
            && self.entry.is_empty()
    }
}

/// The names of the controls, as `HLT, RDTSCP`.
impl fmt::Display for Controls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = (self.pin.names())
            .chain(self.primary.names())
            .chain(self.secondary.names())
            .chain(self.exit.names())
            .chain(self.entry.names());
        for (i, name) in names.enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Controls = Controls {
        pin: Pin::PREEMPTION_TIMER,
        primary: Primary::HLT.union(Primary::TSC_OFFSETTING),
        secondary: Secondary::RDTSCP,
        exit: ExitControls::empty(),
        entry: EntryControls::IA32E_MODE,
    };

    #[test]
    fn what_is_missing_has_names() {
        let had = Controls {
            primary: Primary::HLT,
            entry: EntryControls::IA32E_MODE,
            ..Controls::default()
        };
        let missing = SOME.without(had);
        assert_eq!(
            missing.to_string(),
            "PREEMPTION_TIMER, TSC_OFFSETTING, RDTSCP"
        );
        assert!(!missing.is_empty());
        assert!(SOME.without(SOME).is_empty());
        assert_eq!(Controls::default().to_string(), "");
    }

    #[test]
    fn bits_are_those_of_the_manual() {
        assert_eq!(SOME.primary.bits(), 0x88);
        assert_eq!(Secondary::VIRTUAL_INTERRUPT_DELIVERY.bits(), 0x200);
        assert_eq!(EntryControls::IA32E_MODE.bits(), 0x200);
    }
}
