// SPDX-License-Identifier: BSD-2-Clause
//! Model-specific registers. What is not named here does not exist: its use is a general-protection
//! fault in the guest, told once.
//!
//! Those that the guest uses without an exit (system calls, bases of FS and GS, PAT) never come here.

pub(crate) const TSC: u32 = 0x10;
pub(crate) const APIC_BASE: u32 = 0x1b;
pub(crate) const TSC_ADJUST: u32 = 0x3b;
pub(crate) const TSC_DEADLINE: u32 = 0x6e0;
pub(crate) const DEBUGCTL: u32 = 0x1d9;
pub(crate) const EFER: u32 = 0xc000_0080;
pub(crate) const X2APIC: u32 = 0x800;
pub(crate) const X2APIC_LAST: u32 = 0x8ff;

const PLATFORM_ID: u32 = 0x17;
const FEATURE_CONTROL: u32 = 0x3a;
const MICROCODE: u32 = 0x8b;
const PLATFORM_INFO: u32 = 0xce;
const MISC_ENABLE: u32 = 0x1a0;

/// Locked, with nothing enabled.
const FEATURES_LOCKED: u64 = 1;
/// A revision that no update has.
const REVISION: u64 = 1 << 32;
/// Fast strings; no branch trace, no event-based sampling.
const FAST_STRINGS: u64 = 1 | 1 << 11 | 1 << 12;

/// A register that always has one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Constant {
    pub(crate) value: u64,
    /// What may be written, without effect.
    pub(crate) accepts: Accepts,
}

/// What may be written to a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// Anything.
    All,
    /// What it has.
    Same,
}

impl Constant {
    pub(crate) const fn takes(self, value: u64) -> bool {
        match self.accepts {
            Accepts::All => true,
            Accepts::Same => value == self.value,
        }
    }
}

/// The registers with one value.
pub(crate) const fn constant(index: u32) -> Option<Constant> {
    let (value, accepts) = match index {
        PLATFORM_ID | PLATFORM_INFO => (0, Accepts::Same),
        FEATURE_CONTROL => (FEATURES_LOCKED, Accepts::Same),
        // Who reads the revision writes 0 before.
        MICROCODE => (REVISION, Accepts::All),
        MISC_ENABLE => (FAST_STRINGS, Accepts::Same),
        _ => return None,
    };
    Some(Constant { value, accepts })
}

/// How many registers are remembered as told of.
const TOLD: usize = 32;

/// The registers whose refusal was told already.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refused {
    told: [u32; TOLD],
    count: usize,
}

impl Refused {
    /// Is this refusal to be told? The first of a register is, until there are too many registers.
    pub(crate) fn is_news(&mut self, index: u32) -> bool {
        if self.told[..self.count].contains(&index) || self.count == TOLD {
            return false;
        }
        self.told[self.count] = index;
        self.count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_once() {
        let mut refused = Refused::default();
        assert!(refused.is_news(0));
        assert!(!refused.is_news(0));
        let news = (0..1000).filter(|index| refused.is_news(*index)).count();
        assert_eq!(news, TOLD - 1, "the guest does not fill the log");
    }

    #[test]
    fn constants() {
        for (index, value, takes, refuses) in [
            (PLATFORM_ID, 0, 0, 1),
            (FEATURE_CONTROL, 1, 1, 5),
            (MISC_ENABLE, 0x1801, 0x1801, 0x1800),
        ] {
            let constant = constant(index).expect("a register");
            assert_eq!(constant.value, value);
            assert!(constant.takes(takes) && !constant.takes(refuses));
        }
        assert!(constant(MICROCODE).is_some_and(|revision| revision.takes(0)));
        for absent in [0, 0x179, 0x277, 0x480, 0x4b56_4d00, 0xc000_0080, u32::MAX] {
            assert_eq!(constant(absent), None);
        }
    }
}
