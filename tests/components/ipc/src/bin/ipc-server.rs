// SPDX-License-Identifier: BSD-2-Clause
//! Answers calls, with the highest priority of the system.
#![no_std]
#![no_main]

use ipc_tests::{Journal, scramble, server};
use sel4_microkit::{
    Channel, ChannelSet, DeferredAction, DeferredActionSlot, Handler, IrqAckError, MessageInfo,
    memory_region_symbol, protection_domain, set_mr, with_msg_regs, with_msg_regs_mut,
};

const MEDDLER: Channel = Channel::new(2);

struct Server {
    journal: &'static Journal,
    deferred: DeferredActionSlot,
}

#[protection_domain]
fn init() -> Server {
    let journal = memory_region_symbol!(journal_vaddr: *mut Journal);
    Server {
        // SAFETY: the region is mapped for good, large enough, and all its users go by atomics.
        journal: unsafe { journal.as_ref() },
        deferred: DeferredActionSlot::new(),
    }
}

impl Handler for Server {
    type Error = IrqAckError;

    /// Overwrites a floating-point register, as any program may.
    fn notified(&mut self, _: ChannelSet) -> Result<(), IrqAckError> {
        // SAFETY: says that it changes xmm0.
        unsafe { core::arch::asm!("pcmpeqd xmm0, xmm0", out("xmm0") _) };
        self.journal.push(1);
        Ok(())
    }

    fn protected(
        &mut self,
        caller: Channel,
        call: MessageInfo,
    ) -> Result<MessageInfo, IrqAckError> {
        let count = match call.label() {
            server::ECHO => {
                with_msg_regs_mut(|words| {
                    for (i, word) in words[..call.count()].iter_mut().enumerate() {
                        *word = scramble(i, *word);
                    }
                });
                call.count()
            }
            server::MEDDLE => {
                self.journal.push(10);
                MEDDLER.notify();
                self.journal.push(11);
                0
            }
            server::DEFER => {
                set_mr(0, 77);
                self.deferred.defer_notify(caller)?;
                1
            }
            server::FILL => {
                let count = with_msg_regs(|words| words[0] as usize);
                with_msg_regs_mut(|words| {
                    for (i, word) in words[..count].iter_mut().enumerate() {
                        *word = scramble(i, count as u64);
                    }
                });
                count
            }
            _ => 0,
        };
        Ok(MessageInfo::new(call.label(), count))
    }

    fn take_deferred_action(&mut self) -> Option<DeferredAction> {
        self.deferred.take()
    }
}
