// SPDX-License-Identifier: BSD-2-Clause
//! Where what is in the memory that the driver shares with the controller.

use nvme::DMA_BYTES;

use crate::ring::{COMPLETION_BYTES, DEPTH, ENTRIES, SUBMISSION_BYTES};
use crate::transfer::MAX_BYTES;

/// A page as the controller is told to see memory (CC.MPS = 0).
pub(crate) const PAGE: usize = 4096;
/// Bytes of a list of pages for the longest transfer. The first page is not in the list, but a
/// transfer that starts inside a page touches one more.
pub(crate) const LIST_BYTES: usize = MAX_BYTES as usize / PAGE * 8;

/// Behind what the admin queue needs.
pub(crate) const SUBMISSIONS: usize = DMA_BYTES;
pub(crate) const COMPLETIONS: usize = SUBMISSIONS + PAGE;
const LISTS: usize = COMPLETIONS + PAGE;

/// How much memory the driver needs, for queues and lists of pages. Data lies elsewhere.
pub const IO_DMA_BYTES: usize = LISTS + (DEPTH * LIST_BYTES).next_multiple_of(PAGE);

const _: () = assert!(ENTRIES as usize * SUBMISSION_BYTES <= PAGE);
const _: () = assert!(ENTRIES as usize * COMPLETION_BYTES <= PAGE);
// A list must not cross a page: its last entry would be taken for a pointer to more (§4.3).
const _: () = assert!(PAGE.is_multiple_of(LIST_BYTES));

/// The list of the command in this slot.
pub(crate) const fn list(slot: usize) -> usize {
    LISTS + slot * LIST_BYTES
}
