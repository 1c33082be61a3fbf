// SPDX-License-Identifier: BSD-2-Clause
//! One virtual function as the physical function sees it: its policy, what it has asked for, and
//! the answer that it has not fetched yet.

use core::time::Duration;

use heapless::Vec;
use mmio::Mmio;

use crate::budget::Budget;
use crate::filters::Filters;
use crate::mailbox;
use crate::message::{ACK, CLEAR_TO_SEND, MESSAGE_WORDS, NACK, kind};
use crate::registers::{Reg, Registers, VfReg};
use crate::{Answer, Limits, Mac, Policy, Refusal, Request};

/// Pool offload register.
mod vmolr {
    pub const LONG: u32 = 1 << 16;
    pub const UNTAGGED: u32 = 1 << 24;
    pub const MULTICAST_TABLE: u32 = 1 << 25;
    pub const BROADCAST: u32 = 1 << 27;
    pub const ALL_MULTICAST: u32 = 1 << 28;
    pub const STRIP_VLAN: u32 = 1 << 30;
    pub const STRIP_CRC: u32 = 1 << 31;
}

/// Tag everything with the default VLAN.
const VMVIR_DEFAULT: u32 = 1 << 30;
const MIN_FRAME: u32 = 64;
const MAX_FRAME: u16 = 9728;

#[derive(Debug, Default)]
pub(crate) struct Vf {
    /// Set while somebody has it; without, it gets nothing.
    policy: Option<Policy>,
    /// It has asked for a reset, and may ask for more now.
    started: bool,
    multicast: bool,
    promiscuous: bool,
    frame: u16,
    pub budget: Budget,
    outbox: Vec<u32, 3>,
}

impl Vf {
    /// Somebody has it from now on. It has to start with a reset.
    pub fn allow(&mut self, policy: Policy) {
        *self = Self {
            policy: Some(policy),
            ..Self::default()
        };
    }

    /// Nobody has it any more.
    pub fn forbid(&mut self) {
        *self = Self {
            budget: self.budget,
            ..Self::default()
        };
    }

    /// Whether somebody has it.
    pub fn allowed(&self) -> bool {
        self.policy.is_some()
    }

    /// It was reset: back to the beginning, with nothing in any filter, not even its address.
    pub fn restart(&mut self, registers: &mut impl Mmio, filters: &mut Filters, vf: u8) {
        self.started = false;
        self.multicast = false;
        self.promiscuous = false;
        self.outbox.clear();
        self.frame = self.policy.map_or(0, |policy| policy.max_frame);
        stop(registers, vf);
        filters.clear(registers, vf);
        self.write_offload(registers, vf);
    }

    /// Judges a message, does what it asks for if that is allowed, and answers.
    pub fn handle(
        &mut self,
        registers: &mut impl Mmio,
        filters: &mut Filters,
        vf: u8,
        words: &[u32; MESSAGE_WORDS],
    ) -> Option<Answer> {
        let request = Request::parse(words);
        if request == Ok(Request::Nothing) {
            return None;
        }
        let reset = request == Ok(Request::Reset);
        let result = request.and_then(|request| match request {
            Request::Reset => self.start(registers, filters, vf),
            _ if !self.started => Err(Refusal::NotReset),
            other => self.serve(registers, filters, vf, other),
        });
        let verdict = if result.is_ok() { ACK } else { NACK };
        self.outbox.clear();
        // There is room for three words.
        if reset {
            let mac = self
                .policy
                .filter(|_| self.started)
                .and_then(|policy| policy.mac);
            let [low, high] = mac.map_or([0, 0], Mac::words);
            let verdict = if mac.is_some() { verdict } else { NACK };
            let _ = self
                .outbox
                .extend_from_slice(&[kind::RESET | verdict, low, high]);
        } else {
            let going_on = if self.started { CLEAR_TO_SEND } else { 0 };
            let echo = words[0] & 0x00ff_ffff;
            let _ = self.outbox.push(echo | verdict | going_on);
        }
        self.flush(registers, vf);
        Some(result.map_or_else(Answer::Refused, |()| Answer::Granted))
    }

    /// Sends the answer that is still to be sent. `false` if the virtual function prevents it.
    pub fn flush(&mut self, registers: &mut impl Mmio, vf: u8) -> bool {
        if !self.outbox.is_empty() && !mailbox::send(registers, vf, &self.outbox) {
            return false;
        }
        self.outbox.clear();
        true
    }

    /// Whether one more event is within the limits.
    pub fn afford(&mut self, limits: &Limits, now: Duration) -> bool {
        self.budget.take(limits, now)
    }

    fn start(
        &mut self,
        registers: &mut impl Mmio,
        filters: &mut Filters,
        vf: u8,
    ) -> Result<(), Refusal> {
        let policy = self.policy.ok_or(Refusal::NotReset)?;
        self.restart(registers, filters, vf);
        filters.set_address(registers, vf, policy.mac)?;
        if policy.vlan != 0 {
            filters.join(registers, vf, policy.vlan)?;
        }
        self.started = true;
        registers.modify(Reg::Vfre, |bits| bits | 1 << vf);
        registers.modify(Reg::Vfte, |bits| bits | 1 << vf);
        Ok(())
    }

    fn serve(
        &mut self,
        registers: &mut impl Mmio,
        filters: &mut Filters,
        vf: u8,
        request: Request,
    ) -> Result<(), Refusal> {
        let policy = self.policy.ok_or(Refusal::NotReset)?;
        match request {
            Request::Reset | Request::Nothing => {}
            Request::SetMac(mac) => {
                if policy.mac != Some(mac) && !policy.may_change_mac {
                    return Err(Refusal::Address);
                }
                filters.set_address(registers, vf, Some(mac))?;
            }
            Request::ClearAddresses => {}
            Request::AddAddress(_) => return Err(Refusal::Address),
            Request::SetMulticast(hashes) => {
                if hashes.len() > policy.max_multicast.into() {
                    return Err(Refusal::Multicast);
                }
                self.multicast = !hashes.is_empty();
                filters.set_multicast(registers, vf, &hashes);
                self.write_offload(registers, vf);
            }
            // Frames without a tag, which it receives anyway.
            Request::SetVlan { id: 0, .. } => {}
            Request::SetVlan { .. } if policy.vlan != 0 => return Err(Refusal::Vlan),
            Request::SetVlan { id, join: false } => filters.leave(registers, vf, id),
            Request::SetVlan { id, join: true } => {
                let full = filters.vlans_of(vf) >= policy.max_vlans.into();
                if full && !filters.in_vlan(vf, id) {
                    return Err(Refusal::Vlan);
                }
                filters.join(registers, vf, id)?;
            }
            Request::SetMaxFrame(bytes) => {
                let limit = policy.max_frame.min(MAX_FRAME);
                let frame = u16::try_from(bytes).map_err(|_| Refusal::FrameSize)?;
                if bytes < MIN_FRAME || frame > limit {
                    return Err(Refusal::FrameSize);
                }
                self.frame = frame;
                self.write_offload(registers, vf);
            }
            Request::SetPromiscuous(wanted) => {
                if wanted && !policy.may_be_promiscuous {
                    return Err(Refusal::Promiscuous);
                }
                self.promiscuous = wanted;
                self.write_offload(registers, vf);
            }
        }
        Ok(())
    }

    /// What the pool accepts and what is done to it on the way.
    fn write_offload(&self, registers: &mut impl Mmio, vf: u8) {
        let Some(policy) = self.policy else {
            registers.set_vf(VfReg::Vmolr, vf, 0);
            registers.set_vf(VfReg::Vmvir, vf, 0);
            return;
        };
        let tagged = policy.vlan != 0;
        let mut value = vmolr::STRIP_CRC | vmolr::BROADCAST | vmolr::LONG;
        value |= u32::from(self.frame.min(MAX_FRAME));
        value |= if tagged {
            vmolr::STRIP_VLAN
        } else {
            vmolr::UNTAGGED
        };
        if self.multicast {
            value |= vmolr::MULTICAST_TABLE;
        }
        if self.promiscuous {
            value |= vmolr::ALL_MULTICAST;
        }
        registers.set_vf(VfReg::Vmolr, vf, value);
        let tag = if tagged {
            VMVIR_DEFAULT | u32::from(policy.vlan & 0xfff)
        } else {
            0
        };
        registers.set_vf(VfReg::Vmvir, vf, tag);
    }
}

/// The virtual function neither receives nor transmits.
pub(crate) fn stop(registers: &mut impl Mmio, vf: u8) {
    registers.modify(Reg::Vfre, |bits| bits & !(1 << vf));
    registers.modify(Reg::Vfte, |bits| bits & !(1 << vf));
}
