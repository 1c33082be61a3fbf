// SPDX-License-Identifier: BSD-2-Clause
//! Fields of the VMCS, typed by what they hold and by whether they can be written.
//!
//! A constant of the wrong kind does not compile: the encoding itself tells width and class (SDM
//! 25.11.2, "VMREAD, VMWRITE, and Encodings of VMCS Fields"), and the constructors check them.

pub mod control;
pub mod exit;
pub mod guest;

use sel4::Word;

/// What a field holds: `u16`, `u32`, `u64`, or [`Natural`] for as many bits as the CPU has.
pub trait Value: Copy {
    /// Bits 14:13 of the encoding.
    const WIDTH: u32;

    /// The value as the kernel takes it.
    fn to_word(self) -> Word;

    /// The value of what the kernel returns; a field never holds more than its width.
    fn from_word(word: Word) -> Self;
}

macro_rules! values {
    ($($type:ty = $width:literal),*) => {
        $(impl Value for $type {
            const WIDTH: u32 = $width;

            fn to_word(self) -> Word {
                self as Word
            }

            fn from_word(word: Word) -> Self {
                word as Self
            }
        })*
    };
}

values!(u16 = 0, u64 = 1, u32 = 2);

/// The value of a field of natural width: 64 bits here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Natural(pub u64);

impl Value for Natural {
    const WIDTH: u32 = 3;

    fn to_word(self) -> Word {
        self.0
    }

    fn from_word(word: Word) -> Self {
        Self(word)
    }
}

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl From<Natural> for u64 {
    fn from(value: Natural) -> Self {
        value.0
    }
}

/// Bits 11:10 of an encoding.
const CONTROL: u32 = 0;
const READ_ONLY: u32 = 1;
const GUEST: u32 = 2;

const fn is<V: Value>(encoding: u32, class: u32) -> bool {
    encoding >> 13 & 3 == V::WIDTH && encoding >> 10 & 3 == class && encoding & 1 == 0
}

/// A field that can be read and written: guest state or a control.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Field<V> {
    encoding: u32,
    value: core::marker::PhantomData<V>,
}

/// A field that the CPU alone writes: information on a VM exit.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ExitField<V> {
    encoding: u32,
    value: core::marker::PhantomData<V>,
}

/// A field that can be read.
pub trait Readable {
    /// What it holds.
    type Value: Value;

    /// Its encoding.
    fn encoding(self) -> u32;
}

impl<V: Value> Field<V> {
    pub(crate) const fn guest(encoding: u32) -> Self {
        assert!(is::<V>(encoding, GUEST), "not a guest field of this width");
        Self {
            encoding,
            value: core::marker::PhantomData,
        }
    }

    const fn control(encoding: u32) -> Self {
        assert!(is::<V>(encoding, CONTROL), "not a control of this width");
        Self {
            encoding,
            value: core::marker::PhantomData,
        }
    }
}

impl<V: Value> ExitField<V> {
    const fn new(encoding: u32) -> Self {
        assert!(
            is::<V>(encoding, READ_ONLY),
            "not a read-only field of this width"
        );
        Self {
            encoding,
            value: core::marker::PhantomData,
        }
    }
}

impl<V> Clone for Field<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Field<V> {}

impl<V> Clone for ExitField<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for ExitField<V> {}

impl<V: Value> Readable for Field<V> {
    type Value = V;

    fn encoding(self) -> u32 {
        self.encoding
    }
}

impl<V: Value> Readable for ExitField<V> {
    type Value = V;

    fn encoding(self) -> u32 {
        self.encoding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_those_of_the_manual() {
        assert_eq!(guest::CR0.encoding(), 0x6800);
        assert_eq!(guest::INTERRUPT_STATUS.encoding(), 0x0810);
        assert_eq!(guest::PAT.encoding(), 0x2804);
        assert_eq!(control::EXCEPTION_BITMAP.encoding(), 0x4004);
        assert_eq!(exit::REASON.encoding(), 0x4402);
    }

    #[test]
    fn values_keep_their_width() {
        assert_eq!(u16::from_word(0x1_2345), 0x2345);
        assert_eq!(u32::MAX.to_word(), 0xffff_ffff);
        assert_eq!(Natural::from_word(u64::MAX), Natural(u64::MAX));
    }

    #[test]
    #[should_panic(expected = "not a guest field of this width")]
    fn a_control_is_no_guest_state() {
        Field::<u32>::guest(0x4000);
    }

    #[test]
    #[should_panic(expected = "not a control of this width")]
    fn widths_are_checked() {
        Field::<u64>::control(0x4000);
    }

    #[test]
    #[should_panic(expected = "not a read-only field")]
    fn host_state_has_no_type() {
        ExitField::<Natural>::new(0x6c02);
    }
}
