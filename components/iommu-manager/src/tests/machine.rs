// SPDX-License-Identifier: BSD-2-Clause
//! Machines to start the manager on: modelled units, a DMAR table, a table of grants.

use std::format;
use std::vec::Vec;

use image_spec::dma_grants::{
    Device, Grant, Header, IOAPIC_PIN, IOAPIC_REMAPPED, Interrupt, MAGIC, MSI, VERSION,
};
use iommu_manager_interface::{Call, Manager as Client, NoReply, REPLY_WORDS, REQUEST_WORDS};
use vtd::{ApicId, Hpa, Memory, Vector};
use vtd_model::{Board, Options, Registers};
use zerocopy::IntoBytes;

use super::log;
use crate::{Given, Manager};

/// Requester ids.
pub const NIC: u16 = 0x98;
pub const DISK: u16 = 0x21;
pub const IDLE: u16 = 0x18;
pub const STRANGER: u16 = 0x28;
pub const IO_APIC: u16 = 0xfff8;

/// Where the registers of the units are, by the DMAR table.
pub const REGISTERS: u64 = 0xfed9_0000;

/// The board's memory.
#[derive(Debug)]
pub struct Memories(Board);

impl Memory for Memories {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        self.0.allocate(pages).map(Hpa)
    }
    fn free(&mut self, page: Hpa) {
        self.0.free(page.0, 1);
    }
    fn pages(&self) -> (usize, usize) {
        (self.0.pages_in_use(), self.0.pages())
    }
    fn read64(&self, at: Hpa) -> u64 {
        self.0.read(at.0)
    }
    fn write64(&mut self, at: Hpa, value: u64) {
        self.0.write(at.0, value);
    }
    fn write128(&mut self, at: Hpa, value: u128) {
        let (low, high) = (value as u64, (value >> 64) as u64);
        self.0.write_pair(at.0, low, high);
    }
    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.0.write_back(at.0, bytes);
    }
}

/// What a machine is made of. The default grants two devices something, a third nothing, and has
/// an interrupt of an I/O APIC.
#[derive(Clone)]
pub struct Machine {
    pub units: Vec<Options>,
    pub dmar: Vec<u8>,
    pub grants: Vec<u8>,
    pub x2apic: bool,
    pub apic: u32,
    pub pages: usize,
}

/// Grants of the default machine: (device, IOVA, physical address, bytes, rights).
pub const GRANTS: [(u16, u64, u64, u64, u32); 4] = [
    (DISK, 0x20_0000, 0x4000_0000, 0x40_0000, 3),
    (NIC, 0x1000, 0x1234_5000, 0x2000, 1),
    (NIC, 0x4000, 0x1234_9000, 0x1000, 2),
    (NIC, 0x4000_0000, 0x1235_0000, 0x1000, 3),
];

impl Default for Machine {
    fn default() -> Self {
        Self {
            units: std::vec![Options::default()],
            dmar: dmar(1, &[unit(1, REGISTERS)]),
            grants: grants(IOAPIC_REMAPPED),
            x2apic: true,
            apic: 0x201,
            pages: 256,
        }
    }
}

/// A table of grants with these flags.
pub fn grants(flags: u32) -> Vec<u8> {
    let ids = [IDLE, DISK, NIC];
    let devices = ids.map(|id| {
        let first = GRANTS.iter().take_while(|grant| grant.0 != id).count();
        let grants = GRANTS.iter().filter(|grant| grant.0 == id).count();
        let mut name = [0; 48];
        let text = format!("device {id:x}");
        name[..text.len()].copy_from_slice(text.as_bytes());
        Device {
            requester: id.into(),
            domain: id.into(),
            first_grant: (if grants == 0 { 0 } else { first as u32 }).into(),
            grants: (grants as u32).into(),
            reserved: 0.into(),
            name,
        }
    });
    let grants = GRANTS.map(|(_, iova, paddr, len, rights)| Grant {
        iova: iova.into(),
        paddr: paddr.into(),
        len: len.into(),
        rights: rights.into(),
        reserved: 0.into(),
    });
    let interrupt = |source: u16, index: u16, vector, kind, pin| Interrupt {
        source: source.into(),
        index: index.into(),
        vector,
        kind,
        level: kind,
        ioapic: 0,
        pin,
        cpu: 0,
        reserved: [0; 6],
    };
    let interrupts = [
        interrupt(0, 0, 0x44, IOAPIC_PIN, 20),
        interrupt(NIC, 1, 0x50, MSI, 0),
        interrupt(NIC, 2, 0x51, MSI, 0),
        interrupt(DISK, 700, 0x52, MSI, 0),
    ];
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        devices: 3.into(),
        grants: (grants.len() as u32).into(),
        interrupts: 4.into(),
        flags: flags.into(),
        tables_paddr: 0x10_0000.into(),
        tables_len: 0x10_0000.into(),
    };
    let parts = [
        header.as_bytes(),
        devices.as_bytes(),
        grants.as_bytes(),
        interrupts.as_bytes(),
    ];
    parts.concat()
}

/// A DMAR table.
pub fn dmar(flags: u8, structures: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"DMAR".to_vec();
    bytes.resize(48, 0);
    bytes[36] = 45;
    bytes[37] = flags;
    bytes.extend(structures.concat());
    let length = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[9] = bytes
        .iter()
        .fold(0, |sum: u8, &byte| sum.wrapping_sub(byte));
    bytes
}

/// A remapping unit, with flag 1 for all devices and the I/O APIC.
pub fn unit(flags: u8, registers: u64) -> Vec<u8> {
    let scope = [3, 8, 0, 0, 0, 0xff, 0x1f, 0];
    let body = [&[flags, 0, 0, 0], &registers.to_le_bytes()[..], &scope[..]].concat();
    structure(0, &body)
}

/// A reserved region of a device on bus 0, through so many bridges.
pub fn reserved(device: u16, bridges: usize) -> Vec<u8> {
    let mut scope = std::vec![1, 8 + 2 * bridges as u8, 0, 0, 0, 0];
    scope.extend([0x1c, 0].repeat(bridges));
    scope.extend([(device >> 3) as u8 & 0x1f, device as u8 & 7]);
    let range = [0x7f00_0000_u64, 0x7fff_ffff]
        .map(u64::to_le_bytes)
        .concat();
    structure(1, &[&[0; 4][..], &range, &scope].concat())
}

fn structure(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u16 + 4;
    [&kind.to_le_bytes(), &length.to_le_bytes(), body].concat()
}

/// A manager at work.
pub struct Running {
    pub board: Board,
    pub manager: Manager<'static, Registers, Memories>,
    pub now: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Machine {
    /// Starts the manager on it.
    pub fn start(&self) -> Running {
        log::listen();
        let board = Board::new(self.pages, &self.units);
        let addresses = (0..).map(|unit| REGISTERS + unit * 0x1000);
        let registers = (0..self.units.len()).map(|unit| board.registers(unit));
        let given = Given {
            grants: self.grants.clone().leak(),
            dmar: self.dmar.clone().leak(),
            units: addresses.zip(registers).collect(),
            x2apic: self.x2apic,
            apic: ApicId(self.apic),
            fault_vector: Some(Vector(0x33)),
        };
        let memory = |physical: std::ops::Range<u64>| {
            assert!(physical.is_empty() || physical == (0x10_0000..0x20_0000));
            Memories(board.clone())
        };
        let manager = Manager::start(given, memory);
        let now = std::rc::Rc::default();
        Running {
            board,
            manager,
            now,
        }
    }
}

/// A client of a manager that is at hand.
pub struct Direct<'a>(std::cell::RefCell<&'a mut Running>, bool);

impl Call for Direct<'_> {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        let running = &mut *self.0.borrow_mut();
        let now = running.now.clone();
        Ok(running.manager.call(self.1, &request, move || now.get()))
    }
}

impl Running {
    /// The PF manager's side.
    pub fn trusted(&mut self) -> Client<Direct<'_>> {
        Client::new(Direct(std::cell::RefCell::new(self), true))
    }

    /// Anybody else's.
    pub fn other(&mut self) -> Client<Direct<'_>> {
        Client::new(Direct(std::cell::RefCell::new(self), false))
    }

    /// Serves a fault event in no time.
    pub fn fault_event(&mut self) -> bool {
        let now = self.now.clone();
        self.manager.serve_faults(move || now.get())
    }

    /// Fails the test if a rule of the hardware was broken.
    #[track_caller]
    pub fn expect_clean(&self) {
        self.board.check_settled();
        let violations = self.board.take_violations();
        assert!(violations.is_empty(), "{violations:?}");
    }
}
