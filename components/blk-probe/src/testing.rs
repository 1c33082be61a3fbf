// SPDX-License-Identifier: BSD-2-Clause
//! A PF manager of a few lines, with the model of the controller behind it.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;
use std::vec::Vec;

use mmio::Mmio;
use nvme_io::{IO_DMA_BYTES, Shared};
use nvme_io_model::{BUS, Memory, Model, NAMESPACE, Registers};
use pf_manager_interface::{
    BODY_WORDS, Call, Driver, Info, Link, NoReply, Operation, REPLY_WORDS, REQUEST_WORDS, Reply,
    Request, State, Status, VERSION, WireFault, WireInfo,
};

use crate::{BUFFER_BYTES, BUFFERS, Buffers, Command, Probe, Report};

/// The function that is granted.
pub const INFO: Info = Info {
    driver: Driver::Nvme,
    vf: 0,
    requester: 0x21,
    id: (0x1b36, 0x10),
    mac: None,
    vlan: 0,
    max_frame: 0,
    link: Link::Down,
    namespace: NAMESPACE,
    interrupts: 1,
    handles: [5, 0, 0, 0],
};

/// The function as the PF manager has it.
pub struct Function {
    pub info: Info,
    pub state: State,
    /// First word of the MSI-X capability, at 0x40.
    pub msix: u32,
    /// Where that says that the table is.
    pub table: u32,
    pub asked: Vec<Operation>,
    /// A reset is over as soon as it was asked for.
    pub quick: bool,
    model: Model,
}

#[derive(Clone)]
pub struct Manager(Rc<RefCell<Function>>);

impl Manager {
    fn new(model: Model) -> Self {
        model.borrow_mut().msix = true;
        Self(Rc::new(RefCell::new(Function {
            info: INFO,
            state: State::Granted,
            // Enabled, as an earlier life of the program may have left it; the model checks that it
            // is not while the controller starts.
            msix: 0x8000_0011,
            table: 0x2000,
            asked: Vec::new(),
            quick: true,
            model,
        })))
    }

    pub fn change(&self, change: impl FnOnce(&mut Function)) {
        change(&mut self.0.borrow_mut());
    }

    pub fn msix(&self) -> u32 {
        self.0.borrow().msix
    }

    pub fn asked(&self, operation: Operation) -> usize {
        let function = self.0.borrow();
        let same = function.asked.iter().filter(|asked| **asked == operation);
        same.count()
    }
}

impl Function {
    fn config(&self, offset: u16) -> u64 {
        match offset {
            0x00 => 0xffff_ffff,
            0x04 => 0x0010_0006,
            0x34 => 0x40,
            0x40 => self.msix.into(),
            0x44 => self.table.into(),
            0x48 => 0x3000,
            _ => 0,
        }
    }

    fn reset(&mut self) {
        self.msix &= 0xffff;
        self.model.borrow_mut().msix = false;
        let mut registers = self.model.registers();
        registers.write32(0x14, 0);
        self.state = if self.quick {
            State::Granted
        } else {
            State::Resetting
        };
    }
}

impl Call for Manager {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        let mut function = self.0.borrow_mut();
        let request = Request::from_words(request);
        let operation = Operation::from_number(request.operation).unwrap();
        function.asked.push(operation);
        let mut body = [0; BODY_WORDS];
        let mut status = Status::Ok;
        match (operation, function.state) {
            (Operation::Claim, State::Quarantined) => status = Status::State,
            (Operation::Claim, _) => {}
            (Operation::Info, _) => body = WireInfo::from(function.info).to_body(),
            (Operation::Query, _) => body = WireFault::new(1, None).to_body(),
            (Operation::Reset, State::Granted) | (Operation::Release, State::Quarantined) => {
                function.reset();
            }
            (Operation::GiveUp, State::Granted) => function.state = State::Revoking,
            (Operation::ReadConfig, State::Granted) => body[0] = function.config(request.offset),
            (Operation::WriteConfig, State::Granted) if request.offset == 0x40 => {
                function.msix = function.msix & 0xffff | request.value as u32 & 0xc000_0000;
                function.model.borrow_mut().msix = function.msix >> 31 != 0;
            }
            _ => status = Status::State,
        }
        Ok(Reply {
            version: VERSION,
            status: status as u16,
            state: function.state as u8,
            reason: u8::from(function.state == State::Quarantined),
            detail: 0,
            generation: 1,
            body,
        }
        .to_words())
    }
}

/// The model's memory as buffers.
#[derive(Debug)]
pub struct Data(Memory);

impl Buffers for Data {
    fn bus_address(&self) -> u64 {
        BUS + IO_DMA_BYTES as u64
    }
    fn size(&self) -> usize {
        self.0.size()
    }
    fn read64(&self, offset: usize) -> u64 {
        self.0.read64(offset)
    }
    fn write64(&mut self, offset: usize, value: u64) {
        self.0.write64(offset, value);
    }
}

/// All of it.
pub struct Bench {
    pub model: Model,
    pub manager: Manager,
    pub probe: Probe<Manager, Registers, Shared<Memory>, Data>,
    pub now: Duration,
    pub reports: Vec<Report>,
    interrupts: usize,
}

impl Bench {
    /// With a namespace of so many bytes.
    pub fn new(disk: usize) -> Self {
        let bytes = BUFFERS * BUFFER_BYTES as usize;
        let model = Model::new(disk, IO_DMA_BYTES + bytes);
        let manager = Manager::new(model.clone());
        let queues = Shared::new(model.memory(0, IO_DMA_BYTES), BUS);
        let buffers = Data(model.memory(IO_DMA_BYTES, bytes));
        let probe = Probe::new(manager.clone(), model.registers(), queues, buffers).unwrap();
        Self {
            model,
            manager,
            probe,
            now: Duration::ZERO,
            reports: Vec::new(),
            interrupts: 0,
        }
    }

    /// The PF manager notifies.
    pub fn notify(&mut self) -> Option<Duration> {
        self.poll(true)
    }

    /// Gives a command that is not refused.
    pub fn obey(&mut self, command: Command) {
        let refuse = &mut |report| panic!("{report}");
        self.probe.obey(command, self.now, refuse);
    }

    fn poll(&mut self, asked: bool) -> Option<Duration> {
        self.probe
            .poll(self.now, asked, &mut |report| self.reports.push(report))
    }

    /// One interrupt, or if there is none, the time that is waited for. False if nothing is.
    pub fn step(&mut self) -> bool {
        let raised = self.model.borrow().interrupts;
        // The PF manager notifies of resets, which are over at once here.
        let asked = self.manager.0.borrow().state == State::Granted;
        if raised != self.interrupts {
            self.interrupts = raised;
            self.now += Duration::from_micros(100);
            if self.manager.msix() & 0x8000_0000 != 0 {
                self.probe.interrupt();
            }
            self.poll(asked);
            return true;
        }
        let Some(next) = self.poll(asked) else {
            return false;
        };
        self.now = self.now.max(next);
        self.poll(asked);
        true
    }

    /// Goes on until this report comes, but not for ever.
    pub fn until(&mut self, wanted: impl Fn(&Report) -> bool) -> Report {
        for _ in 0..1000 {
            if let Some(at) = self.reports.iter().position(&wanted) {
                return self.reports.drain(..=at).next_back().unwrap();
            }
            self.step();
        }
        panic!("only {:?}", self.reports);
    }
}
