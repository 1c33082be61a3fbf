// SPDX-License-Identifier: BSD-2-Clause
//! Where QEMU's intel-iommu (10.0) does something else than the specification, and the model, say.
//! Everything else has to agree.

use vtd::Fault;
use vtd_sequences::Dma;

/// A known difference.
#[derive(Debug)]
pub struct Difference {
    /// What QEMU does.
    pub what: &'static str,
    /// Whether it explains what was found where something was expected.
    explains: fn(&Situation) -> bool,
}

/// A record of a fault that is not the expected one.
#[derive(Debug)]
pub struct Situation {
    /// The request, if it was DMA.
    pub dma: Option<Dma>,
    /// The device has reached memory before.
    pub cached: bool,
    /// What should be recorded.
    pub expected: Option<Fault>,
    /// What is.
    pub found: Option<Fault>,
}

/// All of them.
pub const KNOWN: [Difference; 1] = [
    // `vtd_do_iommu_translate` returns the rights of a translation that it finds in its IOTLB, and
    // does not report that they do not suffice. The access is stopped nevertheless.
    Difference {
        what: "lack of a right is not recorded if the translation is cached",
        explains: |situation| {
            let granted = situation.dma.is_some_and(|dma| dma.granted);
            granted
                && situation.cached
                && situation.found.is_none()
                && situation.stopped_by_rights()
        },
    },
];

/// The cases of broken tables that QEMU takes for something else, and what it does.
pub const BROKEN: [(&str, &str); 2] = [
    // `vtd_qualified_faults` has no line for reason 0x0b, so that FPD does not count for it.
    (
        "a reserved bit of a silent context entry",
        "reserved bits in a context entry are recorded also if the entry is silent",
    ),
    // `vtd_irte_get` takes the upper byte for the last bus; §9.10 and Linux's
    // `set_irte_verify_bus` have the first one there.
    (
        "an entry for buses 0 to 1",
        "the first and the last bus of a range are the other way round",
    ),
];

impl Situation {
    fn stopped_by_rights(&self) -> bool {
        self.expected
            .is_some_and(|fault| matches!(fault.reason, 5 | 6))
    }

    /// The known difference that explains it.
    pub fn explained(&self) -> Option<usize> {
        KNOWN.iter().position(|known| (known.explains)(self))
    }
}
