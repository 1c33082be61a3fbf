// SPDX-License-Identifier: BSD-2-Clause
//! A guest whose virtual CPU and memory the test holds.

use core::ptr::NonNull;

use sel4::init_thread::slot;
use sel4::{
    Cap, CapRights, CapTypeForFrameObject, ObjectBlueprintX64, ObjectBlueprintX86, VmAttributes,
    cap,
};
use sel4_test::Failure;
use sel4_vcpu::{Context, Exit, Vcpu};
use test_guests::{Lab, MEMORY, Memory, Mode};

use crate::world::{LARGE_PAGE, PAGE, World};

const PAGES: usize = MEMORY / PAGE;

/// Extended page tables for guest-physical memory up to 1 GiB.
#[derive(Clone, Copy)]
pub struct Tables(cap::EPTPML4);

impl Tables {
    /// Tables below a root, which belongs to this pool from now on, with nothing in them.
    pub fn new(world: &mut World, root: cap::EPTPML4, pool: cap::AsidPool) -> sel4::Result<Self> {
        let none = VmAttributes::EPT_DEFAULT;
        pool.asid_pool_assign(root.cast())?;
        let pdpt: cap::EPTPDPT = world.make(ObjectBlueprintX64::EPTPDPT)?;
        pdpt.eptpdpt_map(root, 0, none)?;
        let directory: cap::EPTPageDirectory = world.make(ObjectBlueprintX86::EPTPageDirectory)?;
        directory.ept_page_directory_map(root, 0, none)?;
        Ok(Self(root))
    }

    /// Maps a frame for the guest.
    pub fn map<T: CapTypeForFrameObject>(&self, frame: Cap<T>, at: usize) -> sel4::Result<()> {
        let rights = CapRights::read_write();
        frame.ept_frame_map(self.0, at, rights, VmAttributes::EPT_DEFAULT)
    }
}

/// A guest.
pub struct Guest {
    /// Its virtual CPU and memory.
    pub lab: Lab,
    /// The capability to the former.
    pub vcpu: cap::VCpu,
    /// Its extended page tables.
    pub tables: Tables,
    /// Capabilities by which its pages are mapped for it; for the test they are by others.
    pub pages: [cap::Granule; PAGES],
}

impl Guest {
    /// A guest of this thread.
    pub fn new(world: &mut World, thread: cap::Tcb) -> sel4::Result<Self> {
        let vcpu = world.make(ObjectBlueprintX86::VCpu)?;
        Self::with_vcpu(world, thread, vcpu)
    }

    /// A guest of this thread, with a virtual CPU that was made.
    pub fn with_vcpu(world: &mut World, thread: cap::Tcb, vcpu: cap::VCpu) -> sel4::Result<Self> {
        let root = world.make(ObjectBlueprintX64::EPTPML4)?;
        let tables = Tables::new(world, root, slot::ASID_POOL.cap())?;
        Self::with_tables(world, thread, vcpu, tables)
    }

    /// A guest of this thread, with virtual CPU and tables that were made.
    pub fn with_tables(
        world: &mut World,
        thread: cap::Tcb,
        vcpu: cap::VCpu,
        tables: Tables,
    ) -> sel4::Result<Self> {
        let table: cap::EPTPageTable = world.make(ObjectBlueprintX86::EPTPageTable)?;
        table.ept_page_table_map(tables.0, 0, VmAttributes::EPT_DEFAULT)?;
        let (frames, memory) = small_pages(world)?;
        let mut pages = frames;
        for (n, page) in pages.iter_mut().enumerate() {
            *page = world.copy(*page)?;
            tables.map(*page, n * PAGE)?;
        }
        let guest = Self {
            lab: Lab::new(Vcpu::of(vcpu), memory),
            vcpu,
            tables,
            pages,
        };
        guest.give(thread)?;
        Ok(guest)
    }

    /// Makes it the guest of this thread.
    pub fn give(&self, thread: cap::Tcb) -> sel4::Result<()> {
        self.vcpu.vcpu_set_tcb(thread)?;
        thread.tcb_set_ept_root(self.tables.0)
    }

    /// Loads a program for 64-bit mode that interrupts reach. (Without that flag Bochs keeps them
    /// from the host as well.)
    pub fn load(&mut self, program: &[u8]) -> sel4::Result<Context> {
        const INTERRUPT_FLAG: u64 = 1 << 9;
        let mut context = self.lab.load(Mode::Long, program)?;
        context.rflags |= INTERRUPT_FLAG;
        let rflags = sel4_vcpu::field::guest::RFLAGS;
        self.lab.vcpu.write(rflags, context.rflags)?;
        Ok(context)
    }

    /// Runs it on the initial thread.
    pub fn run(&self, context: &mut Context) -> Result<Exit, Failure> {
        run(&self.lab, context)
    }
}

/// Runs a guest of the initial thread.
pub fn run(lab: &Lab, context: &mut Context) -> Result<Exit, Failure> {
    match lab.run(context) {
        Some(exit) => Ok(exit),
        None => sel4_test::fail!("the thread has no virtual CPU"),
    }
}

/// A virtual CPU of the initial thread, with memory that no guest reaches: since the world was
/// renewed, the thread has no extended page tables.
pub fn without_tables(world: &mut World) -> sel4::Result<Lab> {
    let vcpu: cap::VCpu = world.make(ObjectBlueprintX86::VCpu)?;
    vcpu.vcpu_set_tcb(slot::TCB.cap())?;
    let (_, memory) = small_pages(world)?;
    Ok(Lab::new(Vcpu::of(vcpu), memory))
}

/// A guest of the initial thread in one large page, and the capability by which that is mapped for
/// it.
pub fn large(world: &mut World) -> sel4::Result<(Lab, cap::LargePage)> {
    let vcpu: cap::VCpu = world.make(ObjectBlueprintX86::VCpu)?;
    let root = world.make(ObjectBlueprintX64::EPTPML4)?;
    let tables = Tables::new(world, root, slot::ASID_POOL.cap())?;
    let frame: cap::LargePage = world.make(ObjectBlueprintX86::LargePage)?;
    let start = world.map_large(frame)?;
    let page = world.copy(frame)?;
    tables.map(page, 0)?;
    vcpu.vcpu_set_tcb(slot::TCB.cap())?;
    slot::TCB.cap().tcb_set_ept_root(root)?;
    let region = NonNull::slice_from_raw_parts(start, LARGE_PAGE);
    // SAFETY: the page is mapped there, and a test does not outlive it.
    let memory = unsafe { Memory::new(region) };
    Ok((Lab::new(Vcpu::of(vcpu), memory), page))
}

/// Frames, mapped for the test.
fn small_pages(world: &mut World) -> sel4::Result<([cap::Granule; PAGES], Memory)> {
    let mut frames = [Cap::from_bits(0); PAGES];
    let first = world.next();
    for frame in &mut frames {
        *frame = world.make(ObjectBlueprintX86::_4k)?;
        world.map(*frame)?;
    }
    let region = NonNull::slice_from_raw_parts(first, MEMORY);
    // SAFETY: the world maps one page behind the other, and a test does not outlive them.
    let memory = unsafe { Memory::new(region) };
    Ok((frames, memory))
}
