// SPDX-License-Identifier: BSD-2-Clause
//! An IOMMU manager that keeps account, with the rules of its interface.

use core::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::format;
use std::rc::Rc;

use iommu_manager_interface::{
    Call, DeviceState, Fault, NoReply, Operation, Protection, REPLY_WORDS, REQUEST_WORDS, Record,
    Reply, Request, State, Status,
};
use pci::Bdf;
use zerocopy::FromZeros;

use super::Log;

#[derive(Default)]
pub struct Device {
    pub attached: bool,
    pub quarantined: bool,
    pub bound: BTreeSet<u16>,
}

pub struct Inner {
    pub refusal: u8,
    /// Does not answer as an IOMMU manager does.
    pub silent: bool,
    pub devices: BTreeMap<u16, Device>,
    pub faults: VecDeque<Fault>,
    pub again_ms: u64,
    /// An operation that fails, and for whom.
    pub failing: Option<(Operation, u16)>,
    number: u64,
    log: Log,
}

/// Clones are the same one.
#[derive(Clone)]
pub struct IommuManager(pub Rc<RefCell<Inner>>);

impl IommuManager {
    pub fn new(log: Log) -> Self {
        let listed = [0x18, 0x20, 0x98, 0x9a, 0x21];
        Self(Rc::new(RefCell::new(Inner {
            refusal: 0,
            silent: false,
            devices: listed.map(|id| (id, Device::default())).into(),
            faults: VecDeque::new(),
            again_ms: 0,
            failing: None,
            number: 0,
            log,
        })))
    }

    /// Something of `at` is stopped, as hardware would report it.
    pub fn fault(&self, at: Bdf, access: u8, address: u64) {
        let mut inner = self.0.borrow_mut();
        let fault = Fault {
            requester: at.0,
            reason: 6,
            access,
            reserved: 0,
            at: address,
        };
        inner.faults.push_back(fault);
        if let Some(device) = inner.devices.get_mut(&at.0) {
            (device.attached, device.quarantined) = (false, true);
            device.bound.clear();
        }
    }

    /// Whether `at` reaches memory, and the interrupts that it may raise.
    pub fn reach(&self, at: Bdf) -> (bool, BTreeSet<u16>) {
        let inner = self.0.borrow();
        let device = &inner.devices[&at.0];
        (device.attached, device.bound.clone())
    }
}

impl Inner {
    fn serve(&mut self, operation: Operation, request: Request) -> Reply {
        let Request {
            requester, index, ..
        } = request;
        let orders = [
            Operation::Attach,
            Operation::Detach,
            Operation::Bind,
            Operation::Unbind,
            Operation::Quarantine,
        ];
        if orders.contains(&operation) {
            let at = Bdf(requester);
            self.log.borrow_mut().push(format!("{operation} {at}"));
        }
        if self.failing == Some((operation, requester)) {
            return Reply::new(Status::Failed);
        }
        match operation {
            Operation::Status => {
                let mut protection = Protection::new_zeroed();
                protection.refusal = self.refusal;
                return Reply::new(Status::Ok).with(&protection);
            }
            Operation::NextFault => {
                let mut record = Record::new_zeroed();
                record.again_ms = self.again_ms;
                let Some(fault) = self.faults.pop_front() else {
                    return Reply::new(Status::NoFault).with(&record);
                };
                self.number += 1;
                (record.fault, record.number) = (fault, self.number);
                return Reply::new(Status::Ok).with(&record);
            }
            _ => {}
        }
        let Some(device) = self.devices.get_mut(&requester) else {
            return Reply::new(Status::Unknown);
        };
        Reply::new(match operation {
            Operation::Query => {
                let mut state = DeviceState::new_zeroed();
                state.state = match (device.quarantined, device.attached) {
                    (true, _) => State::Quarantined,
                    (false, true) => State::Attached,
                    (false, false) => State::Blocked,
                } as u16;
                state.interrupts = device.bound.len() as u16;
                return Reply::new(Status::Ok).with(&state);
            }
            Operation::Detach => {
                *device = Device::default();
                Status::Ok
            }
            Operation::Quarantine => {
                (device.attached, device.quarantined) = (false, true);
                device.bound.clear();
                Status::Ok
            }
            Operation::Attach | Operation::Bind if device.quarantined => Status::Quarantined,
            Operation::Attach if device.attached => Status::State,
            Operation::Attach => {
                device.attached = true;
                Status::Ok
            }
            Operation::Bind if device.bound.insert(index) => Status::Ok,
            _ => Status::State,
        })
    }
}

impl Call for IommuManager {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        let request = Request::from_words(request);
        let operation = Operation::from_number(request.operation).ok_or(NoReply)?;
        let mut inner = self.0.borrow_mut();
        if inner.silent {
            return Err(NoReply);
        }
        Ok(inner.serve(operation, request).to_words())
    }
}
