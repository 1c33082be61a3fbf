// SPDX-License-Identifier: BSD-2-Clause
//! The guest's memory, one for each thread. A driver's buffers are copied into it and back.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr::NonNull;

use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE, PhysAddr};
use vmm_base::{Gpa, GuestRam};

const MEMORY: usize = 16 << 20;

struct Memory {
    first: NonNull<u8>,
    next: u64,
    /// What was given back, by size.
    free: HashMap<usize, Vec<u64>>,
}

thread_local! {
    static MEMORY_OF_THREAD: RefCell<Memory> = RefCell::new(Memory {
        // Never freed. Page-aligned, so a page's worth is left out at the front.
        first: {
            let words = Box::leak(vec![0u64; (MEMORY + PAGE_SIZE) / 8].into_boxed_slice());
            let at = words.as_mut_ptr().cast::<u8>();
            NonNull::new(at.wrapping_add(at.align_offset(PAGE_SIZE))).expect("an address")
        },
        // 0 is no address to the drivers.
        next: PAGE_SIZE as u64,
        free: HashMap::new(),
    });
}

/// The memory, for a device.
pub fn ram() -> GuestRam<'static> {
    let first = MEMORY_OF_THREAD.with_borrow(|memory| memory.first);
    // SAFETY: it is there for ever; drivers and devices use it from one thread, in turn.
    unsafe { GuestRam::new(first, MEMORY) }
}

fn take(size: usize) -> u64 {
    MEMORY_OF_THREAD.with_borrow_mut(|memory| {
        if let Some(at) = memory.free.entry(size).or_default().pop() {
            return at;
        }
        let at = memory.next;
        memory.next += size as u64;
        assert!(memory.next <= MEMORY as u64, "the guest is out of memory");
        at
    })
}

fn give_back(at: u64, size: usize) {
    MEMORY_OF_THREAD.with_borrow_mut(|memory| {
        memory.free.entry(size).or_default().push(at);
    });
}

/// The guest, to the drivers.
pub struct Guest;

// SAFETY: `take` gives each piece of the memory to one user at a time; pages are aligned as the
// memory is, since all sizes are whole pages.
unsafe impl Hal for Guest {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let at = take(pages * PAGE_SIZE);
        ram().clear(Gpa(at), pages * PAGE_SIZE).expect("inside");
        let first = MEMORY_OF_THREAD.with_borrow(|memory| memory.first);
        // SAFETY: it is inside.
        (at, unsafe { first.add(at as usize) })
    }

    unsafe fn dma_dealloc(at: PhysAddr, _: NonNull<u8>, pages: usize) -> i32 {
        give_back(at, pages * PAGE_SIZE);
        0
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        unreachable!("the transport has no registers in memory")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        let at = take(buffer.len().next_multiple_of(PAGE_SIZE));
        // SAFETY: the caller says that nobody else uses the buffer.
        let bytes = unsafe { buffer.as_ref() };
        ram().write(Gpa(at), bytes).expect("inside");
        at
    }

    unsafe fn unshare(at: PhysAddr, mut buffer: NonNull<[u8]>, direction: BufferDirection) {
        if direction != BufferDirection::DriverToDevice {
            // SAFETY: as in `share`.
            let bytes = unsafe { buffer.as_mut() };
            ram().read(Gpa(at), bytes).expect("inside");
        }
        give_back(at, buffer.len().next_multiple_of(PAGE_SIZE));
    }
}
