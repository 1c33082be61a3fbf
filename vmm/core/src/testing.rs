// SPDX-License-Identifier: BSD-2-Clause
//! What the tests put around the code: a CPU, a context in some mode, a bus that notes accesses.

use std::collections::{BTreeMap, VecDeque};
use std::vec::Vec;

use sel4_vcpu::field::{Field, Readable, Value};
use sel4_vcpu::{Context, Msr, Secondary};
use vmm_base::{Gpa, Width};
use zerocopy::{FromBytes, IntoBytes};

use crate::mode::{CR0_PE, CR0_PG, CR4_PAE, EFER_LMA};
use crate::{Bus, Cpu, Platform, Stop, VirtualAccess};

/// A CPU with fields that hold what was written to them.
#[derive(Debug, Default)]
pub(crate) struct FakeCpu {
    pub(crate) fields: BTreeMap<u32, u64>,
    pub(crate) msrs: BTreeMap<u32, u64>,
    pub(crate) tsc: u64,
}

impl FakeCpu {
    pub(crate) fn get<F: Readable>(&self, field: F) -> u64 {
        self.fields.get(&field.encoding()).copied().unwrap_or(0)
    }
}

impl Cpu for FakeCpu {
    fn read<F: Readable>(&self, field: F) -> sel4::Result<F::Value> {
        Ok(F::Value::from_word(self.get(field)))
    }

    fn write<V: Value>(&mut self, field: Field<V>, value: impl Into<V>) -> sel4::Result<()> {
        self.fields.insert(field.encoding(), value.into().to_word());
        Ok(())
    }

    fn write_msr(&mut self, msr: Msr, value: u64) -> sel4::Result<()> {
        self.msrs.insert(msr.index(), value);
        Ok(())
    }

    fn tsc(&self) -> u64 {
        self.tsc
    }
}

/// How wide the guest's code is, and whether it has paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum In {
    /// 64-bit mode.
    Long,
    /// 32-bit protected mode without paging.
    Protected,
    /// Real mode.
    Real,
}

const RIGHTS_CODE_64: u64 = 0xa09b;
const RIGHTS_CODE_32: u64 = 0xc09b;
const RIGHTS_CODE_16: u64 = 0x9b;

/// A context in this mode, with page tables at 0x1000.
pub(crate) fn context(mode: In) -> Context {
    let mut context = with_rights(match mode {
        In::Long => RIGHTS_CODE_64,
        In::Protected => RIGHTS_CODE_32,
        In::Real => RIGHTS_CODE_16,
    });
    (context.cr0, context.cr4, context.efer) = match mode {
        In::Long => (CR0_PE | CR0_PG, CR4_PAE, EFER_LMA | 1 << 8),
        In::Protected => (CR0_PE, 0, 0),
        In::Real => (0, 0, 0),
    };
    context.cr3 = 0x1000;
    context.rflags = 2;
    context
}

/// Makes it run with the privileges of a user.
pub(crate) fn as_user(context: Context) -> Context {
    with_word(context, RIGHTS, |word| word | 3 << (32 + 5))
}

/// Word 29 of the message: access rights of CS, and above them those of SS.
const RIGHTS: usize = 29;
/// Word 34: instruction information.
const INFORMATION: usize = 34;

fn with_rights(code: u64) -> Context {
    with_word(Context::at(0), RIGHTS, |_| code)
}

pub(crate) fn with_instruction_info(context: Context, info: u64) -> Context {
    with_word(context, INFORMATION, |_| info)
}

/// Words that have no name outside of their crate.
fn with_word(context: Context, at: usize, change: impl FnOnce(u64) -> u64) -> Context {
    let mut bytes = [0; size_of::<Context>()];
    bytes.copy_from_slice(context.as_bytes());
    let word = &mut bytes[8 * at..][..8];
    let old = u64::from_le_bytes(word.try_into().expect("eight bytes"));
    word.copy_from_slice(&change(old).to_le_bytes());
    Context::read_from_bytes(&bytes).expect("a context of bytes")
}

/// An access that reached the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    In(u16, Width),
    Out(u16, Width, u32),
    Read(u64, Width),
    Write(u64, Width, u64),
}

/// A platform that notes accesses, and answers reads with what is queued, then with ones.
#[derive(Debug, Default)]
pub(crate) struct FakePlatform {
    pub(crate) seen: Vec<Seen>,
    pub(crate) answers: VecDeque<u64>,
    pub(crate) waiting: Vec<u8>,
    pub(crate) accepted: Vec<u8>,
    pub(crate) nmi: bool,
    pub(crate) now: u64,
    pub(crate) deadline: Option<u64>,
    pub(crate) stop: Option<Stop>,
    pub(crate) priority: u8,
    pub(crate) flushed: u32,
    pub(crate) virtual_accesses: Vec<VirtualAccess>,
}

impl FakePlatform {
    /// One that answers reads with these.
    pub(crate) fn answering(answers: impl IntoIterator<Item = u64>) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            ..Self::default()
        }
    }

    fn answer(&mut self, width: Width) -> u64 {
        self.answers.pop_front().unwrap_or(u64::MAX) & width.mask()
    }
}

impl Bus for FakePlatform {
    fn read_port(&mut self, port: u16, width: Width) -> u32 {
        self.seen.push(Seen::In(port, width));
        self.answer(width) as u32
    }

    fn write_port(&mut self, port: u16, width: Width, value: u32) {
        self.seen.push(Seen::Out(port, width, value));
    }

    fn read(&mut self, at: Gpa, width: Width) -> u64 {
        self.seen.push(Seen::Read(at.0, width));
        self.answer(width)
    }

    fn write(&mut self, at: Gpa, width: Width, value: u64) {
        self.seen.push(Seen::Write(at.0, width, value));
    }
}

impl Platform for FakePlatform {
    fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    fn interrupt(&mut self) -> Option<u8> {
        self.waiting.iter().copied().max()
    }

    fn has_news(&self) -> bool {
        true
    }

    fn has_work(&self) -> bool {
        false
    }

    fn wakes(&mut self) -> bool {
        !self.waiting.is_empty()
    }

    fn accept(&mut self, vector: u8) {
        self.waiting.retain(|waiting| *waiting != vector);
        self.accepted.push(vector);
    }

    fn take_nmi(&mut self) -> bool {
        core::mem::take(&mut self.nmi)
    }

    fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    fn read_msr(&mut self, index: u32) -> Option<u64> {
        (index == 0x802).then_some(7)
    }

    fn write_msr(&mut self, index: u32, _value: u64) -> Option<()> {
        (index == 0x80b).then_some(())
    }

    fn task_priority(&self) -> u8 {
        self.priority
    }

    fn set_task_priority(&mut self, class: u8) {
        self.priority = class;
    }

    fn virtual_apic(&mut self, access: VirtualAccess) {
        self.virtual_accesses.push(access);
    }

    fn apic_controls(&self) -> Secondary {
        Secondary::empty()
    }

    fn flush(&mut self) {
        self.flushed += 1;
    }
}
