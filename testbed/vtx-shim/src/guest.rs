// SPDX-License-Identifier: BSD-2-Clause
//! Exits of the guest to the shim: which of them are the hypervisor's, and what becomes of the
//! others.

mod event;
mod msr;
mod page;
mod port;
mod register;
mod step;
mod window;

use iced_x86::Mnemonic;

use crate::capability::{primary, secondary};
use crate::decode::linear;
use crate::host::Host;
use crate::hypervisor::Unexpected;
use crate::leave::{Exit, reason};
use crate::vmcb::code;
use crate::{Cpu, Field};

impl<H: Host> Cpu<H> {
    /// Handles an exit of the guest.
    ///
    /// # Errors
    ///
    /// If it is none that the shim knows.
    pub fn guest_exit(&mut self) -> Result<(), Unexpected> {
        self.has_run = true;
        self.guest.flush = 0;
        // QEMU keeps what was injected in it otherwise.
        self.guest.event = 0;
        let code = self.guest.exit_code;
        match code {
            code::CR_READ..code::DR_READ => self.control_register_exit(),
            code::DR_READ..code::EXCEPTION => self.debug_register_exit(),
            code::EXCEPTION..code::INTR => self.exception_exit((code - code::EXCEPTION) as u8),
            code::INTR => self.interrupt_exit(),
            code::VINTR => self.window_exit(),
            code::IRET => {
                self.block_nmis(false);
                self.resume_delivery();
            }
            code::NMI => self.leave_for_nmi(),
            code::IO => self.port_exit(),
            code::MSR => self.msr_exit(),
            code::NESTED_PAGE_FAULT => self.page_exit(),
            code::SHUTDOWN => self.leave(Exit::of(reason::TRIPLE_FAULT)),
            code::TASK_SWITCH => self.task_switch_exit(),
            code::HLT => self.halt_exit(),
            code::VMRUN..=code::SKINIT | code::INVLPGA => self.invalid_opcode(),
            code::INVALID => return Err(Unexpected),
            _ => return self.instruction_exit(code),
        }
        Ok(())
    }

    /// Before the guest goes on: what the preemption timer, windows and pending interrupts make of it.
    pub fn before_guest(&mut self) {
        if self.guest.event == 0 && self.timer_is_over() {
            return self.leave(Exit::of(reason::PREEMPTION_TIMER));
        }
        if self.has(Field::PRIMARY, primary::NMI_WINDOW)
            && !self.nmi_blocked
            && self.guest.event == 0
            && self.guest.interrupt_shadow & 1 == 0
        {
            return self.leave(Exit::of(reason::NMI_WINDOW));
        }
        self.open_windows();
    }

    /// Has the preemption timer counted down? A short time passes before the first instruction; the
    /// guest has to get on all the same.
    fn timer_is_over(&self) -> bool {
        let over = |deadline| self.host.tsc() >= deadline;
        let can_be = self.has_run || self.get(Field::PREEMPTION_TIMER) == 0;
        can_be && self.deadline.is_some_and(over)
    }

    /// Those that are about an instruction, and nothing else.
    fn instruction_exit(&mut self, code: u64) -> Result<(), Unexpected> {
        let (reason, usual) = match code {
            code::CPUID => (reason::CPUID, 2),
            code::INVD => (reason::INVD, 2),
            code::RDPMC => (reason::RDPMC, 2),
            code::RDTSC => (reason::RDTSC, 2),
            code::PAUSE => (reason::PAUSE, 2),
            code::WBINVD => (reason::WBINVD, 2),
            code::MONITOR => (reason::MONITOR, 3),
            code::MWAIT | code::MWAIT_ARMED => (reason::MWAIT, 3),
            code::XSETBV => (reason::XSETBV, 3),
            code::RDTSCP if !self.has_secondary(secondary::RDTSCP) => {
                self.invalid_opcode();
                return Ok(());
            }
            code::RDTSCP => (reason::RDTSCP, 3),
            code::INVLPG => {
                self.invlpg_exit();
                return Ok(());
            }
            _ => return Err(Unexpected),
        };
        // There may be prefixes.
        let length = self
            .instruction()
            .map_or(usual, |instruction| instruction.len());
        self.leave(Exit::instruction(reason, length));
        Ok(())
    }

    fn invlpg_exit(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.invalid_opcode();
        };
        let at = linear(self.guest, &self.registers, &instruction).unwrap_or(0);
        self.leave(Exit {
            qualification: at,
            ..Exit::instruction(reason::INVLPG, instruction.len())
        });
    }

    fn halt_exit(&mut self) {
        if self.has(Field::PRIMARY, primary::HLT) {
            let length = self
                .instruction()
                .map_or(1, |instruction| instruction.len());
            return self.leave(Exit::instruction(reason::HLT, length));
        }
        self.skip(1);
        self.halted = true;
    }

    /// A task switch by interrupt, IRET, JMP or CALL: the selector, and the source.
    fn task_switch_exit(&mut self) {
        let (selector, details) = (self.guest.exit_info_1 & 0xffff, self.guest.exit_info_2);
        let source = if details >> 36 & 1 != 0 {
            1
        } else if details >> 38 & 1 != 0 {
            2
        } else {
            u64::from(self.guest.exit_event >> 31 & 1 != 0) * 3
        };
        self.leave(Exit {
            qualification: selector | source << 30,
            ..Exit::of(reason::TASK_SWITCH)
        });
    }

    /// Instructions of VMX, and those that really are none.
    fn invalid_opcode_exit(&mut self) {
        let instruction = self.instruction();
        let mnemonic = instruction
            .as_ref()
            .map(|instruction| instruction.mnemonic());
        let reason = match mnemonic {
            Some(Mnemonic::Vmcall) => reason::VMCALL,
            Some(Mnemonic::Vmclear) => reason::VMCLEAR,
            Some(Mnemonic::Vmlaunch) => reason::VMLAUNCH,
            Some(Mnemonic::Vmptrld) => reason::VMPTRLD,
            Some(Mnemonic::Vmptrst) => reason::VMPTRST,
            Some(Mnemonic::Vmread) => reason::VMREAD,
            Some(Mnemonic::Vmresume) => reason::VMRESUME,
            Some(Mnemonic::Vmwrite) => reason::VMWRITE,
            Some(Mnemonic::Vmxoff) => reason::VMXOFF,
            Some(Mnemonic::Vmxon) => reason::VMXON,
            Some(Mnemonic::Invept) => reason::INVEPT,
            Some(Mnemonic::Invvpid) => reason::INVVPID,
            _ => {
                if self.get(Field::EXCEPTION_BITMAP) & 1 << 6 != 0 {
                    return self.leave_for_exception(6, None);
                }
                return self.invalid_opcode();
            }
        };
        let length = instruction.map_or(0, |instruction| instruction.len());
        self.leave(Exit::instruction(reason, length));
    }

    /// The machine interrupts. The timer goes first (SDM 26.2). It has no interrupt of its own: it is looked at whenever
    /// there is one, which is at each tick of the hypervisor at the latest.
    fn interrupt_exit(&mut self) {
        if self.timer_is_over() {
            return self.leave(Exit::of(reason::PREEMPTION_TIMER));
        }
        match self.host.acknowledge() {
            Some(vector) => self.interrupt(vector),
            None => self.resume_delivery(),
        }
    }

    /// An interrupt of the machine came while the guest ran or waited: it is the hypervisor's, or news
    /// for the guest.
    pub fn interrupt(&mut self, vector: u8) {
        if self.is_posting(vector) {
            self.host.end_of_interrupt();
            self.take_posted();
            return self.resume_delivery();
        }
        self.leave(Exit {
            event: 1 << 31 | u64::from(vector),
            ..Exit::of(reason::EXTERNAL_INTERRUPT)
        });
    }

    /// What was being delivered when the guest was stopped has to be delivered again.
    pub(crate) fn resume_delivery(&mut self) {
        let event = self.guest.exit_event;
        if event >> 31 & 1 != 0 {
            self.guest.event = event;
        }
    }
}

#[cfg(test)]
mod tests;
