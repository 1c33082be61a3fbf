// SPDX-License-Identifier: BSD-2-Clause
//! Tables with a mistake in them, which the driver never writes: what a unit makes of them, and
//! the fault reasons that the sequences do not meet (VT-d specification, revision 4.1, §7.1.3 and
//! §5.1.4.1).

use alloc::format;
use alloc::string::String;

use mmio::Mmio;
use pci::Message;
use vtd::{Access, ApicId, Bdf, Fault, Hpa, Iommu, Iova, Memory, Request, Rights, Target, Vector};

use crate::{Arrival, Dma, Done, Hardware, Outcome, Replay, same};

/// The tables of a unit, and its registers, behind the driver's back.
pub trait Insides {
    /// The registers.
    type Registers: Mmio;
    /// The registers.
    fn registers(&self) -> Self::Registers;
    /// Reads a word of a table.
    fn peek(&self, at: u64) -> u64;
    /// Writes a word of a table, so that the unit sees it.
    fn poke(&mut self, at: u64, value: u64);
}

/// What is spoilt. A table entry has two words (`.1`: the upper one), but for page tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nothing,
    /// RTADDR_REG.
    RootPointer,
    Root(bool),
    Context(bool),
    /// The entry of a page table of this level.
    Table(u8),
    /// IRTA_REG.
    InterruptPointer,
    Interrupt(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Read,
    Write,
    Interrupt,
}

/// A mistake, and what must come of it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The mistake in words.
    pub what: &'static str,
    place: Place,
    /// The bits of the word that stay.
    keep: u64,
    /// The bits that are set besides.
    set: u64,
    attempt: Attempt,
    outcome: Outcome<()>,
    recorded: bool,
}

/// An address that is possible, but where no machine of ours has memory.
const NOWHERE: u64 = 0x30_0000_0000;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const PRESENT: u64 = 1 << 0;
/// Fault processing disabled, in context and interrupt entries.
const SILENT: u64 = 1 << 1;

const fn case(
    what: &'static str,
    place: Place,
    keep: u64,
    set: u64,
    attempt: Attempt,
    outcome: Outcome<()>,
) -> Case {
    Case {
        what,
        place,
        keep,
        set,
        attempt,
        outcome,
        recorded: outcome.is_err(),
    }
}

/// A write that a mistake in DMA tables stops.
const fn dma(what: &'static str, place: Place, keep: u64, set: u64, reason: u8) -> Case {
    case(what, place, keep, set, Attempt::Write, Err(reason))
}

/// An interrupt that a mistake in its entry stops.
const fn interrupt(what: &'static str, upper: bool, keep: u64, set: u64, reason: u8) -> Case {
    let place = Place::Interrupt(upper);
    case(what, place, keep, set, Attempt::Interrupt, Err(reason))
}

/// An interrupt that comes, since its entry says so.
const fn passes(what: &'static str, keep: u64, set: u64) -> Case {
    let place = Place::Interrupt(true);
    case(what, place, keep, set, Attempt::Interrupt, Ok(()))
}

/// The same, without a record.
const fn silent(case: Case) -> Case {
    Case {
        recorded: false,
        ..case
    }
}

const ALL: u64 = u64::MAX;
/// Of the upper word of an interrupt entry: all but the verification of the source.
const UNVERIFIED: u64 = !0xf_ffff;
const SVT: u64 = 1 << 18;
const SQ: u64 = 1 << 16;
const SOURCE: u64 = DEVICE.0 as u64;

impl Case {
    /// All of them.
    #[rustfmt::skip]
    pub const ALL: [Self; 44] = [
        case("nothing, a read", Place::Nothing, ALL, 0, Attempt::Read, Ok(())),
        case("nothing, a write", Place::Nothing, ALL, 0, Attempt::Write, Ok(())),
        case("nothing, an interrupt", Place::Nothing, ALL, 0, Attempt::Interrupt, Ok(())),
        dma("the root table is nowhere", Place::RootPointer, !ADDRESS, NOWHERE, 0x8),
        dma("a root entry is not present", Place::Root(false), !PRESENT, 0, 0x1),
        dma("a reserved bit of a root entry", Place::Root(false), ALL, 1 << 1, 0xa),
        dma("another one", Place::Root(false), ALL, 1 << 11, 0xa),
        dma("the upper half of a root entry", Place::Root(true), ALL, 1 << 0, 0xa),
        dma("a context table is nowhere", Place::Root(false), !ADDRESS, NOWHERE, 0x9),
        dma("a context entry is not present", Place::Context(false), !PRESENT, 0, 0x2),
        silent(dma("a silent one is not", Place::Context(false), !PRESENT, SILENT, 0x2)),
        dma("a reserved bit of a context entry", Place::Context(false), ALL, 1 << 4, 0xb),
        dma("one of its upper half", Place::Context(true), ALL, 1 << 7, 0xb),
        dma("the highest one", Place::Context(true), ALL, 1 << 63, 0xb),
        silent(dma("a reserved bit of a silent context entry", Place::Context(false), ALL, SILENT | 1 << 4, 0xb)),
        dma("no width of addresses", Place::Context(true), !7, 0, 0x3),
        dma("a width that there is not", Place::Context(true), !7, 3, 0x3),
        dma("a device TLB that there is not", Place::Context(false), ALL, 1 << 2, 0x3),
        dma("a reserved kind of translation", Place::Context(false), ALL, 3 << 2, 0x3),
        dma("the highest page table is nowhere", Place::Context(false), !ADDRESS, NOWHERE, 0x3),
        dma("the next one is nowhere", Place::Table(4), !ADDRESS, NOWHERE, 0x7),
        dma("the lowest one is nowhere", Place::Table(2), !ADDRESS, NOWHERE, 0x7),
        dma("a page of 512 GiB", Place::Table(4), ALL, 1 << 7, 0xc),
        dma("a large page that is not aligned", Place::Table(2), ALL, 1 << 7 | 1 << 12, 0xc),
        dma("an address beyond all", Place::Table(1), ALL, 1 << 51, 0xc),
        dma("snooping that there is not", Place::Table(1), ALL, 1 << 11, 0xc),
        dma("a transient mapping without device TLB", Place::Table(1), ALL, 1 << 62, 0xc),
        dma("no right to write", Place::Table(1), !2, 0, 0x5),
        dma("none further up", Place::Table(3), !2, 0, 0x5),
        case("no right to read", Place::Table(1), !1, 0, Attempt::Read, Err(0x6)),
        case("none at the top", Place::Table(4), !1, 0, Attempt::Read, Err(0x6)),
        case("the interrupt table is nowhere", Place::InterruptPointer, !ADDRESS, NOWHERE,
            Attempt::Interrupt, Err(0x23)),
        interrupt("an entry is not present", false, !PRESENT, 0, 0x22),
        silent(interrupt("a silent one is not present", false, !PRESENT, SILENT, 0x22)),
        interrupt("a reserved bit of an entry", false, ALL, 1 << 12, 0x24),
        interrupt("another one", false, ALL, 1 << 31, 0x24),
        interrupt("one of its upper half", true, ALL, 1 << 20, 0x24),
        silent(interrupt("one of a silent interrupt entry", false, ALL, SILENT | 1 << 12, 0x24)),
        interrupt("another device's entry", true, UNVERIFIED, SVT | (SOURCE ^ 8), 0x26),
        interrupt("a reserved kind of verification", true, ALL, 3 << 18, 0x26),
        passes("the function's highest bit does not matter", UNVERIFIED, SVT | SQ | SOURCE ^ 4),
        interrupt("but another does", true, UNVERIFIED, SVT | SQ | SOURCE ^ 2, 0x26),
        passes("an entry for buses 0 to 1", UNVERIFIED, 2 << 18 | 0x0001),
        interrupt("an entry for buses 1 to 2", true, UNVERIFIED, 2 << 18 | 0x0102, 0x26),
    ];
}

const DEVICE: Bdf = Replay::PLAN.devices[0];
const INDEX: u16 = 3;
const VECTOR: u8 = 0x43;
const AT: u64 = 0x1000;

/// A unit with one device that is allowed one page and one interrupt.
#[derive(Debug)]
pub struct Victim<R, M, H, I> {
    driver: Iommu<R, M>,
    hardware: H,
    insides: I,
    host: u64,
}

impl<R: Mmio, M: Memory, H: Hardware, I: Insides> Victim<R, M, H, I> {
    /// Grants the page and the interrupt.
    ///
    /// # Errors
    ///
    /// What the driver says.
    pub fn new(
        mut driver: Iommu<R, M>,
        hardware: H,
        insides: I,
        host: u64,
    ) -> Result<Self, String> {
        let mut grant = || {
            let mut domain = driver.create_domain(0, 48)?;
            driver.map(&mut domain, Iova(AT), Hpa(host), 0x1000, Rights::ReadWrite)?;
            driver.attach(DEVICE, &mut domain)?;
            let target = Target::Remapped {
                vector: Vector(VECTOR),
                destination: ApicId(0),
                level: false,
            };
            driver.bind(0, INDEX, DEVICE, target)
        };
        grant().map_err(|error| format!("{error}"))?;
        Ok(Self {
            driver,
            hardware,
            insides,
            host,
        })
    }

    /// Makes the mistake, has the device try, and compares. The tables stay as they are.
    ///
    /// # Errors
    ///
    /// The difference.
    pub fn suffer(&mut self, case: &Case) -> Done {
        self.spoil(case);
        let request = match case.attempt {
            Attempt::Interrupt => {
                let arrival = Arrival::Remapped {
                    vector: VECTOR,
                    destination: 0,
                };
                let outcome = case.outcome.map(|()| arrival);
                let message = Message::single(INDEX);
                self.hardware.message(0, DEVICE, message, outcome)?;
                Request::Interrupt(INDEX)
            }
            attempt => {
                let write = attempt == Attempt::Write;
                let dma = Dma {
                    unit: 0,
                    device: DEVICE,
                    at: AT,
                    write,
                    granted: case.outcome.is_ok(),
                };
                self.hardware.dma(dma, case.outcome.map(|()| self.host))?;
                let access = if write { Access::Write } else { Access::Read };
                Request::Dma(Iova(AT), access)
            }
        };
        let reason = case.outcome.err().filter(|_| case.recorded);
        let fault = reason.map(|reason| Fault {
            source: DEVICE,
            request,
            reason,
        });
        let found = self.driver.take_fault().map(|(_, fault)| fault);
        same!(found, fault, "the record");
        Ok(())
    }

    fn spoil(&mut self, case: &Case) {
        let pointer = match case.place {
            Place::Nothing => return,
            Place::RootPointer => Some((RTADDR, SET_ROOT)),
            Place::InterruptPointer => Some((IRTA, SET_INTERRUPTS)),
            _ => None,
        };
        if let Some((register, command)) = pointer {
            let mut registers = self.insides.registers();
            let value = registers.read64(register);
            registers.write64(register, value & case.keep | case.set);
            let switches = registers.read32(GSTS) & SWITCHES;
            registers.write32(GCMD, switches | command);
            return;
        }
        let at = self.place(case.place);
        let value = self.insides.peek(at);
        self.insides.poke(at, value & case.keep | case.set);
    }

    /// Where the word is, found as hardware finds it.
    fn place(&self, place: Place) -> u64 {
        let registers = self.insides.registers();
        let upper = |upper: bool| if upper { 8 } else { 0 };
        let below = |at: u64| self.insides.peek(at) & ADDRESS;
        let root = (registers.read64(RTADDR) & ADDRESS) + u64::from(DEVICE.bus()) * 16;
        let context = below(root) + u64::from(DEVICE.devfn()) * 16;
        match place {
            Place::Root(half) => root + upper(half),
            Place::Context(half) => context + upper(half),
            Place::Table(level) => (level..=4).rev().fold(context, |above, level| {
                below(above) + (AT >> (12 + 9 * (level - 1)) & 511) * 8
            }),
            Place::Interrupt(half) => {
                let base = registers.read64(IRTA) & ADDRESS;
                base + u64::from(INDEX) * 16 + upper(half)
            }
            Place::Nothing | Place::RootPointer | Place::InterruptPointer => 0,
        }
    }
}

/// Registers (§11.4).
const GCMD: usize = 0x18;
const GSTS: usize = 0x1c;
const RTADDR: usize = 0x20;
const IRTA: usize = 0xb8;
/// Commands, and the switches that a command repeats (§11.4.4).
const SET_ROOT: u32 = 1 << 30;
const SET_INTERRUPTS: u32 = 1 << 24;
const SWITCHES: u32 = 1 << 31 | 1 << 28 | 1 << 26 | 1 << 25 | 1 << 23;
