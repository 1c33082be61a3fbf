// SPDX-License-Identifier: BSD-2-Clause
//! Drivers that do one thing wrong are caught, and the rule is named.

#[path = "../common/mod.rs"]
mod common;
mod sabotage;

use std::cell::Cell;
use std::collections::HashSet;

use common::{config, device, list};
use pci::Message;
use sabotage::{BentRegisters, BentTables, Sabotage};
use vtd::{ApicId, Bdf, Error, Hpa, Iommu, Iova, Rights, Target, Unit, Vector};
use vtd_model::{Board, Interrupt, Options, Rule, Violation};

type Driver = Iommu<BentRegisters, BentTables>;

fn target(vector: u8) -> Target {
    let (vector, destination) = (Vector(vector), ApicId(1));
    Target::Remapped {
        vector,
        destination,
        level: false,
    }
}

/// What went wrong in a run: broken rules, and what a device could do and should not have.
struct Outcome {
    violations: Vec<Violation>,
    wrong: Vec<String>,
}

struct Run {
    board: Board,
    driver: Driver,
    wrong: Vec<String>,
}

impl Run {
    /// Notes DMA that should not have passed (or the other way round).
    fn dma(&mut self, vf: Bdf, at: u64, allowed: bool) {
        let result = self.board.dma(0, vf.0, at, false);
        if result.is_ok() != allowed {
            self.wrong
                .push(format!("DMA of {vf} to {at:#x}: {result:x?}"));
        }
        while self.driver.take_fault().is_some() {}
    }

    fn interrupt(&mut self, vf: Bdf, index: u16, expected: Option<u8>) {
        let result = self
            .board
            .message(0, vf.0, Message::single(index).address, 0);
        let raised = match result {
            Interrupt::Remapped { vector, .. } | Interrupt::Posted { vector, .. } => Some(vector),
            _ => None,
        };
        if raised != expected {
            self.wrong
                .push(format!("interrupt {index} of {vf}: {result:?}"));
        }
        while self.driver.take_fault().is_some() {}
    }

    /// A target whose descriptor is above 4 GiB: it takes both words of an entry.
    fn posted(&self, vector: u8) -> Target {
        let descriptor = Hpa(self.board.allocate(1).expect("there is memory"));
        Target::Posted {
            vector: Vector(vector),
            descriptor,
            urgent: false,
        }
    }

    /// Grants, uses and revokes one of everything.
    fn everything(&mut self) -> Result<(), Error> {
        let (one, two) = (device(0, 0x13, 0), device(0, 0x13, 2));
        let mut domain = self.driver.create_domain(0, 39)?;
        self.driver.attach(one, &mut domain)?;
        self.driver
            .map(&mut domain, Iova(0x1000), Hpa(0x9000), 0x1000, Rights::Read)?;
        self.driver
            .map(&mut domain, Iova(0x4000), Hpa(0xc000), 0x4000, Rights::Read)?;
        self.driver
            .map(&mut domain, Iova(1 << 30), Hpa(0), 0x1000, Rights::Read)?;
        for (start, bytes) in [(0x4000, 0x4000), (1 << 30, 0x1000)] {
            let last = start + bytes - 8;
            self.dma(one, start, true);
            self.dma(one, last, true);
            self.driver.unmap(&mut domain, Iova(start), bytes)?;
            self.board.check_settled();
            self.dma(one, start, false);
            self.dma(one, last, false);
        }
        self.driver.bind(0, 3, one, target(0x31))?;
        self.interrupt(one, 3, Some(0x31));
        self.driver.rebind(0, 3, one, target(0x32))?;
        self.interrupt(one, 3, Some(0x32));
        self.driver.rebind(0, 3, one, self.posted(0x34))?;
        self.interrupt(one, 3, Some(0x34));
        self.driver.unbind(0, 3, one)?;
        self.board.check_settled();
        self.interrupt(one, 3, None);
        self.driver.bind(0, 3, two, target(0x33))?;
        self.interrupt(one, 3, None);
        self.interrupt(two, 3, Some(0x33));

        self.dma(one, 0x1000, true);
        self.driver.detach(one, &mut domain)?;
        self.board.check_settled();
        self.dma(one, 0x1000, false);
        self.driver.destroy_domain(&mut Some(domain))?;
        let mut other = self.driver.create_domain(0, 39)?;
        self.driver.attach(one, &mut other)?;
        self.dma(one, 0x1000, false);
        Ok(())
    }
}

fn run(how: Sabotage, options: Options) -> Outcome {
    let board = Board::new(1024, &[options]);
    if how == Sabotage::QueueUnderway {
        board.firmware_queue(0, None);
    }
    let registers = BentRegisters {
        registers: board.registers(0),
        how,
        command: Cell::new(None),
    };
    let unit = Unit::probe(registers).expect("it answers");
    let tables = BentTables::new(&board, how);
    let mut wrong = Vec::new();
    if let Ok(mut driver) = Iommu::take_over(tables, [unit], config())
        && driver.remap_interrupts().is_ok()
    {
        let mut run = Run {
            board: board.clone(),
            driver,
            wrong,
        };
        if let Err(error) = run.everything() {
            run.wrong.push(error.to_string());
        }
        wrong = run.wrong;
    } else {
        wrong.push("it does not start".into());
    }
    Outcome {
        violations: board.take_violations(),
        wrong,
    }
}

/// Hardware that keeps what it can, does not snoop, and takes its time.
const HARD: Options = Options {
    three_levels: true,
    four_levels: true,
    address_bits: 48,
    host_bits: 46,
    mega: true,
    giga: true,
    coherent: false,
    caching_mode: false,
    write_buffer: false,
    fault_records: 4,
    page_selective: true,
    max_address_mask: 18,
    drains: true,
    snoop_control: false,
    queue: true,
    remapping: true,
    extended_interrupts: true,
    posting: true,
    pointer_flushes: false,
    protected_memory: false,
    nd: 6,
    latency: 3,
    eager: true,
    folds_faults: false,
};

#[test]
fn the_driver_as_it_is_does_nothing_wrong() {
    for options in [
        Options {
            posting: true,
            ..Options::default()
        },
        HARD,
        Options {
            write_buffer: true,
            ..HARD
        },
        Options {
            caching_mode: true,
            ..HARD
        },
        Options {
            pointer_flushes: true,
            ..HARD
        },
        Options {
            page_selective: false,
            ..HARD
        },
    ] {
        let Outcome { violations, wrong } = run(Sabotage::Nothing, options);
        assert!(
            violations.is_empty() && wrong.is_empty(),
            "{}{wrong:#?}",
            list(&violations)
        );
    }
}

#[test]
fn each_mistake_is_caught_by_name() {
    use Sabotage::*;
    let buffered = Options {
        write_buffer: true,
        ..HARD
    };
    let slow = Options {
        latency: 30,
        ..HARD
    };
    let cases = [
        (Drop(1), HARD, Rule::InvalidateBeforeDone),
        (Drop(1), HARD, Rule::InvalidateBeforeReuse),
        (Drop(2), HARD, Rule::InvalidateBeforeDone),
        (Drop(2), HARD, Rule::FlushBeforeFree),
        (Drop(4), HARD, Rule::InvalidateBeforeDone),
        (Drop(4), HARD, Rule::InvalidateBeforeReuse),
        (DropGlobal(1), HARD, Rule::InvalidateAfterPointer),
        (DropGlobal(2), HARD, Rule::InvalidateAfterPointer),
        (DropGlobal(4), HARD, Rule::InvalidateAfterPointer),
        (KeepPointers, HARD, Rule::FlushBeforeFree),
        (HalfRange, HARD, Rule::InvalidateBeforeDone),
        (WrongDomain, HARD, Rule::FlushBeforeFree),
        (TranslationsFirst, HARD, Rule::InvalidateBeforeDone),
        (NoDrain, HARD, Rule::Drain),
        (NoWait, HARD, Rule::InvalidateBeforeDone),
        (NoWait, slow, Rule::FlushBeforeFree),
        (Torn, HARD, Rule::NoTornInterruptEntry),
        (InterruptPresentFirst, HARD, Rule::NoTornInterruptEntry),
        (ContextPresentFirst, HARD, Rule::NoTornContextEntry),
        (AnySource, HARD, Rule::VerifySource),
        (NoWriteBack, HARD, Rule::WriteBack),
        (NoBufferFlush, buffered, Rule::WriteBack),
        (RepeatOnce, HARD, Rule::OneCommandBit),
        (Impatient, slow, Rule::CommandPending),
        (QueueUnderway, HARD, Rule::QueueOrder),
    ];
    for (how, options, rule) in cases {
        let Outcome { violations, .. } = run(how, options);
        let broken: HashSet<_> = violations.iter().map(|violation| violation.rule).collect();
        assert!(
            broken.contains(&rule),
            "{how:?}: no '{}' in\n{}",
            rule.name(),
            list(&violations)
        );
    }
}

/// The caches are real: a missing invalidation lets a device go on, not only a rule be broken.
#[test]
fn a_missing_invalidation_lets_a_device_go_on() {
    use Sabotage::*;
    for how in [
        Drop(1),
        Drop(2),
        Drop(4),
        HalfRange,
        WrongDomain,
        NoWait,
        NoWriteBack,
    ] {
        let Outcome { wrong, .. } = run(how, HARD);
        assert!(!wrong.is_empty(), "{how:?}");
    }
}
