// SPDX-License-Identifier: BSD-2-Clause
//! Configuration space with the behaviour that matters here: virtual functions come and go with
//! VF Enable, and a function-level reset clears what it clears.

use core::cell::RefCell;
use std::format;
use std::rc::Rc;

use igb_model::Card;
use pci::fake::{FakeConfig, FakeFunction};
use pci::{Bdf, PciConfig, id};

use super::{Log, Shared};

pub const IGB_PF: Bdf = Bdf(0x18);
pub const NVME_PF: Bdf = Bdf(0x20);

const MSIX: u8 = 0x70;
const EXPRESS: u8 = 0xa0;
const DEVICE_CONTROL: u16 = EXPRESS as u16 + 8;
const FUNCTION_RESET: u32 = 1 << 15;
const SRIOV: u16 = 0x160;
const SRIOV_CONTROL: u16 = SRIOV + 8;

struct Inner {
    functions: FakeConfig<8>,
    log: Log,
    card: Shared<Card>,
}

/// Clones are the same space.
#[derive(Clone)]
pub struct ConfigSpace(Rc<RefCell<Inner>>);

fn add_capabilities(function: &mut FakeFunction, vectors: u16, table: u32) {
    function.capability(MSIX, id::MSIX as u8, EXPRESS, vectors - 1);
    function.writable(MSIX.into(), 0xc000_0000);
    function.set(u16::from(MSIX) + 4, table);
    function.set(u16::from(MSIX) + 8, table + 0x2000);
    function.capability(EXPRESS, id::EXPRESS as u8, 0, 2);
    function.set(u16::from(EXPRESS) + 4, 1 << 28);
    function.writable(DEVICE_CONTROL, 0x7fff);
}

fn add_sriov(function: &mut FakeFunction, total: u32, routing: u32, device: u32) {
    function.extended(0x100, 1, SRIOV);
    function.extended(SRIOV, id::SRIOV, 0);
    function.writable(SRIOV_CONTROL, 0x0000_0019);
    function.set(SRIOV + 0xc, total << 16 | total);
    function.writable(SRIOV + 0x10, 0x0000_ffff);
    function.set(SRIOV + 0x14, routing);
    function.set(SRIOV + 0x18, device << 16);
    function.set(SRIOV + 0x1c, 0x553);
    function.writable(SRIOV + 0x20, 0x553);
    function.bar(SRIOV + 0x24, 0x4000, 0b1100);
}

fn igb() -> FakeFunction {
    let mut function = FakeFunction::endpoint(0x8086, 0x10c9);
    function.bar(0x10, 0x20000, 0);
    function.bar(0x14, 0x20000, 0);
    function.bar(0x1c, 0x4000, 0b0100);
    add_capabilities(&mut function, 10, 3);
    add_sriov(&mut function, 8, 0x0002_0080, 0x10ca);
    function.bar(SRIOV + 0x30, 0x4000, 0b1100);
    function
}

fn nvme() -> FakeFunction {
    let mut function = FakeFunction::endpoint(0x1b36, 0x10);
    function.set(8, 0x0108_0202);
    function.bar(0x10, 0x4000, 0b0100);
    add_capabilities(&mut function, 1, 0);
    add_sriov(&mut function, 4, 0x0001_0001, 0x10);
    function
}

impl ConfigSpace {
    pub fn new(log: Log, card: Shared<Card>) -> Self {
        let mut functions = FakeConfig::new();
        functions.add(IGB_PF, igb());
        functions.add(NVME_PF, nvme());
        // Where firmware has put a BAR that nobody wants.
        functions.write32(IGB_PF, 0x14, 0xfe00_0000);
        functions.write32(IGB_PF, 4, 6);
        Self(Rc::new(RefCell::new(Inner {
            functions,
            log,
            card,
        })))
    }

    pub fn remove(&self, at: Bdf) {
        self.0.borrow_mut().functions.remove(at);
    }

    /// Changes what the hardware shows.
    pub fn alter(&self, at: Bdf, change: impl FnOnce(&mut FakeFunction)) {
        change(self.0.borrow_mut().functions.function(at).unwrap());
    }

    pub fn exists(&self, at: Bdf) -> bool {
        self.0.borrow_mut().functions.function(at).is_some()
    }
}

impl Inner {
    fn note(&self, what: &str, at: Bdf) {
        self.log.borrow_mut().push(format!("{what} {at}"));
    }

    fn enable(&mut self, pf: Bdf, before: u32, control: u32) {
        let (first, stride) = if pf == IGB_PF { (0x80, 2) } else { (1, 1) };
        let count = self.functions.read16(pf, SRIOV + 0x10);
        for index in 0..count {
            let at = Bdf(pf.0 + first + stride * index);
            if before & 1 == 0 && control & 1 != 0 {
                let mut vf = FakeFunction::virtual_function();
                let vectors = if pf == IGB_PF { 3 } else { 1 };
                add_capabilities(&mut vf, vectors, if pf == IGB_PF { 3 } else { 0 });
                self.functions.add(at, vf);
            } else if control & 1 == 0 {
                self.functions.remove(at);
            }
        }
    }

    fn reset(&mut self, at: Bdf) {
        self.note("reset", at);
        self.functions.write32(at, 4, 0);
        self.functions.write32(at, MSIX.into(), 0);
        if at == IGB_PF || at == NVME_PF {
            let control = self.functions.read32(at, SRIOV_CONTROL);
            self.enable(at, control, 0);
            for offset in (0x10..0x28).step_by(4).chain([SRIOV_CONTROL, SRIOV + 0x10]) {
                self.functions.write32(at, offset, 0);
            }
        } else if at.0 >= 0x98 {
            let vf = usize::from((at.0 - 0x98) / 2);
            self.card.borrow_mut().reset_vf(vf);
        }
    }
}

impl PciConfig for ConfigSpace {
    fn read32(&self, function: Bdf, offset: u16) -> u32 {
        self.0.borrow().functions.read32(function, offset)
    }

    fn write32(&mut self, function: Bdf, offset: u16, value: u32) {
        let mut inner = self.0.borrow_mut();
        let before = inner.functions.read32(function, offset);
        inner.functions.write32(function, offset, value);
        match offset {
            4 if before != u32::MAX && (before ^ value) & 4 != 0 => {
                let what = if value & 4 != 0 { "master" } else { "stop" };
                inner.note(what, function);
            }
            DEVICE_CONTROL if value & FUNCTION_RESET != 0 => inner.reset(function),
            SRIOV_CONTROL if before != u32::MAX => inner.enable(function, before, value),
            _ => {}
        }
    }
}
