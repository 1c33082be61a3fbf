// SPDX-License-Identifier: BSD-2-Clause
//! Sizes of frames.

use crate::{CapType, ObjectBlueprint, ObjectBlueprintX86, cap_type};

/// Sizes of frames. The kernel is built without 1 GiB frames, which some CPUs lack.
#[allow(missing_docs)]
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameObjectType {
    _4k,
    LargePage,
}

impl FrameObjectType {
    /// The smallest.
    pub const GRANULE: Self = Self::_4k;

    /// How to make one.
    pub const fn blueprint(self) -> ObjectBlueprint {
        ObjectBlueprint::Arch(match self {
            Self::_4k => ObjectBlueprintX86::_4k,
            Self::LargePage => ObjectBlueprintX86::LargePage,
        })
    }

    /// Base-two logarithm of the bytes.
    pub const fn bits(self) -> usize {
        self.blueprint().physical_size_bits()
    }

    /// Bytes.
    pub const fn bytes(self) -> usize {
        1 << self.bits()
    }

    /// The frame of 2^`bits` bytes.
    pub const fn from_bits(bits: usize) -> Option<Self> {
        match bits {
            12 => Some(Self::_4k),
            21 => Some(Self::LargePage),
            _ => None,
        }
    }
}

/// Marks the types of frame capabilities.
pub trait CapTypeForFrameObject: CapType {}

impl CapTypeForFrameObject for cap_type::UnspecifiedPage {}
impl CapTypeForFrameObject for cap_type::_4k {}
impl CapTypeForFrameObject for cap_type::LargePage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_sizes_of_the_machine() {
        for (frame, bits) in [(FrameObjectType::_4k, 12), (FrameObjectType::LargePage, 21)] {
            assert_eq!(frame.bits(), bits);
            assert_eq!(frame.bytes(), 1 << bits);
            assert_eq!(FrameObjectType::from_bits(bits), Some(frame));
        }
        assert_eq!(FrameObjectType::from_bits(30), None);
    }
}
