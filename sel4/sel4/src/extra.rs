// SPDX-License-Identifier: BSD-2-Clause
//! Records behind the boot information: a header of id and length, then the content.

/// Bytes of a header: id and length, a word each.
const HEADER: usize = 16;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootInfoExtraId {
    /// Fills a page up.
    Padding,
    /// VESA BIOS information.
    X86Vbe,
    /// Memory map of the boot loader.
    X86Mbmmap,
    /// Copy of the ACPI root pointer.
    X86AcpiRsdp,
    /// Framebuffer of the boot loader.
    X86FrameBuffer,
    /// Frequency of the time stamp counter.
    X86TscFreq,
    /// Flattened device tree.
    Fdt,
}

impl BootInfoExtraId {
    const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Padding),
            1 => Some(Self::X86Vbe),
            2 => Some(Self::X86Mbmmap),
            3 => Some(Self::X86AcpiRsdp),
            4 => Some(Self::X86FrameBuffer),
            5 => Some(Self::X86TscFreq),
            6 => Some(Self::Fdt),
            _ => None,
        }
    }
}

/// A record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootInfoExtra<'a> {
    /// What it is about.
    pub id: BootInfoExtraId,
    /// Header and content.
    pub content_with_header: &'a [u8],
}

impl BootInfoExtra<'_> {
    /// Header and content.
    pub fn content_with_header(&self) -> &[u8] {
        self.content_with_header
    }

    /// The content.
    pub fn content(&self) -> &[u8] {
        &self.content_with_header[HEADER..]
    }
}

/// Iterates over records, skipping padding and ids that this crate does not know. It ends at
/// the first record whose length is impossible.
#[derive(Debug, Clone)]
pub struct BootInfoExtraIter<'a> {
    rest: &'a [u8],
}

impl<'a> BootInfoExtraIter<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for BootInfoExtraIter<'a> {
    type Item = BootInfoExtra<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (header, _) = self.rest.split_first_chunk::<HEADER>()?;
            let (id, len) = header.split_at(8);
            let id = u64::from_le_bytes(id.try_into().ok()?);
            let len = usize::try_from(u64::from_le_bytes(len.try_into().ok()?)).ok()?;
            if len < HEADER || len > self.rest.len() {
                self.rest = &[];
                return None;
            }
            let (content_with_header, rest) = self.rest.split_at(len);
            self.rest = rest;
            match BootInfoExtraId::from_number(id) {
                None | Some(BootInfoExtraId::Padding) => (),
                Some(id) => {
                    return Some(BootInfoExtra {
                        id,
                        content_with_header,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(id: u64, len: u64, content: &[u8]) -> Vec<u8> {
        [&id.to_le_bytes()[..], &len.to_le_bytes(), content].concat()
    }

    #[test]
    fn padding_and_unknown_ids_are_skipped() {
        let bytes = [
            record(0, 24, &[0; 8]),
            record(5, 20, &[1, 2, 3, 4]),
            record(99, 16, &[]),
            record(3, 17, &[9]),
        ]
        .concat();
        let found: Vec<_> = BootInfoExtraIter::new(&bytes).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].id, BootInfoExtraId::X86TscFreq);
        assert_eq!(found[0].content(), [1, 2, 3, 4]);
        assert_eq!(found[0].content_with_header().len(), 20);
        assert_eq!(
            (found[1].id, found[1].content()),
            (BootInfoExtraId::X86AcpiRsdp, &[9][..])
        );
    }

    #[test]
    fn impossible_lengths_end_the_list() {
        for len in [0, 15, 17, u64::MAX] {
            let bytes = [record(3, len, &[]), record(3, 16, &[])].concat();
            let ids = BootInfoExtraIter::new(&bytes).count();
            assert_eq!(ids, usize::from(len == 17), "length {len}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for extra in BootInfoExtraIter::new(&bytes) {
                prop_assert!(extra.content().len() + HEADER <= bytes.len());
            }
        }
    }
}
