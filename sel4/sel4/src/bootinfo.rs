// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel tells the initial thread: a packed structure in a page of its own.

use core::ops::Deref;

use zerocopy::{FromBytes, little_endian::U64};

use crate::{BootInfoExtraIter, IpcBuffer, UntypedDesc, Word, cap_type, init_thread::SlotRegion};

/// The structure's page.
const PAGE: usize = 4096;

/// Where the kernel put the boot information, with what follows it.
#[derive(Debug, Clone, Copy)]
pub struct BootInfoPtr {
    ptr: *const BootInfo,
}

impl BootInfoPtr {
    /// Wraps the kernel's pointer.
    ///
    /// # Safety
    ///
    /// `ptr` is what the kernel gave the initial thread, and nobody unmaps or writes the pages.
    pub const unsafe fn new(ptr: *const BootInfo) -> Self {
        Self { ptr }
    }

    /// The pointer.
    pub const fn ptr(&self) -> *const BootInfo {
        self.ptr
    }

    /// Records that follow the structure, such as the framebuffer's.
    pub fn extra(&self) -> BootInfoExtraIter<'_> {
        BootInfoExtraIter::new(self.extra_bytes())
    }

    /// Bytes of the structure's page and what follows it.
    pub fn footprint_size(&self) -> usize {
        PAGE + self.extra_len()
    }

    fn extra_bytes(&self) -> &[u8] {
        // SAFETY: the kernel maps `extra_len` bytes right behind the structure's page.
        unsafe { core::slice::from_raw_parts(self.ptr.cast::<u8>().add(PAGE), self.extra_len()) }
    }
}

impl Deref for BootInfoPtr {
    type Target = BootInfo;

    fn deref(&self) -> &BootInfo {
        // SAFETY: `new` demands a valid page; any bytes are a valid `BootInfo`.
        unsafe { &*self.ptr }
    }
}

/// The kernel's boot information (`seL4_BootInfo`).
#[derive(Debug)]
#[repr(transparent)]
pub struct BootInfo([u8; PAGE]);

/// Offsets of the fields. The structure is packed: nothing after the CNode's size is aligned.
mod offset {
    pub(super) const EXTRA_LEN: usize = 0;
    pub(super) const NODE_ID: usize = 8;
    pub(super) const NUM_NODES: usize = 16;
    pub(super) const IPC_BUFFER: usize = 32;
    pub(super) const EMPTY: usize = 40;
    pub(super) const USER_IMAGE_FRAMES: usize = 72;
    pub(super) const USER_IMAGE_PAGING: usize = 88;
    pub(super) const CNODE_SIZE_BITS: usize = 136;
    pub(super) const TSC_MHZ: usize = 145;
    pub(super) const UNTYPED: usize = 153;
    pub(super) const UNTYPED_LIST: usize = 169;
}

impl BootInfo {
    /// The structure from the bytes of its page.
    pub const fn from_bytes(bytes: [u8; PAGE]) -> Self {
        Self(bytes)
    }

    /// Bytes of the records behind the structure's page.
    pub fn extra_len(&self) -> usize {
        self.word(offset::EXTRA_LEN) as usize
    }

    /// The core that the initial thread runs on.
    pub fn node_id(&self) -> Word {
        self.word(offset::NODE_ID)
    }

    /// Number of cores that the kernel runs on.
    pub fn num_nodes(&self) -> Word {
        self.word(offset::NUM_NODES)
    }

    /// The initial thread's IPC buffer.
    pub fn ipc_buffer(&self) -> *mut IpcBuffer {
        self.word(offset::IPC_BUFFER) as *mut IpcBuffer
    }

    /// Slots that are empty.
    pub fn empty(&self) -> SlotRegion<cap_type::Null> {
        self.region(offset::EMPTY)
    }

    /// Frames of the initial thread's program, in the order of their addresses.
    pub fn user_image_frames(&self) -> SlotRegion<cap_type::Granule> {
        self.region(offset::USER_IMAGE_FRAMES)
    }

    /// Page tables of the initial thread.
    pub fn user_image_paging(
        &self,
    ) -> SlotRegion<cap_type::UnspecifiedIntermediateTranslationTable> {
        self.region(offset::USER_IMAGE_PAGING)
    }

    /// Base-two logarithm of the slots of the initial thread's CNode.
    pub fn cnode_size_bits(&self) -> usize {
        self.0[offset::CNODE_SIZE_BITS].into()
    }

    /// Frequency of the time stamp counter in MHz, as the kernel measured it.
    pub fn tsc_mhz(&self) -> Word {
        self.word(offset::TSC_MHZ)
    }

    /// Slots of all untypeds.
    pub fn untyped(&self) -> SlotRegion<cap_type::Untyped> {
        self.region(offset::UNTYPED)
    }

    /// What the untypeds of [`untyped`](Self::untyped) are, in the same order.
    pub fn untyped_list(&self) -> &[UntypedDesc] {
        let list = &self.0[offset::UNTYPED_LIST..];
        let room = list.len() / size_of::<UntypedDesc>();
        let count = self.untyped().len().min(room);
        let bytes = &list[..count * size_of::<UntypedDesc>()];
        <[UntypedDesc]>::ref_from_bytes(bytes).expect("whole descriptors of alignment 1")
    }

    fn word(&self, offset: usize) -> Word {
        let (word, _) = U64::read_from_prefix(&self.0[offset..]).expect("offsets are in the page");
        word.get()
    }

    fn region<T: crate::CapType>(&self, offset: usize) -> SlotRegion<T> {
        SlotRegion::from_range(self.word(offset) as usize..self.word(offset + 8) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> [u8; PAGE] {
        let mut page = [0; PAGE];
        let mut put = |offset: usize, word: u64| {
            page[offset..offset + 8].copy_from_slice(&word.to_le_bytes());
        };
        put(0, 32);
        put(16, 2);
        put(32, 0x40_0000);
        put(40, 500);
        put(48, 1 << 19);
        put(72, 12);
        put(80, 200);
        put(145, 2400);
        put(153, 300);
        put(161, 302);
        put(169, 0xfed0_0000);
        put(181, 0x10_0000);
        page[136] = 19;
        page[169 + 10] = 20;
        page[169 + 11] = 1;
        page[181 + 10] = 22;
        page
    }

    #[test]
    fn fields_are_read_where_the_kernel_packs_them() {
        let info = BootInfo::from_bytes(page());
        assert_eq!(
            (info.extra_len(), info.num_nodes(), info.node_id()),
            (32, 2, 0)
        );
        assert_eq!(info.ipc_buffer() as usize, 0x40_0000);
        assert_eq!(info.empty().range(), 500..1 << 19);
        assert_eq!(info.user_image_frames().range(), 12..200);
        assert_eq!((info.cnode_size_bits(), info.tsc_mhz()), (19, 2400));
        let untypeds = info.untyped_list();
        assert_eq!(untypeds.len(), 2);
        assert_eq!(
            (untypeds[0].paddr(), untypeds[0].size_bits()),
            (0xfed0_0000, 20)
        );
        assert!(untypeds[0].is_device());
        assert_eq!(
            (untypeds[1].paddr(), untypeds[1].size_bits()),
            (0x10_0000, 22)
        );
        assert!(!untypeds[1].is_device());
    }

    #[test]
    fn a_list_longer_than_the_page_is_cut() {
        let mut page = page();
        page[161..169].copy_from_slice(&u64::MAX.to_le_bytes());
        let list = BootInfo::from_bytes(page);
        assert_eq!(list.untyped_list().len(), (PAGE - 169) / 12);
    }

    #[test]
    fn records_follow_the_page() {
        let mut bytes = page().to_vec();
        bytes.extend([1u64, 32, 0xaa, 0xbb].map(u64::to_le_bytes).concat());
        // SAFETY: the vector holds the page and `extra_len` bytes behind it, and outlives `info`.
        let info = unsafe { BootInfoPtr::new(bytes.as_ptr().cast()) };
        assert_eq!(info.footprint_size(), PAGE + 32);
        let extra: Vec<_> = info.extra().collect();
        assert_eq!(extra.len(), 1);
        assert_eq!(extra[0].content().len(), 16);
    }
}
