// SPDX-License-Identifier: BSD-2-Clause
//! Answers to clients. Who asks is known by the channel; every field of a request is checked here.

use core::time::Duration;

use image_spec::vf_grants::IGB;
use pci::Bdf;
use pf_manager_interface::{
    BODY_WORDS, Driver, Info, Link, MAX_HANDLES, Operation, REPLY_WORDS, REQUEST_WORDS, Reason,
    Reply, Request, State, Statistics, Status, VERSION, WireFault, WireInfo,
};
use sriov::{Owner, Refused};

use super::Manager;
use crate::{Parts, Problem, device, window};

type Body = [u64; BODY_WORDS];
const EMPTY: Body = [0; BODY_WORDS];

impl<P: Parts> Manager<'_, P> {
    /// Serves a call on `channel` with the message registers `words`. To be followed by a
    /// [`poll`](Self::poll).
    pub fn call(&mut self, channel: usize, words: &[u64], now: Duration) -> [u64; REPLY_WORDS] {
        let mut grants = self.table.grants().iter();
        let index = grants.position(|grant| usize::from(grant.channel) == channel);
        let result = checked(words).and_then(|(operation, request)| {
            let index = index.ok_or(Status::Function)?;
            self.serve(index, operation, &request, now)
        });
        let (status, body) = match result {
            Ok(body) => (Status::Ok, body),
            Err(status) => (status, EMPTY),
        };
        let (mut state, mut reason) = (State::Absent, Reason::None);
        if let Some(index) = index {
            // The reply tells it.
            self.has_news(index);
            if let Some(slot) = self.slots.get(index) {
                (state, reason) = (slot.state(), slot.reason());
            }
        }
        let unguarded = self.unguarded.filter(|_| status == Status::Unguarded);
        Reply {
            version: VERSION,
            status: status as u16,
            state: state as u8,
            reason: reason as u8,
            detail: unguarded.unwrap_or(0),
            generation: self.generation,
            body,
        }
        .to_words()
    }

    fn serve(
        &mut self,
        index: usize,
        operation: Operation,
        request: &Request,
        now: Duration,
    ) -> Result<Body, Status> {
        if operation == Operation::Info {
            return self.info(index).map(|info| WireInfo::from(info).to_body());
        }
        match self.problem(index) {
            Some(Problem::Unguarded) => return Err(Status::Unguarded),
            Some(_) => return Err(Status::Device),
            None => {}
        }
        match operation {
            Operation::Claim => self.claim(index, now)?,
            Operation::GiveUp => self.give_up(index, now)?,
            Operation::Reset => self.restart(index, operation, now)?,
            Operation::Release => self.restart(index, operation, now)?,
            Operation::ReadConfig => {
                let at = self.granted(index)?;
                let word = window::read(&self.bus.config, at, request.offset);
                let mut body = EMPTY;
                body[0] = word.ok_or(Status::Offset)?.into();
                return Ok(body);
            }
            Operation::WriteConfig => {
                let at = self.granted(index)?;
                let value = u32::try_from(request.value).map_err(|_| Status::Operation)?;
                let written = window::write(&mut self.bus.config, at, request.offset, value);
                written.ok_or(Status::Offset)?;
            }
            Operation::Query => {
                let slot = self.slots.get(index).ok_or(Status::Function)?;
                return Ok(WireFault::new(slot.faults, slot.last_fault).to_body());
            }
            Operation::Statistics => return Ok(self.statistics(index)?.to_body()),
            Operation::Info => {}
        }
        Ok(EMPTY)
    }

    fn claim(&mut self, index: usize, now: Duration) -> Result<(), Status> {
        let slot = self.slots.get_mut(index).ok_or(Status::Function)?;
        match slot.state() {
            State::Quarantined => return Err(Status::State),
            State::Granted | State::Resetting => return Ok(()),
            State::Absent | State::Configured | State::Revoking => slot.claimed = true,
        }
        if slot.state() != State::Configured {
            return Ok(());
        }
        match self.grant(index, now) {
            Err(_) if self.slots.get(index).is_some_and(|slot| slot.claimed) => Ok(()),
            result => result.map_err(status),
        }
    }

    fn give_up(&mut self, index: usize, now: Duration) -> Result<(), Status> {
        let slot = self.slots.get_mut(index).ok_or(Status::Function)?;
        // A claim that came to nothing yet is withdrawn.
        let claimed = core::mem::take(&mut slot.claimed);
        match slot.vf.revoke(now) {
            Err(Refused::Absent | Refused::NotGranted | Refused::Busy) if claimed => Ok(()),
            result => result.map_err(status),
        }
    }

    /// Reset and release: both end with the same owner.
    fn restart(&mut self, index: usize, by: Operation, now: Duration) -> Result<(), Status> {
        let grant = self.table.grants().get(index).ok_or(Status::Function)?;
        let slot = self.slots.get_mut(index).ok_or(Status::Function)?;
        let owner = Owner(grant.channel.into());
        let result = match by {
            Operation::Release => slot.vf.release(owner, now),
            _ => slot.vf.renew(owner, now),
        };
        result.map_err(status)?;
        slot.resets += 1;
        Ok(())
    }

    /// Who a function is whose configuration space its owner may use now.
    fn granted(&self, index: usize) -> Result<Bdf, Status> {
        let slot = self.slots.get(index).ok_or(Status::Function)?;
        let grant = self.table.grants().get(index).ok_or(Status::Function)?;
        match slot.state() {
            State::Granted => Ok(Bdf(grant.requester.get())),
            _ => Err(Status::State),
        }
    }

    fn info(&self, index: usize) -> Result<Info, Status> {
        let grant = self.table.grants().get(index).ok_or(Status::Function)?;
        let function = self.table.function(grant).ok_or(Status::Function)?;
        let device = self.devices.get(usize::from(grant.function));
        let driver = if function.driver == IGB {
            Driver::Igb
        } else {
            Driver::Nvme
        };
        let mut handles = [0; MAX_HANDLES];
        let mut interrupts = 0;
        for (slot, handle) in handles.iter_mut().zip(grant.handles()) {
            *slot = handle;
            interrupts += 1;
        }
        let link = match self.megabits(index) {
            0 => Link::Down,
            megabits => Link::Up(megabits),
        };
        Ok(Info {
            driver,
            vf: grant.vf,
            requester: grant.requester.get(),
            id: device.map_or((0, 0), |device| device.vf_id()),
            mac: grant.mac(),
            vlan: grant.vlan.get(),
            max_frame: grant.max_frame.get(),
            link,
            namespace: grant.namespace.get(),
            interrupts,
            handles,
        })
    }

    fn statistics(&mut self, index: usize) -> Result<Statistics, Status> {
        let grant = self.table.grants().get(index).ok_or(Status::Function)?;
        let slot = self.slots.get(index).ok_or(Status::Function)?;
        let device = self.devices.get_mut(usize::from(grant.function));
        let device = device.ok_or(Status::Device)?;
        let device::Driver::Network(network) = &mut device.driver else {
            return Err(Status::Unsupported);
        };
        let counters = network.counters(grant.vf);
        Ok(Statistics {
            received: counters.received,
            sent: counters.sent,
            received_bytes: counters.received_bytes,
            sent_bytes: counters.sent_bytes,
            multicast: counters.multicast,
            looped_received: counters.looped_received,
            looped_sent: counters.looped_sent,
            messages: slot.messages.0,
            refused: slot.messages.1,
            resets: slot.resets,
        })
    }
}

/// The request in these message registers, with every field in range.
fn checked(words: &[u64]) -> Result<(Operation, Request), Status> {
    let words = <[u64; REQUEST_WORDS]>::try_from(words).map_err(|_| Status::Version)?;
    let request = Request::from_words(words);
    if request.version != VERSION {
        return Err(Status::Version);
    }
    let operation = Operation::from_number(request.operation).ok_or(Status::Operation)?;
    let writes = operation == Operation::WriteConfig;
    let config = writes || operation == Operation::ReadConfig;
    let value_max = if writes { u32::MAX.into() } else { 0 };
    let in_range =
        request.reserved == 0 && request.value <= value_max && (config || request.offset == 0);
    if in_range {
        Ok((operation, request))
    } else {
        Err(Status::Operation)
    }
}

const fn status(refused: Refused) -> Status {
    match refused {
        Refused::Failed(_) => Status::Failed,
        _ => Status::State,
    }
}
