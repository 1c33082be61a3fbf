// SPDX-License-Identifier: BSD-2-Clause
//! The word that describes a message: label, capabilities, length.

use crate::Word;

const LENGTH_BITS: u32 = 7;
const EXTRA_CAPS_BITS: u32 = 2;
const CAPS_UNWRAPPED_BITS: u32 = 3;
const LABEL_BITS: u32 = 20;

const EXTRA_CAPS_SHIFT: u32 = LENGTH_BITS;
const CAPS_UNWRAPPED_SHIFT: u32 = EXTRA_CAPS_SHIFT + EXTRA_CAPS_BITS;
const LABEL_SHIFT: u32 = CAPS_UNWRAPPED_SHIFT + CAPS_UNWRAPPED_BITS;

/// Describes a message (`seL4_MessageInfo`).
///
/// Layout of this kernel: bits 0–6 length in words, 7–8 number of extra capabilities, 9–11 which
/// capabilities were unwrapped, 12–31 label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageInfo(Word);

impl MessageInfo {
    /// Makes a message info.
    ///
    /// # Panics
    ///
    /// When a value does not fit its field: `label` 20 bits, `caps_unwrapped` 3, `extra_caps` 2,
    /// `length` 7. (The kernel takes lengths up to [`NUM_MESSAGE_REGISTERS`], a smaller number.)
    ///
    /// [`NUM_MESSAGE_REGISTERS`]: crate::NUM_MESSAGE_REGISTERS
    pub const fn new(label: Word, caps_unwrapped: usize, extra_caps: usize, length: usize) -> Self {
        assert!(
            label < 1 << LABEL_BITS,
            "message label is wider than 20 bits"
        );
        assert!(caps_unwrapped < 1 << CAPS_UNWRAPPED_BITS);
        assert!(extra_caps < 1 << EXTRA_CAPS_BITS);
        assert!(
            length < 1 << LENGTH_BITS,
            "message is longer than 127 words"
        );
        Self(
            label << LABEL_SHIFT
                | (caps_unwrapped as Word) << CAPS_UNWRAPPED_SHIFT
                | (extra_caps as Word) << EXTRA_CAPS_SHIFT
                | length as Word,
        )
    }

    /// The info with this raw word, as the kernel delivered it.
    pub const fn from_inner(word: Word) -> Self {
        Self(word)
    }

    /// The raw word.
    pub const fn into_inner(self) -> Word {
        self.0
    }

    /// What the message is: agreed between the two sides; in a reply of the kernel the error.
    pub const fn label(&self) -> Word {
        self.field(LABEL_SHIFT, LABEL_BITS)
    }

    /// How many bits a label has.
    pub const fn label_width() -> usize {
        LABEL_BITS as usize
    }

    /// Bit i is set when the i-th extra capability was delivered as the badge of a known object.
    pub const fn caps_unwrapped(&self) -> usize {
        self.field(CAPS_UNWRAPPED_SHIFT, CAPS_UNWRAPPED_BITS) as usize
    }

    /// How many capabilities travel with the message, 0 to 3.
    pub const fn extra_caps(&self) -> usize {
        self.field(EXTRA_CAPS_SHIFT, EXTRA_CAPS_BITS) as usize
    }

    /// How many words the message has.
    pub const fn length(&self) -> usize {
        self.field(0, LENGTH_BITS) as usize
    }

    const fn field(self, shift: u32, bits: u32) -> Word {
        self.0 >> shift & ((1 << bits) - 1)
    }
}

impl From<MessageInfoBuilder> for MessageInfo {
    fn from(builder: MessageInfoBuilder) -> Self {
        builder.build()
    }
}

/// Makes a [`MessageInfo`] field by field; what is not set is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageInfoBuilder {
    label: Word,
    caps_unwrapped: usize,
    extra_caps: usize,
    length: usize,
}

impl MessageInfoBuilder {
    /// The message info; panics as [`MessageInfo::new`] does.
    pub const fn build(self) -> MessageInfo {
        MessageInfo::new(
            self.label,
            self.caps_unwrapped,
            self.extra_caps,
            self.length,
        )
    }

    /// Sets the label.
    #[must_use]
    pub const fn label(mut self, label: Word) -> Self {
        self.label = label;
        self
    }

    /// Sets the bits of unwrapped capabilities.
    #[must_use]
    pub const fn caps_unwrapped(mut self, caps_unwrapped: usize) -> Self {
        self.caps_unwrapped = caps_unwrapped;
        self
    }

    /// Sets the number of extra capabilities.
    #[must_use]
    pub const fn extra_caps(mut self, extra_caps: usize) -> Self {
        self.extra_caps = extra_caps;
        self
    }

    /// Sets the length in words.
    #[must_use]
    pub const fn length(mut self, length: usize) -> Self {
        self.length = length;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bits_lie_where_the_kernel_has_them() {
        assert_eq!(MessageInfo::new(0, 0, 0, 0x7f).into_inner(), 0x7f);
        assert_eq!(MessageInfo::new(0, 0, 3, 0).into_inner(), 0x180);
        assert_eq!(MessageInfo::new(0, 7, 0, 0).into_inner(), 0xe00);
        assert_eq!(
            MessageInfo::new(0xf_ffff, 0, 0, 0).into_inner(),
            0xffff_f000
        );
        assert_eq!(MessageInfo::label_width(), 20);
    }

    #[test]
    #[should_panic(expected = "wider than 20 bits")]
    fn label_too_wide() {
        let _ = MessageInfo::new(1 << 20, 0, 0, 0);
    }

    #[test]
    #[should_panic(expected = "longer than 127 words")]
    fn length_too_long() {
        let _ = MessageInfoBuilder::default().length(128).build();
    }

    proptest! {
        #[test]
        fn fields_come_back(label in 0u64..1 << 20, unwrapped in 0usize..8, extra in 0usize..4, length in 0usize..128) {
            let info = MessageInfoBuilder::default()
                .label(label)
                .caps_unwrapped(unwrapped)
                .extra_caps(extra)
                .length(length)
                .build();
            prop_assert_eq!(info.label(), label);
            prop_assert_eq!(info.caps_unwrapped(), unwrapped);
            prop_assert_eq!(info.extra_caps(), extra);
            prop_assert_eq!(info.length(), length);
            prop_assert_eq!(MessageInfo::from_inner(info.into_inner()), info);
        }
    }
}
