// SPDX-License-Identifier: BSD-2-Clause
//! A controller with virtual functions, written from the specification: registers, memory, the
//! admin commands that matter, and bad behaviour on request.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use mmio::Mmio;

/// A time.
pub fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// A secondary controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vf {
    /// It can be used.
    pub online: bool,
    /// Queue pairs that it was assigned.
    pub queues: u16,
    /// Interrupts that it was assigned.
    pub interrupts: u16,
}

/// What it is at, and how it is to behave.
#[derive(Debug)]
pub struct State {
    /// CAP.
    pub capabilities: u64,
    /// CC.
    pub control: u32,
    /// AQA.
    pub queue_sizes: u32,
    /// ASQ.
    pub submissions: u64,
    /// ACQ.
    pub completions: u64,
    /// The last value of the doorbell.
    pub head_doorbell: u16,
    /// Status reads until a change of the enable bit shows.
    pub ready_after: usize,
    /// CSTS.CFS.
    pub fatal: bool,
    /// Takes commands and says nothing.
    pub silent: bool,
    /// Says that it did what it did not do.
    pub lazy: bool,
    /// Resource it grants none of, though it says that all went well.
    pub withheld: Option<u32>,
    /// Random words in data pages instead of the truth.
    pub noise: Vec<u32>,
    /// OACS.
    pub oacs: u16,
    /// Queues and interrupts that the primary controller keeps; how many of the two it was told
    /// to give up at its next reset.
    pub kept: (u16, u16),
    released: u8,
    /// Secondary controllers 1 to 4.
    pub vfs: [Vf; 4],
    /// Namespaces and the controllers that see them.
    pub namespaces: BTreeMap<u32, BTreeSet<u16>>,
    /// Opcode, namespace and dword 10 of each command.
    pub commands: Vec<(u8, u32, u32)>,
    reads: usize,
    memory: Vec<u32>,
    position: usize,
}

/// Where the controller finds the memory that it shares with the driver.
pub const BUS: u64 = 0x10_0000;

/// A controller; clones are the same one.
#[derive(Clone, Debug)]
pub struct Fake(Rc<RefCell<State>>);

/// Its registers.
#[derive(Debug)]
pub struct Registers(Fake);

/// Memory that it shares with the driver.
#[derive(Debug)]
pub struct Memory {
    fake: Fake,
    /// Its size.
    pub bytes: usize,
}

impl Default for Fake {
    fn default() -> Self {
        Self::new()
    }
}

impl Fake {
    /// As after power on.
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            capabilities: 0x0000_0020_0f01_07ff,
            control: 0,
            queue_sizes: 0,
            submissions: 0,
            completions: 0,
            head_doorbell: 0,
            ready_after: 0,
            fatal: false,
            silent: false,
            lazy: false,
            withheld: None,
            noise: Vec::new(),
            oacs: 0x1aa,
            kept: (0, 0),
            released: 0,
            vfs: [Vf::default(); 4],
            namespaces: BTreeMap::new(),
            commands: Vec::new(),
            reads: 0,
            memory: vec![0; 3 * 1024],
            position: 0,
        })))
    }

    /// As after a start.
    pub fn enabled() -> Self {
        let fake = Self::new();
        {
            let mut state = fake.borrow_mut();
            state.control = 1;
            (state.submissions, state.completions) = (BUS, BUS + 4096);
        }
        fake
    }

    /// Its registers.
    pub fn registers(&self) -> Registers {
        Registers(self.clone())
    }

    /// Its memory.
    pub fn memory(&self) -> Memory {
        Memory {
            fake: self.clone(),
            bytes: 3 * 4096,
        }
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
}

impl State {
    fn word(&self, bus: u64) -> u32 {
        self.memory[((bus - BUS) / 4) as usize]
    }

    fn put(&mut self, bus: u64, value: u32) {
        self.memory[((bus - BUS) / 4) as usize] = value;
    }

    fn tail_written(&mut self, tail: u32) {
        let slot = self.position as u64 % 64;
        assert_eq!(u64::from(tail), (slot + 1) % 64, "one command at a time");
        let at = self.submissions + slot * 64;
        let words: [u32; 16] = std::array::from_fn(|n| self.word(at + 4 * n as u64));
        let (opcode, namespace, dword10) = (words[0] as u8, words[1], words[10]);
        self.commands.push((opcode, namespace, dword10));
        let data = u64::from(words[6]) | u64::from(words[7]) << 32;
        let phase = u32::from((self.position / 64).is_multiple_of(2));
        self.position += 1;
        if self.silent {
            return;
        }
        let (value, status) = match opcode {
            0x06 => (0, self.identify(dword10, namespace, data)),
            0x15 => (0, self.attach(namespace, dword10 & 0xf, self.word(data))),
            0x1c => self.manage(dword10, words[11] as u16),
            _ => (0, 1),
        };
        let at = self.completions + slot * 16;
        self.put(at, value);
        self.put(at + 8, tail);
        self.put(at + 12, status << 17 | phase << 16 | words[0] >> 16);
    }

    fn identify(&mut self, dword10: u32, namespace: u32, data: u64) -> u32 {
        let controller = (dword10 >> 16) as u16;
        let mut page = [0u32; 1024];
        match dword10 & 0xff {
            0x01 => page[64] = self.oacs.into(),
            0x10 => {
                let above = self.namespaces.keys().filter(|id| **id > namespace);
                page.iter_mut()
                    .zip(above)
                    .for_each(|(word, id)| *word = *id);
            }
            0x12 => match self.namespaces.get(&namespace) {
                Some(attached) => {
                    let list: Vec<u16> = attached
                        .iter()
                        .copied()
                        .filter(|id| *id >= controller)
                        .collect();
                    page[0] = list.len() as u32;
                    for (n, id) in (1..).zip(list) {
                        page[n / 2] |= u32::from(id) << (16 * (n % 2));
                    }
                }
                None => return 0x0b,
            },
            0x14 => {
                (page[8], page[11], page[16], page[19]) = (8, 2, 4, 1);
                (page[10], page[18]) = (self.kept.0.into(), self.kept.1.into());
            }
            0x15 => {
                let listed = (1..=4u16).filter(|id| *id >= controller);
                for (n, id) in (1..).zip(listed) {
                    let vf = self.vfs[usize::from(id) - 1];
                    page[0] = n as u32;
                    page[8 * n] = id.into();
                    page[8 * n + 1] = vf.online.into();
                    page[8 * n + 2] = u32::from(vf.queues) << 16 | u32::from(id);
                    page[8 * n + 3] = vf.interrupts.into();
                }
            }
            _ => return 2,
        }
        let noise = self.noise.clone();
        for (n, word) in page.into_iter().enumerate() {
            let word = noise.get(n % noise.len().max(1)).copied().unwrap_or(word);
            self.put(data + 4 * n as u64, word);
        }
        0
    }

    fn attach(&mut self, namespace: u32, select: u32, list: u32) -> u32 {
        assert_eq!(list & 0xffff, 1, "one controller at a time");
        let (lazy, controller) = (self.lazy, (list >> 16) as u16);
        let Some(attached) = self.namespaces.get_mut(&namespace) else {
            return 0x0b;
        };
        let changed = match (lazy, select) {
            (true, _) => true,
            (_, 0) => attached.insert(controller),
            _ => attached.remove(&controller),
        };
        match (changed, select) {
            (true, _) => 0,
            (false, 0) => 0x118,
            (false, _) => 0x11a,
        }
    }

    fn manage(&mut self, dword10: u32, count: u16) -> (u32, u32) {
        let (controller, resource) = (dword10 >> 16, dword10 >> 8 & 7);
        let action = dword10 & 0xf;
        if action == 1 {
            self.released += 1;
            return (0, 0);
        }
        let lazy = self.lazy;
        let Some(vf) = self.vfs.get_mut((controller as usize).wrapping_sub(1)) else {
            return (0, 0x11f);
        };
        match (action, resource) {
            (7, _) if !lazy => *vf = Vf::default(),
            (8, _) if vf.online => return (0, 0x120),
            (8, 0) if count > 2 => return (0, 0x121),
            (8, 0) => vf.queues = count,
            (8, 1) if count > 1 => return (0, 0x121),
            (8, 1) => vf.interrupts = count,
            (9, _) if vf.queues < 2 || vf.interrupts < 1 => return (0, 0x120),
            (9, _) if !lazy => vf.online = true,
            _ => {}
        }
        let withheld = action == 8 && self.withheld == Some(resource);
        (if withheld { 0 } else { count.into() }, 0)
    }
}

impl Mmio for Registers {
    fn size(&self) -> usize {
        0x4000
    }
    fn read32(&self, offset: usize) -> u32 {
        let mut state = self.0.borrow_mut();
        match offset {
            0x14 => state.control,
            0x1c => {
                state.reads += 1;
                let shown = state.reads > state.ready_after;
                let ready = u32::from(shown) & state.control & 1;
                ready | u32::from(state.fatal) << 1
            }
            _ => panic!("read of {offset:#x}"),
        }
    }
    fn write32(&mut self, offset: usize, value: u32) {
        let mut state = self.0.borrow_mut();
        match offset {
            0x0c => {}
            0x14 => {
                (state.control, state.reads, state.position) = (value, 0, 0);
                if state.released >= 2 {
                    (state.kept, state.released) = ((0, 0), 0);
                }
            }
            0x24 => state.queue_sizes = value,
            0x1000 => state.tail_written(value),
            0x1004 => state.head_doorbell = value as u16,
            _ => panic!("write of {offset:#x}"),
        }
    }
    fn read64(&self, offset: usize) -> u64 {
        assert_eq!(offset, 0);
        self.0.borrow().capabilities
    }
    fn write64(&mut self, offset: usize, value: u64) {
        let mut state = self.0.borrow_mut();
        assert_eq!(state.control & 1, 0, "queues are set while it is stopped");
        match offset {
            0x28 => state.submissions = value,
            0x30 => state.completions = value,
            _ => panic!("write of {offset:#x}"),
        }
    }
}

impl Mmio for Memory {
    fn size(&self) -> usize {
        self.bytes
    }
    fn read32(&self, offset: usize) -> u32 {
        self.fake.borrow().memory[offset / 4]
    }
    fn write32(&mut self, offset: usize, value: u32) {
        self.fake.borrow_mut().memory[offset / 4] = value;
    }
    fn read64(&self, _: usize) -> u64 {
        unreachable!("the driver uses words of 32 bits")
    }
    fn write64(&mut self, _: usize, _: u64) {
        unreachable!("the driver uses words of 32 bits")
    }
}
