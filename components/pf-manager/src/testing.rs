// SPDX-License-Identifier: BSD-2-Clause
//! A machine without hardware: an igb and an NVMe controller in configuration space that behaves,
//! an IOMMU manager that keeps account, and a log of everything that matters, in order.

mod config;
mod iommu;

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

use igb_model::Card;
use image_spec::name;
use image_spec::vf_grants::{
    ANTI_SPOOF, Function, Grant, HAS_MAC, Header, IGB, MAGIC, NVME, Table, VERSION,
};
use mmio::{FakeMmio, Mmio};
use nvme_model::{BUS, Fake, Memory, Registers};
use pci::Bdf;
use pf_manager_interface::{NoReply, PfManager, REPLY_WORDS, REQUEST_WORDS};
use zerocopy::IntoBytes;

pub use config::{ConfigSpace, IGB_PF, NVME_PF};
pub use iommu::IommuManager;

use crate::{Interrupt, Manager, NetworkParts, Parts, StorageParts, Supplies};

pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// What was done, in order, in a word or two each.
pub type Log = Rc<RefCell<Vec<String>>>;

/// Registers of any of the devices; clones are the same ones.
pub type Shared<M> = Rc<RefCell<M>>;

pub enum Bar {
    Card(Shared<Card>),
    Controller(Registers),
    Table(Shared<FakeMmio<0x4000>>),
}

impl Mmio for Bar {
    fn size(&self) -> usize {
        0x20000
    }
    fn read32(&self, offset: usize) -> u32 {
        match self {
            Self::Card(card) => card.borrow().read32(offset),
            Self::Controller(controller) => controller.read32(offset),
            Self::Table(table) => table.borrow().read32(offset),
        }
    }
    fn write32(&mut self, offset: usize, value: u32) {
        match self {
            Self::Card(card) => card.borrow_mut().write32(offset, value),
            Self::Controller(controller) => controller.write32(offset, value),
            Self::Table(table) => table.borrow_mut().write32(offset, value),
        }
    }
    fn read64(&self, offset: usize) -> u64 {
        match self {
            Self::Controller(controller) => controller.read64(offset),
            _ => unreachable!("only the controller has 64-bit registers"),
        }
    }
    fn write64(&mut self, offset: usize, value: u64) {
        match self {
            Self::Controller(controller) => controller.write64(offset, value),
            _ => unreachable!("only the controller has 64-bit registers"),
        }
    }
}

pub struct FakeParts;

impl Parts for FakeParts {
    type Config = ConfigSpace;
    type Iommu = IommuManager;
    type Registers = Bar;
    type Memory = nvme::Shared<Memory>;
}

/// The channel of each virtual function's owner.
pub const NET_A: usize = 5;
pub const NET_B: usize = 6;
pub const BLOCK: usize = 9;

pub const VF_A: Bdf = Bdf(0x98);
pub const VF_B: Bdf = Bdf(0x9a);
pub const VF_BLOCK: Bdf = Bdf(0x21);

/// The machine and what runs on it.
pub struct World {
    pub log: Log,
    pub config: ConfigSpace,
    pub iommu: IommuManager,
    pub card: Shared<Card>,
    pub controller: Fake,
    pub msix: Shared<FakeMmio<0x4000>>,
    pub polled: bool,
    pub functions: Vec<Function>,
    pub grants: Vec<Grant>,
    pub now: Duration,
}

/// A PF manager on a [`World`].
pub struct Running<'w> {
    pub world: &'w World,
    pub manager: RefCell<Manager<'static, FakeParts>>,
    pub now: RefCell<Duration>,
    /// Channels that were notified since the last look.
    pub notified: RefCell<Vec<u8>>,
}

fn function(requester: Bdf, driver: u8, bars: [u64; 6], vf_bars: [u64; 6]) -> Function {
    Function {
        requester: requester.0.into(),
        driver,
        vfs: 2,
        reserved: 0.into(),
        bars: bars.map(Into::into),
        vf_bars: vf_bars.map(Into::into),
    }
}

fn network_grant(vf: u8, at: Bdf, channel: usize) -> Grant {
    Grant {
        requester: at.0.into(),
        function: 0,
        vf,
        channel: channel as u8,
        handle_count: 2,
        mac: [2, 0, 0, 0, 0, 0xa + vf],
        vlan: 0.into(),
        rate: 100.into(),
        max_frame: 1522.into(),
        flags: (HAS_MAC | ANTI_SPOOF).into(),
        namespace: 0.into(),
        handles: [10 + 2 * u16::from(vf), 11 + 2 * u16::from(vf), 0, 0].map(Into::into),
        multicast: 30,
        reserved: [0; 7],
        owner: name::field(if vf == 0 { "net-a" } else { "net-b" }),
    }
}

impl World {
    pub fn new() -> Self {
        let log = Log::default();
        let card = Rc::new(RefCell::new(Card::new()));
        // The link is up as soon as somebody looks.
        card.borrow_mut().set(0x8, 0x83);
        let controller = Fake::new();
        let namespaces = [(1, [0].into()), (2, [1, 2].into())];
        controller.borrow_mut().namespaces = namespaces.into();
        let block = Grant {
            requester: VF_BLOCK.0.into(),
            function: 1,
            vf: 0,
            channel: BLOCK as u8,
            handle_count: 1,
            mac: [0; 6],
            rate: 0.into(),
            max_frame: 0.into(),
            flags: 0.into(),
            namespace: 1.into(),
            handles: [20, 0, 0, 0].map(Into::into),
            multicast: 0,
            owner: name::field("block"),
            ..network_grant(0, VF_BLOCK, BLOCK)
        };
        Self {
            config: ConfigSpace::new(log.clone(), card.clone()),
            iommu: IommuManager::new(log.clone()),
            log,
            card,
            controller,
            msix: Rc::new(RefCell::new(FakeMmio::new())),
            polled: false,
            functions: [
                function(
                    IGB_PF,
                    IGB,
                    [0xc000_0000, 0, 0, 0xc002_0000, 0, 0],
                    [0xc010_0000, 0, 0, 0xc020_0000, 0, 0],
                ),
                function(
                    NVME_PF,
                    NVME,
                    [0xc030_0000, 0, 0, 0, 0, 0],
                    [0xc040_0000, 0, 0, 0, 0, 0],
                ),
            ]
            .into(),
            grants: [
                network_grant(0, VF_A, NET_A),
                network_grant(1, VF_B, NET_B),
                block,
            ]
            .into(),
            now: ms(1000),
        }
    }

    fn table(&self) -> Table<'static> {
        let header = Header {
            magic: MAGIC.into(),
            version: VERSION.into(),
            functions: (self.functions.len() as u32).into(),
            grants: (self.grants.len() as u32).into(),
        };
        let bytes = [
            header.as_bytes(),
            self.functions.as_bytes(),
            self.grants.as_bytes(),
        ]
        .concat();
        Table::parse(bytes.leak()).expect("a table without mistakes")
    }

    /// The PF manager starts, at time `now`.
    pub fn boot(&self, now: Duration) -> Running<'_> {
        let table = || Interrupt {
            table: Bar::Table(self.msix.clone()),
            handle: 30,
        };
        let supplies = Supplies {
            network: Some(NetworkParts {
                registers: Bar::Card(self.card.clone()),
                interrupt: (!self.polled).then(table),
            }),
            storage: Some(StorageParts {
                registers: Bar::Controller(self.controller.registers()),
                memory: nvme::Shared::new(self.controller.memory(), BUS),
            }),
        };
        let (config, iommu) = (self.config.clone(), self.iommu.clone());
        let manager = Manager::new(self.table(), config, iommu, supplies, now);
        Running {
            world: self,
            manager: RefCell::new(manager),
            now: RefCell::new(now),
            notified: RefCell::default(),
        }
    }

    /// The same, until both devices are ready.
    pub fn run(&self) -> Running<'_> {
        let running = self.boot(self.now);
        running.wait(ms(3000));
        running.notified.borrow_mut().clear();
        self.log.borrow_mut().clear();
        running
    }
}

impl Running<'_> {
    /// Lets time go by, with the manager woken whenever it wants.
    pub fn wait(&self, time: Duration) {
        let end = *self.now.borrow() + time;
        loop {
            let now = *self.now.borrow();
            let Some(next) = self.poll() else { break };
            assert!(next > now, "it wants to be asked again at once");
            if next > end {
                break;
            }
            *self.now.borrow_mut() = next;
        }
        *self.now.borrow_mut() = end;
    }

    pub fn poll(&self) -> Option<Duration> {
        let now = *self.now.borrow();
        let mut notified = self.notified.borrow_mut();
        self.manager
            .borrow_mut()
            .poll(now, |channel| notified.push(channel))
    }

    /// Who was notified since the last look.
    pub fn notified(&self) -> Vec<usize> {
        let mut channels: Vec<_> = self.notified.take().into_iter().map(usize::from).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    pub fn client(&self, channel: usize) -> PfManager<Line<'_, '_>> {
        PfManager::new(Line(self, channel))
    }

    pub fn call(&self, channel: usize, words: &[u64]) -> [u64; REPLY_WORDS] {
        let now = *self.now.borrow();
        let reply = self.manager.borrow_mut().call(channel, words, now);
        self.poll();
        reply
    }

    /// What was done since the last look.
    pub fn log(&self) -> Vec<String> {
        self.world.log.take()
    }
}

/// A client's channel.
pub struct Line<'r, 'w>(&'r Running<'w>, usize);

impl pf_manager_interface::Call for Line<'_, '_> {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        Ok(self.0.call(self.1, &request))
    }
}
