// SPDX-License-Identifier: BSD-2-Clause
//! The fields of a VMCS that the shim has (SDM vol. 3 appendix B), and where it keeps them.

/// A field, by its place among all fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field(u8);

macro_rules! fields {
    ($($name:ident = $encoding:literal,)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Slot { $($name,)* }

        #[allow(missing_docs)]
        impl Field {
            $(pub const $name: Self = Self(Slot::$name as u8);)*
        }

        /// The encodings, in ascending order; a field's slot is its place.
        const ENCODINGS: &[u16] = &[$($encoding,)*];
    };
}

fields! {
    VPID = 0x0000,
    POSTED_VECTOR = 0x0002,
    ES_SELECTOR = 0x0800,
    CS_SELECTOR = 0x0802,
    SS_SELECTOR = 0x0804,
    DS_SELECTOR = 0x0806,
    FS_SELECTOR = 0x0808,
    GS_SELECTOR = 0x080a,
    LDTR_SELECTOR = 0x080c,
    TR_SELECTOR = 0x080e,
    INTERRUPT_STATUS = 0x0810,
    HOST_ES_SELECTOR = 0x0c00,
    HOST_CS_SELECTOR = 0x0c02,
    HOST_SS_SELECTOR = 0x0c04,
    HOST_DS_SELECTOR = 0x0c06,
    HOST_FS_SELECTOR = 0x0c08,
    HOST_GS_SELECTOR = 0x0c0a,
    HOST_TR_SELECTOR = 0x0c0c,
    IO_BITMAP_A = 0x2000,
    IO_BITMAP_B = 0x2002,
    MSR_BITMAP = 0x2004,
    EXIT_MSR_STORE = 0x2006,
    EXIT_MSR_LOAD = 0x2008,
    ENTRY_MSR_LOAD = 0x200a,
    EXECUTIVE_VMCS = 0x200c,
    TSC_OFFSET = 0x2010,
    VIRTUAL_APIC = 0x2012,
    APIC_ACCESS = 0x2014,
    POSTED_DESCRIPTOR = 0x2016,
    EPT_POINTER = 0x201a,
    EOI_EXIT_0 = 0x201c,
    EOI_EXIT_1 = 0x201e,
    EOI_EXIT_2 = 0x2020,
    EOI_EXIT_3 = 0x2022,
    GUEST_PHYSICAL = 0x2400,
    LINK = 0x2800,
    DEBUGCTL = 0x2802,
    PAT = 0x2804,
    EFER = 0x2806,
    PDPTE_0 = 0x280a,
    PDPTE_1 = 0x280c,
    PDPTE_2 = 0x280e,
    PDPTE_3 = 0x2810,
    HOST_PAT = 0x2c00,
    HOST_EFER = 0x2c02,
    PIN = 0x4000,
    PRIMARY = 0x4002,
    EXCEPTION_BITMAP = 0x4004,
    PAGE_FAULT_MASK = 0x4006,
    PAGE_FAULT_MATCH = 0x4008,
    CR3_TARGETS = 0x400a,
    EXIT = 0x400c,
    EXIT_MSR_STORE_COUNT = 0x400e,
    EXIT_MSR_LOAD_COUNT = 0x4010,
    ENTRY = 0x4012,
    ENTRY_MSR_LOAD_COUNT = 0x4014,
    ENTRY_EVENT = 0x4016,
    ENTRY_ERROR = 0x4018,
    ENTRY_LENGTH = 0x401a,
    TPR_THRESHOLD = 0x401c,
    SECONDARY = 0x401e,
    PAUSE_GAP = 0x4020,
    PAUSE_WINDOW = 0x4022,
    INSTRUCTION_ERROR = 0x4400,
    REASON = 0x4402,
    EXIT_EVENT = 0x4404,
    EXIT_ERROR = 0x4406,
    VECTORING = 0x4408,
    VECTORING_ERROR = 0x440a,
    LENGTH = 0x440c,
    INFORMATION = 0x440e,
    ES_LIMIT = 0x4800,
    CS_LIMIT = 0x4802,
    SS_LIMIT = 0x4804,
    DS_LIMIT = 0x4806,
    FS_LIMIT = 0x4808,
    GS_LIMIT = 0x480a,
    LDTR_LIMIT = 0x480c,
    TR_LIMIT = 0x480e,
    GDTR_LIMIT = 0x4810,
    IDTR_LIMIT = 0x4812,
    ES_RIGHTS = 0x4814,
    CS_RIGHTS = 0x4816,
    SS_RIGHTS = 0x4818,
    DS_RIGHTS = 0x481a,
    FS_RIGHTS = 0x481c,
    GS_RIGHTS = 0x481e,
    LDTR_RIGHTS = 0x4820,
    TR_RIGHTS = 0x4822,
    INTERRUPTIBILITY = 0x4824,
    ACTIVITY = 0x4826,
    SMBASE = 0x4828,
    SYSENTER_CS = 0x482a,
    PREEMPTION_TIMER = 0x482e,
    HOST_SYSENTER_CS = 0x4c00,
    CR0_MASK = 0x6000,
    CR4_MASK = 0x6002,
    CR0_SHADOW = 0x6004,
    CR4_SHADOW = 0x6006,
    CR3_TARGET_0 = 0x6008,
    CR3_TARGET_1 = 0x600a,
    CR3_TARGET_2 = 0x600c,
    CR3_TARGET_3 = 0x600e,
    QUALIFICATION = 0x6400,
    IO_RCX = 0x6402,
    IO_RSI = 0x6404,
    IO_RDI = 0x6406,
    IO_RIP = 0x6408,
    LINEAR = 0x640a,
    CR0 = 0x6800,
    CR3 = 0x6802,
    CR4 = 0x6804,
    ES_BASE = 0x6806,
    CS_BASE = 0x6808,
    SS_BASE = 0x680a,
    DS_BASE = 0x680c,
    FS_BASE = 0x680e,
    GS_BASE = 0x6810,
    LDTR_BASE = 0x6812,
    TR_BASE = 0x6814,
    GDTR_BASE = 0x6816,
    IDTR_BASE = 0x6818,
    DR7 = 0x681a,
    RSP = 0x681c,
    RIP = 0x681e,
    RFLAGS = 0x6820,
    PENDING_DEBUG = 0x6822,
    SYSENTER_ESP = 0x6824,
    SYSENTER_EIP = 0x6826,
    HOST_CR0 = 0x6c00,
    HOST_CR3 = 0x6c02,
    HOST_CR4 = 0x6c04,
    HOST_FS_BASE = 0x6c06,
    HOST_GS_BASE = 0x6c08,
    HOST_TR_BASE = 0x6c0a,
    HOST_GDTR_BASE = 0x6c0c,
    HOST_IDTR_BASE = 0x6c0e,
    HOST_SYSENTER_ESP = 0x6c10,
    HOST_SYSENTER_EIP = 0x6c12,
    HOST_RSP = 0x6c14,
    HOST_RIP = 0x6c16,
}

/// Most places that a field can have; with the header they fit into a page.
pub const SLOTS: usize = ENCODINGS.len();

/// The highest index of any field, as IA32_VMX_VMCS_ENUM has it (SDM A.9).
pub const HIGHEST_INDEX: u64 = 0x17;

impl Field {
    /// The field with this encoding, and whether the encoding means its upper half only.
    pub fn find(encoding: u64) -> Option<(Self, bool)> {
        let encoding = u16::try_from(encoding).ok()?;
        let upper = encoding & 1 != 0;
        let slot = ENCODINGS.binary_search(&(encoding & !1)).ok()?;
        let field = Self(slot as u8);
        (!upper || field.width() == Width::Quad).then_some((field, upper))
    }

    /// Its place.
    pub const fn slot(self) -> usize {
        self.0 as usize
    }

    /// The field `steps` further on in a group of fields for ES, CS, SS, DS, FS, GS, LDTR, TR.
    pub const fn segment(self, number: usize) -> Self {
        Self(self.0 + number as u8)
    }

    const fn encoding(self) -> u16 {
        ENCODINGS[self.0 as usize]
    }

    /// How wide it is.
    pub const fn width(self) -> Width {
        match self.encoding() >> 13 & 3 {
            0 => Width::Half,
            1 => Width::Quad,
            2 => Width::Single,
            _ => Width::Natural,
        }
    }

    /// Do only exits write it?
    pub const fn is_read_only(self) -> bool {
        self.encoding() >> 10 & 3 == 1
    }
}

/// The width of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 16 bits.
    Half,
    /// 32 bits.
    Single,
    /// 64 bits, with an encoding of its own for the upper half.
    Quad,
    /// 64 bits on this CPU.
    Natural,
}

impl Width {
    /// The bits of a value that a field of this width has.
    pub const fn mask(self) -> u64 {
        match self {
            Self::Half => 0xffff,
            Self::Single => 0xffff_ffff,
            Self::Quad | Self::Natural => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_by_encoding() {
        assert!(ENCODINGS.is_sorted());
        for (slot, encoding) in ENCODINGS.iter().enumerate() {
            let (field, upper) = Field::find(u64::from(*encoding)).expect("has a slot");
            assert_eq!((field.slot(), upper), (slot, false));
        }
        assert_eq!(Field::find(0x6c16), Some((Field::HOST_RIP, false)));
        assert_eq!(Field::find(0x2013), Some((Field::VIRTUAL_APIC, true)));
        for absent in [0x2018, 0x4001, 0x6801, 0x7fff, 0x1_0000, u64::MAX] {
            assert_eq!(Field::find(absent), None, "{absent:#x}");
        }
    }

    #[test]
    fn segments_follow_each_other() {
        assert_eq!(Field::ES_RIGHTS.segment(7), Field::TR_RIGHTS);
        assert_eq!(Field::ES_BASE.segment(1), Field::CS_BASE);
        assert_eq!(Field::ES_SELECTOR.segment(6), Field::LDTR_SELECTOR);
        assert_eq!(Field::ES_LIMIT.segment(2), Field::SS_LIMIT);
    }

    #[test]
    fn the_highest_index_is_the_highest() {
        let highest = ENCODINGS.iter().map(|e| u64::from(e >> 1 & 0x1ff)).max();
        assert_eq!(highest, Some(HIGHEST_INDEX));
    }

    #[test]
    fn widths_and_classes() {
        assert_eq!(Field::VPID.width().mask(), 0xffff);
        assert_eq!(Field::PIN.width().mask(), 0xffff_ffff);
        assert!(Field::REASON.is_read_only() && !Field::RIP.is_read_only());
    }
}
