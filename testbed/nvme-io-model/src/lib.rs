// SPDX-License-Identifier: BSD-2-Clause
//! A controller with one namespace, written from the specification: registers, queues, memory, and
//! the commands that matter. It panics where a driver breaks a rule, and behaves badly on request.

mod commands;
mod memory;

use std::cell::{Ref, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use mmio::Mmio;

pub use memory::{BUS, Memory};

/// The number of the namespace that it has.
pub const NAMESPACE: u32 = 2;
/// Bytes of a block.
pub const BLOCK: usize = 512;

/// A time.
pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// What it is at, and how it is to behave.
#[derive(Debug)]
pub struct State {
    /// CAP.
    pub capabilities: u64,
    /// MDTS.
    pub most: u8,
    /// The namespace.
    pub disk: Vec<u8>,
    /// All memory that it can reach.
    pub memory: Vec<u32>,
    /// Commands with this opcode end with this status. Those of I/O queues have 0x100 added.
    pub fails: Option<(u16, u16)>,
    /// Takes commands and says nothing.
    pub silent: bool,
    /// I/O commands wait until they are told to go on.
    pub holds: bool,
    /// CSTS.CFS.
    pub fatal: bool,
    /// All registers read ones.
    pub gone: bool,
    /// MSI-X is enabled. As in QEMU, that must be so when a queue that interrupts is made.
    pub msix: bool,
    /// Interrupts that it raised.
    pub interrupts: usize,
    /// Flushes that it carried out.
    pub flushes: usize,
    /// I/O commands that wait.
    pub held: VecDeque<[u32; 16]>,
    /// Its MSI-X table, at 0x2000.
    pub table: [u32; 4],
    control: u32,
    sizes: u32,
    bases: [u64; 2],
    admin: Pair,
    io: Pair,
}

/// A submission and a completion queue.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    submissions: Option<u64>,
    completions: Option<u64>,
    entries: u32,
    interrupts: bool,
    /// The next submission to be read.
    next: u32,
    /// Where the next completion goes, and what the driver has read.
    tail: u32,
    head: u32,
    phase: bool,
}

/// A controller; clones are the same one.
#[derive(Clone, Debug)]
pub struct Model(Rc<RefCell<State>>);

/// Its registers.
#[derive(Debug)]
pub struct Registers(Model);

impl Model {
    /// As after power on, with a namespace of so many bytes, and so much memory at [`BUS`].
    pub fn new(disk: usize, memory: usize) -> Self {
        Self(Rc::new(RefCell::new(State {
            capabilities: 0x0000_0020_0f01_07ff,
            most: 7,
            disk: vec![0; disk],
            memory: vec![0; memory / 4],
            fails: None,
            silent: false,
            holds: false,
            fatal: false,
            gone: false,
            msix: false,
            interrupts: 0,
            flushes: 0,
            held: VecDeque::new(),
            table: [0; 4],
            control: 0,
            sizes: 0,
            bases: [0; 2],
            admin: Pair::default(),
            io: Pair::default(),
        })))
    }

    /// Its registers.
    pub fn registers(&self) -> Registers {
        Registers(self.clone())
    }

    /// Its memory from byte `offset` on.
    pub fn memory(&self, offset: usize, bytes: usize) -> Memory {
        Memory::new(self.clone(), offset, bytes)
    }

    /// What it is at.
    ///
    /// # Panics
    ///
    /// While somebody changes it.
    pub fn borrow(&self) -> Ref<'_, State> {
        self.0.borrow()
    }

    /// The same, to change it.
    ///
    /// # Panics
    ///
    /// While somebody looks at it.
    pub fn borrow_mut(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// Carries out the I/O command that waits at this place.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn release(&self, place: usize) {
        let mut state = self.borrow_mut();
        let words = state.held.remove(place).expect("a command waits");
        state.io_command(words);
    }
}

impl State {
    fn enabled(&self) -> bool {
        self.control & 1 != 0
    }

    fn set_control(&mut self, value: u32) {
        let was = self.enabled();
        self.control = value;
        if self.enabled() && !was {
            assert_eq!(value >> 16 & 0xff, 0x46, "sizes of entries (CC)");
            assert_eq!(self.sizes & 0xfff, self.sizes >> 16, "of the same length");
            self.admin = Pair {
                submissions: Some(self.bases[0]),
                completions: Some(self.bases[1]),
                entries: (self.sizes & 0xfff) + 1,
                phase: true,
                ..Pair::default()
            };
        }
        if !self.enabled() {
            (self.admin, self.io) = (Pair::default(), Pair::default());
            self.held.clear();
        }
    }

    fn tail_written(&mut self, queue: u32, tail: u32) {
        assert!(self.enabled(), "a doorbell while it is off");
        loop {
            let pair = if queue == 0 {
                &mut self.admin
            } else {
                &mut self.io
            };
            let base = pair.submissions.expect("the submission queue exists");
            assert!(tail < pair.entries, "tail {tail} of queue {queue}");
            if pair.next == tail {
                return;
            }
            let at = base + u64::from(pair.next) * 64;
            pair.next = (pair.next + 1) % pair.entries;
            let words = core::array::from_fn(|n| self.word(at + 4 * n as u64));
            match queue {
                _ if self.silent => {}
                0 => self.admin_command(words),
                _ if self.holds => self.held.push_back(words),
                _ => self.io_command(words),
            }
        }
    }

    fn head_written(&mut self, queue: u32, head: u32) {
        let pair = if queue == 0 {
            &mut self.admin
        } else {
            &mut self.io
        };
        assert!(head < pair.entries, "head {head} of queue {queue}");
        pair.head = head;
    }

    fn complete(&mut self, queue: u32, words: [u32; 16], value: u32, status: u16) {
        let pair = if queue == 0 {
            &mut self.admin
        } else {
            &mut self.io
        };
        let base = pair.completions.expect("the completion queue exists");
        let (at, phase) = (base + u64::from(pair.tail) * 16, u32::from(pair.phase));
        pair.tail = (pair.tail + 1) % pair.entries;
        assert_ne!(pair.tail, pair.head, "the completion queue is full");
        if pair.tail == 0 {
            pair.phase = !pair.phase;
        }
        let (next, interrupts) = (pair.next, pair.interrupts);
        self.put(at, value);
        self.put(at + 8, queue << 16 | next);
        let id = words[0] >> 16;
        self.put(at + 12, u32::from(status) << 17 | phase << 16 | id);
        self.interrupts += usize::from(interrupts);
    }
}

impl Mmio for Registers {
    fn size(&self) -> usize {
        0x4000
    }

    fn read32(&self, offset: usize) -> u32 {
        let state = self.0.borrow();
        match offset {
            _ if state.gone => u32::MAX,
            0x14 => state.control,
            0x1c => u32::from(state.enabled()) | u32::from(state.fatal) << 1,
            _ => panic!("read of {offset:#x}"),
        }
    }

    fn write32(&mut self, offset: usize, value: u32) {
        let mut state = self.0.borrow_mut();
        match offset {
            _ if state.gone => {}
            0x0c => assert!(!state.msix, "a register that is not for MSI-X (§3.1.3)"),
            0x14 => state.set_control(value),
            0x24 => state.sizes = value,
            0x1000 | 0x1008 => state.tail_written((offset as u32 - 0x1000) / 8, value),
            0x1004 | 0x100c => state.head_written((offset as u32 - 0x1004) / 8, value),
            0x2000..0x2010 => state.table[(offset - 0x2000) / 4] = value,
            _ => panic!("write of {offset:#x}"),
        }
    }

    fn read64(&self, offset: usize) -> u64 {
        assert_eq!(offset, 0);
        let state = self.0.borrow();
        if state.gone {
            u64::MAX
        } else {
            state.capabilities
        }
    }

    fn write64(&mut self, offset: usize, value: u64) {
        let mut state = self.0.borrow_mut();
        assert!(!state.enabled(), "queues are set while it is off");
        match offset {
            0x28 => state.bases[0] = value,
            0x30 => state.bases[1] = value,
            _ => panic!("write of {offset:#x}"),
        }
    }
}
