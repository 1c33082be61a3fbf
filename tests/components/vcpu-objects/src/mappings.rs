// SPDX-License-Identifier: BSD-2-Clause
//! Memory that a guest loses.

use sel4::init_thread::slot;
use sel4::{ObjectBlueprint, ObjectBlueprintX64, ObjectBlueprintX86, cap};
use sel4_test::{Failure, TestResult, check, check_eq, skip};
use sel4_vcpu::{Exit, reason};
use test_guests::{DATA, program};

use crate::guest::{Guest, Tables};
use crate::pages::violation;
use crate::thread::{Answer, Thread};
use crate::world::{PAGE, World, now, place};

program! {
    reads: "2: mov rax, [0x6000]", "vmcall", "jmp 2b",
}

program! {
    counts: "2: inc qword ptr [0x6000]", "jmp 2b",
}

/// A guest reads; then something is done to its page; then it reads again.
fn reads_until(world: &mut World, lose: impl FnOnce(&Guest) -> sel4::Result<()>) -> TestResult {
    world.renew()?;
    let mut guest = Guest::new(world, slot::TCB.cap())?;
    let mut context = guest.load(reads())?;
    guest.lab.memory.write64(DATA, 42);
    check_eq!(guest.run(&mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rax, 42);
    context.skip_instruction();
    lose(&guest)?;
    let violation = violation(guest.run(&mut context)?)?;
    check_eq!(violation.address, DATA as u64);
    Ok(())
}

pub fn what_is_unmapped_is_gone(world: &mut World) -> TestResult {
    reads_until(world, |guest| guest.pages[DATA / PAGE].frame_unmap())
}

/// Though others to the same frame remain: for a guest and for a program.
pub fn a_mapping_goes_with_its_capability(world: &mut World) -> TestResult {
    reads_until(world, |guest| place(guest.pages[DATA / PAGE]).delete())?;

    let frame: cap::Granule = world.make(ObjectBlueprintX86::_4k)?;
    let other: cap::Granule = world.make(ObjectBlueprintX86::_4k)?;
    let mapped = world.copy(frame)?;
    let at = world.map(mapped)?;
    place(mapped).delete()?;
    check_eq!(
        world.map_at(other, at),
        Ok(()),
        "nothing is mapped there any more"
    );
    Ok(())
}

/// A guest that counts on another core; it has counted already.
struct Running {
    guest: Guest,
    thread: Thread,
}

impl Running {
    fn new(world: &mut World, tables: Option<Tables>) -> Result<Self, Failure> {
        let thread = Thread::new(world, 1)?;
        let mut guest = match tables {
            None => Guest::new(world, thread.tcb)?,
            Some(tables) => {
                let vcpu = world.make(ObjectBlueprintX86::VCpu)?;
                Guest::with_tables(world, thread.tcb, vcpu, tables)?
            }
        };
        let context = guest.load(counts())?;
        guest.lab.memory.write64(DATA, 0);
        thread.enter(&context)?;
        check!(
            world.wait(|| guest.lab.memory.read64(DATA) > 100),
            "it does not count"
        );
        Ok(Self { guest, thread })
    }

    /// It lost its memory a moment ago: it has stopped already, and that is told.
    fn check(&self, world: &World) -> TestResult {
        /// Less than a tick, which would make it leave the guest anyhow.
        const MOMENT: u64 = 20_000;
        let memory = &self.guest.lab.memory;
        let (count, since) = (memory.read64(DATA), now());
        while now().wrapping_sub(since) < MOMENT {
            core::hint::spin_loop();
        }
        check_eq!(memory.read64(DATA), count, "it went on counting");
        check!(
            world.wait(|| self.thread.answer().is_some()),
            "it does not exit"
        );
        let expected = Answer::Exit(reason::EPT_VIOLATION.into());
        check_eq!(self.thread.answer(), Some(expected));
        Ok(())
    }
}

/// In several rounds, since a tick might come at the right time.
const ROUNDS: usize = 5;

fn needs_two_cores(world: &World) -> TestResult {
    if world.cores() < 2 {
        skip!("one core only");
    }
    Ok(())
}

pub fn what_is_unmapped_is_gone_for_a_running_guest(world: &mut World) -> TestResult {
    needs_two_cores(world)?;
    for _ in 0..ROUNDS {
        world.renew()?;
        let running = Running::new(world, None)?;
        running.guest.pages[DATA / PAGE].frame_unmap()?;
        running.check(world)?;
    }
    Ok(())
}

pub fn a_deleted_table_takes_a_running_guests_memory(world: &mut World) -> TestResult {
    needs_two_cores(world)?;
    for _ in 0..ROUNDS {
        world.renew()?;
        let memory: cap::Untyped = world.make(ObjectBlueprint::Untyped { size_bits: 12 })?;
        let root: cap::EPTPML4 = world.make_of(memory, ObjectBlueprintX64::EPTPML4)?;
        let tables = Tables::new(world, root, slot::ASID_POOL.cap())?;
        let running = Running::new(world, Some(tables))?;
        // The thread has a capability of its own.
        place(memory).revoke()?;
        running.check(world)?;
    }
    Ok(())
}

pub fn a_deleted_pool_takes_a_running_guests_memory(world: &mut World) -> TestResult {
    needs_two_cores(world)?;
    for _ in 0..ROUNDS {
        world.renew()?;
        let memory: cap::Untyped = world.make(ObjectBlueprint::asid_pool())?;
        let pool: cap::AsidPool = world.slot();
        let control = slot::ASID_CONTROL.cap();
        control.asid_control_make_pool(memory, &place(pool))?;
        let root: cap::EPTPML4 = world.make(ObjectBlueprintX64::EPTPML4)?;
        let tables = Tables::new(world, root, pool)?;
        let running = Running::new(world, Some(tables))?;
        place(pool).delete()?;
        running.check(world)?;
    }
    Ok(())
}
