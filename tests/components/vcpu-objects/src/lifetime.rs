// SPDX-License-Identifier: BSD-2-Clause
//! Virtual CPUs and threads that are deleted or parted.

use core::ptr::NonNull;

use sel4::init_thread::slot;
use sel4::{ObjectBlueprint, ObjectBlueprintX86, cap};
use sel4_test::{Failure, TestResult, check, check_eq, skip};
use sel4_vcpu::{Context, Ended, Exit, Vcpu, reason};
use test_guests::{DATA, program};

use crate::guest::Guest;
use crate::thread::{Answer, Thread};
use crate::world::{PAGE, World, place};

program! {
    calls: "vmcall",
}

program! {
    counts: "2: inc qword ptr [0x6000]", "jmp 2b",
}

/// Base-two logarithm of a virtual CPU's bytes, and of a page's.
const VCPU_BITS: usize = 15;
const PAGE_BITS: usize = 12;

/// Memory of an object that is gone, with something else in it.
struct Reused {
    start: NonNull<u64>,
    words: usize,
}

impl Reused {
    /// Makes frames of all of this memory, of which nothing else is made any more.
    fn new(world: &mut World, memory: cap::Untyped, size_bits: usize) -> Result<Self, Failure> {
        let start = world.next().cast();
        let pages = 1 << (size_bits - PAGE_BITS);
        for _ in 0..pages {
            let frame: cap::Granule = world.make_of(memory, ObjectBlueprintX86::_4k)?;
            world.map(frame)?;
        }
        let words = pages * PAGE / size_of::<u64>();
        let reused = Self { start, words };
        for index in 0..words {
            // SAFETY: it lies in the frames, which the world maps one behind the other.
            unsafe { reused.start.add(index).write_volatile(Self::content(index)) };
        }
        Ok(reused)
    }

    fn content(index: usize) -> u64 {
        0x0123_4567_89ab_cdef ^ index as u64
    }

    /// Nobody has written to it.
    fn check(&self) -> TestResult {
        for index in 0..self.words {
            // SAFETY: as in `new`; volatile, for the kernel may write it.
            let found = unsafe { self.start.add(index).read_volatile() };
            check_eq!(
                found,
                Self::content(index),
                "word {index} of what was deleted"
            );
        }
        Ok(())
    }
}

/// Runs a guest that exits at once, on the initial thread.
fn visit(guest: &mut Guest) -> TestResult {
    let mut context = guest.load(calls())?;
    check_eq!(guest.run(&mut context)?, Exit::Vmcall);
    Ok(())
}

/// The core that it was loaded on has still to know it, and must not.
pub fn a_deleted_vcpu_is_written_no_more(world: &mut World) -> TestResult {
    world.renew()?;
    let mut other = Guest::new(world, slot::TCB.cap())?;
    let memory = world.make(ObjectBlueprint::Untyped {
        size_bits: VCPU_BITS,
    })?;
    let vcpu = world.make_of(memory, ObjectBlueprintX86::VCpu)?;
    visit(&mut Guest::with_vcpu(world, slot::TCB.cap(), vcpu)?)?;
    place(vcpu).delete()?;
    let reused = Reused::new(world, memory, VCPU_BITS)?;
    other.give(slot::TCB.cap())?;
    visit(&mut other)?;
    reused.check()
}

pub fn a_vcpu_that_another_core_deleted_is_written_no_more(world: &mut World) -> TestResult {
    if world.cores() < 2 {
        skip!("one core only");
    }
    world.renew()?;
    let memory = world.make(ObjectBlueprint::Untyped {
        size_bits: VCPU_BITS,
    })?;
    let vcpu = world.make_of(memory, ObjectBlueprintX86::VCpu)?;
    let first = Thread::new(world, 1)?;
    let mut guest = Guest::with_vcpu(world, first.tcb, vcpu)?;
    let second = Thread::new(world, 1)?;
    let mut other = Guest::new(world, second.tcb)?;
    let context = other.load(calls())?;
    exits(world, &first, &guest.load(calls())?)?;
    place(vcpu).delete()?;
    let reused = Reused::new(world, memory, VCPU_BITS)?;
    exits(world, &second, &context)?;
    reused.check()
}

/// Lets a thread enter its guest, which exits at once.
fn exits(world: &World, thread: &Thread, context: &Context) -> TestResult {
    thread.enter(context)?;
    check!(world.wait(|| thread.answer().is_some()), "the thread hangs");
    let expected = Answer::Exit(reason::VMCALL.into());
    check_eq!(thread.answer(), Some(expected));
    Ok(())
}

/// More virtual CPUs than there are numbers that tell their translations apart: numbers are taken
/// back from those that have one.
pub fn a_deleted_vcpu_gives_its_number_back(world: &mut World) -> TestResult {
    const MANY: usize = 80;
    world.renew()?;
    let memory = world.make(ObjectBlueprint::Untyped {
        size_bits: VCPU_BITS,
    })?;
    let vcpu = world.make_of(memory, ObjectBlueprintX86::VCpu)?;
    visit(&mut Guest::with_vcpu(world, slot::TCB.cap(), vcpu)?)?;
    place(vcpu).delete()?;
    let reused = Reused::new(world, memory, VCPU_BITS)?;
    for _ in 0..MANY {
        let vcpu: cap::VCpu = world.make(ObjectBlueprintX86::VCpu)?;
        vcpu.vcpu_set_tcb(slot::TCB.cap())?;
        // It has no state to begin with.
        let mut context = Context::at(0);
        check_eq!(Vcpu::of(vcpu).enter(&mut context), Ended::Exit);
        check_eq!(context.exit(), Exit::InvalidGuestState);
    }
    reused.check()
}

/// A guest that counts, on this core or another; it has counted already.
fn running(world: &mut World, tcb: cap::Tcb, core: u64) -> Result<(Thread, Guest), Failure> {
    let thread = Thread::of(world, tcb, core)?;
    let mut guest = Guest::new(world, tcb)?;
    let context = guest.load(counts())?;
    guest.lab.memory.write64(DATA, 0);
    thread.enter(&context)?;
    check!(
        world.wait(|| guest.lab.memory.read64(DATA) != 0),
        "it does not count"
    );
    Ok((thread, guest))
}

fn ends_without_vcpu(
    world: &mut World,
    lose: impl Fn(&mut World, &Guest) -> sel4::Result<()>,
) -> TestResult {
    for core in 0..world.cores().min(2) {
        world.renew()?;
        let tcb = world.make(ObjectBlueprint::Tcb)?;
        let (thread, guest) = running(world, tcb, core)?;
        check_eq!(thread.answer(), None);
        lose(world, &guest)?;
        check!(world.wait(|| thread.answer().is_some()), "the thread hangs");
        check_eq!(thread.answer(), Some(Answer::NoVcpu));
    }
    Ok(())
}

pub fn a_guest_ends_with_its_vcpu(world: &mut World) -> TestResult {
    ends_without_vcpu(world, |_, guest| place(guest.vcpu).delete())
}

pub fn a_guest_ends_when_its_vcpu_is_given_away(world: &mut World) -> TestResult {
    ends_without_vcpu(world, |world, guest| {
        let other: cap::Tcb = world.make(ObjectBlueprint::Tcb)?;
        guest.vcpu.vcpu_set_tcb(other)
    })
}

/// And another thread can have the virtual CPU.
pub fn a_guest_ends_with_its_thread(world: &mut World) -> TestResult {
    for core in 0..world.cores().min(2) {
        world.renew()?;
        let tcb = world.make(ObjectBlueprint::Tcb)?;
        let (_, mut guest) = running(world, tcb, core)?;
        place(tcb).delete()?;
        let count = guest.lab.memory.read64(DATA);
        for _ in 0..100 {
            sel4::r#yield();
        }
        check_eq!(guest.lab.memory.read64(DATA), count, "it goes on");
        guest.give(slot::TCB.cap())?;
        visit(&mut guest)?;
    }
    Ok(())
}

/// Its virtual CPU goes after it.
pub fn a_deleted_thread_is_written_no_more(world: &mut World) -> TestResult {
    for core in 0..world.cores().min(2) {
        world.renew()?;
        let memory = world.make(ObjectBlueprint::Untyped {
            size_bits: PAGE_BITS,
        })?;
        let tcb = world.make_of(memory, ObjectBlueprint::Tcb)?;
        let (_, guest) = running(world, tcb, core)?;
        place(tcb).delete()?;
        let reused = Reused::new(world, memory, PAGE_BITS)?;
        place(guest.vcpu).delete()?;
        reused.check()?;
    }
    Ok(())
}
