// SPDX-License-Identifier: BSD-2-Clause
//! Answers to clients. Every field of a request is checked here; a client is never trusted.

use iommu_manager_interface::{
    Counters, DeviceState, Operation, Protection, REPLY_WORDS, Refusal, Reply, Request, Status,
};
use mmio::Mmio;
use pci::Bdf;
use vtd::{Iommu, Memory};
use zerocopy::FromZeros;

use crate::manager::Manager;

impl<R: Mmio, M: Memory> Manager<'_, R, M> {
    /// Serves a call with the message registers `words`. `trusted`: it comes from the PF manager.
    /// `clock` is the time-stamp counter.
    pub fn call(
        &mut self,
        trusted: bool,
        words: &[u64],
        clock: impl Fn() -> u64,
    ) -> [u64; REPLY_WORDS] {
        let request = Request::parse(words);
        let result = request.and_then(|request| self.serve(trusted, request, clock));
        result.unwrap_or_else(Reply::new).to_words()
    }

    fn serve(
        &mut self,
        trusted: bool,
        request: Request,
        clock: impl Fn() -> u64,
    ) -> Result<Reply, Status> {
        use Operation as Op;

        let operation = Op::from_number(request.operation).ok_or(Status::Operation)?;
        let about_none = matches!(operation, Op::Status | Op::Counters | Op::NextFault);
        let about_index = matches!(operation, Op::Bind | Op::Unbind);
        if about_none && request.requester != 0 || !about_index && request.index != 0 {
            return Err(Status::Operation);
        }
        let open = matches!(operation, Op::Status | Op::Counters | Op::Query);
        if !trusted && !open {
            return Err(Status::Forbidden);
        }
        let id = Bdf(request.requester);
        let done = Reply::new(Status::Ok);
        match operation {
            Op::Status => return Ok(done.with(&self.protection())),
            Op::Counters => return Ok(done.with(&self.counters())),
            Op::Query => return Ok(done.with(&self.query(id))),
            Op::NextFault => {
                self.serve_faults(clock);
                let record = self.faults.take();
                let status = match record.number {
                    0 => Status::NoFault,
                    _ => Status::Ok,
                };
                return Ok(Reply::new(status).with(&record));
            }
            _ if self.refusal != Refusal::None => return Err(Status::Refused),
            _ => {}
        }
        let mut device = self.guarded(id)?;
        match operation {
            Op::Attach => device.attach()?,
            Op::Detach => device.detach()?,
            Op::Bind => device.bind(request.index)?,
            Op::Unbind => device.unbind(request.index)?,
            _ => device.quarantine()?,
        }
        Ok(done)
    }

    fn protection(&self) -> Protection {
        Protection {
            refusal: self.refusal as u8,
            blocking: self.iommu.is_some().into(),
            remapping: self.remapping.into(),
            units: self.iommu.as_ref().map_or(0, |iommu| iommu.units().len()) as u32,
            devices: self.devices.len() as u64,
            ..Protection::new_zeroed()
        }
    }

    fn counters(&self) -> Counters {
        let Some(iommu) = &self.iommu else {
            return Counters::new_zeroed();
        };
        let (pages, all_pages) = iommu.memory().pages();
        let units = iommu.units().iter();
        Counters {
            pages: pages as u32,
            all_pages: all_pages as u32,
            interrupts: iommu.interrupts_bound(|_| true) as u32,
            domains: iommu.domains() as u32,
            faults: self.faults.seen,
            batches: units.map(|unit| unit.queue_counters().batches).sum(),
        }
    }

    fn query(&self, id: Bdf) -> DeviceState {
        let Some(device) = self.devices.iter().find(|device| device.id == id) else {
            // The state of number 0 is that there is no such device.
            return DeviceState::new_zeroed();
        };
        let of_it = |iommu: &Iommu<R, M>| iommu.interrupts_bound(|source| source == id);
        DeviceState {
            state: device.state as u16,
            domain: device.domain.as_ref().map_or(0, |domain| domain.id().0),
            interrupts: self.iommu.as_ref().map_or(0, of_it) as u16,
            reserved: 0,
            faults: device.faults,
            last: device.last,
        }
    }
}
