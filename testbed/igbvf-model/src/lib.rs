// SPDX-License-Identifier: BSD-2-Clause
//! A model of the card, for tests: some virtual functions with their memory, and the registers by
//! which the physical function (the crate `igb`) serves them. It is written from the datasheet and
//! strict: what a driver must not do is a panic that says so.
//!
//! What happens between the functions and the world is up to the test, which takes the frames that
//! were [`sent`](Card::sent) and [`deliver`](Card::deliver)s others.

#![forbid(unsafe_code)]

mod checksum;
mod memory;
mod queues;
mod registers;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

pub use memory::{ModelOutgoing, ModelShared};
pub use registers::{PfRegisters, VfRegisters};

use igbvf::{DMA_BYTES, OUTGOING_BYTES};

const REGISTER_BYTES: usize = 0x4000;
const SHARED_ADDRESS: u64 = 0x1_0000_0000;
const OUTGOING_ADDRESS: u64 = 0x2_0000_0000;

/// The card. Clones are the same card.
#[derive(Clone, Debug)]
pub struct Card(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    /// Registers of the physical function that are not made of those of the virtual ones.
    pf: BTreeMap<usize, u32>,
    vfs: Vec<Vf>,
    link: bool,
}

#[derive(Debug)]
struct Vf {
    registers: Vec<u32>,
    shared: Vec<u8>,
    outgoing: Vec<u8>,
    contexts: [Option<[u64; 2]>; 2],
    sent: VecDeque<Vec<u8>>,
    interrupts: usize,
    writes: usize,
    reads: usize,
    absent: bool,
    stalled: bool,
    checks: bool,
    enable_after: u32,
}

impl Vf {
    fn new() -> Self {
        let mut vf = Self {
            registers: vec![0; REGISTER_BYTES / 4],
            shared: vec![0xa5; DMA_BYTES],
            outgoing: vec![0xa5; OUTGOING_BYTES],
            contexts: [None; 2],
            sent: VecDeque::new(),
            interrupts: 0,
            writes: 0,
            reads: 0,
            absent: false,
            stalled: false,
            checks: true,
            enable_after: 0,
        };
        // The physical function has not been brought up.
        vf.registers[0xc40 / 4] = 0x40;
        vf
    }
}

impl Card {
    /// A card with `vfs` virtual functions, whose physical function was just brought up: they may
    /// leave their reset. The link is up.
    pub fn new(vfs: usize) -> Self {
        let card = Self(Rc::new(RefCell::new(State {
            pf: BTreeMap::new(),
            vfs: (0..vfs).map(|_| Vf::new()).collect(),
            link: true,
        })));
        card.end_pf_reset();
        card
    }

    fn vf<T>(&self, vf: usize, f: impl FnOnce(&mut Vf) -> T) -> T {
        f(&mut self.0.borrow_mut().vfs[vf])
    }

    /// BAR 0 of a virtual function.
    pub fn registers(&self, vf: usize) -> VfRegisters {
        VfRegisters::new(self.clone(), vf)
    }

    /// Its memory that it reads and writes.
    pub fn shared(&self, vf: usize) -> ModelShared {
        ModelShared::new(self.clone(), vf)
    }

    /// Its memory that it only reads.
    pub fn outgoing(&self, vf: usize) -> ModelOutgoing {
        ModelOutgoing::new(self.clone(), vf)
    }

    /// BAR 0 of the physical function.
    pub fn pf(&self) -> PfRegisters {
        PfRegisters::new(self.clone())
    }

    /// The physical function is in reset, and with it all virtual ones.
    pub fn begin_pf_reset(&self) {
        for vf in &mut self.0.borrow_mut().vfs {
            vf.registers[0xc40 / 4] |= 0x40;
        }
    }

    /// The physical function says that its reset is over.
    pub fn end_pf_reset(&self) {
        for vf in &mut self.0.borrow_mut().vfs {
            let mailbox = &mut vf.registers[0xc40 / 4];
            *mailbox = *mailbox & !0x40 | 0x80;
        }
    }

    /// Resets a virtual function from outside (FLR).
    pub fn reset(&self, vf: usize) {
        self.0.borrow_mut().reset(vf);
    }

    /// The link goes up or down.
    pub fn set_link(&self, up: bool) {
        self.0.borrow_mut().link = up;
    }

    /// The registers of a virtual function read all ones from now on, or no longer.
    pub fn set_absent(&self, vf: usize, absent: bool) {
        self.vf(vf, |vf| vf.absent = absent);
    }

    /// A virtual function does not send what it is told to, or goes on.
    pub fn set_stalled(&self, vf: usize, stalled: bool) {
        self.vf(vf, |vf| vf.stalled = stalled);
        if !stalled {
            self.0.borrow_mut().transmit(vf);
        }
    }

    /// A virtual function looks at the checksums of what it receives (as at first), or not.
    pub fn set_checks(&self, vf: usize, checks: bool) {
        self.vf(vf, |vf| vf.checks = checks);
    }

    /// Queues of a virtual function switch on when their control register is read the `times`-th
    /// time.
    pub fn set_enable_after(&self, vf: usize, times: u32) {
        self.vf(vf, |vf| vf.enable_after = times);
    }

    /// The oldest frame that a virtual function has sent.
    pub fn sent(&self, vf: usize) -> Option<Vec<u8>> {
        self.vf(vf, |vf| vf.sent.pop_front())
    }

    /// Lets a virtual function receive a frame. `false` if it cannot.
    pub fn deliver(&self, vf: usize, frame: &[u8]) -> bool {
        self.0.borrow_mut().deliver(vf, frame)
    }

    /// How often a virtual function interrupted since the last time.
    pub fn interrupts(&self, vf: usize) -> usize {
        self.vf(vf, |vf| std::mem::take(&mut vf.interrupts))
    }

    /// How often its registers were read and written since the last time.
    pub fn accesses(&self, vf: usize) -> (usize, usize) {
        self.vf(vf, |vf| {
            (
                std::mem::take(&mut vf.reads),
                std::mem::take(&mut vf.writes),
            )
        })
    }

    /// A register of a virtual function as it is, without side effects.
    pub fn peek(&self, vf: usize, offset: usize) -> u32 {
        self.vf(vf, |vf| vf.registers[offset / 4])
    }

    /// Changes a register of a virtual function behind everybody's back.
    pub fn poke(&self, vf: usize, offset: usize, value: u32) {
        self.vf(vf, |vf| vf.registers[offset / 4] = value);
    }

    /// Changes a word of its shared memory behind the driver's back.
    pub fn poke_shared(&self, vf: usize, offset: usize, value: u64) {
        self.vf(vf, |vf| {
            vf.shared[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        });
    }
}
