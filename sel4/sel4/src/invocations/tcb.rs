// SPDX-License-Identifier: BSD-2-Clause
//! Threads.

use crate::{
    CNodeCapData, CPtr, Result, UserContext, Word, cap, invoke, sys::invocation_label as label,
    user_context::REGISTERS, with_ipc_buffer,
};

/// Words of WriteRegisters before the registers: flags and count.
const WRITE_HEADER: usize = 2;

impl cap::Tcb {
    /// Reads the first `count` registers, the rest is 0; with `suspend` the thread is stopped
    /// before.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` for the calling thread itself.
    pub fn tcb_read_registers(self, suspend: bool, count: Word) -> Result<UserContext> {
        let args = [suspend.into(), count];
        let fast = invoke(self.cptr(), label::TCBReadRegisters, &[], &args)?;
        Ok(with_ipc_buffer(|buffer| {
            let mut words = [0; REGISTERS];
            let count = REGISTERS.min(count as usize);
            words[..count].copy_from_slice(&buffer.msg_regs()[..count]);
            let in_registers = count.min(fast.len());
            words[..in_registers].copy_from_slice(&fast[..in_registers]);
            UserContext::from_words(&words)
        }))
    }

    /// Reads all registers.
    pub fn tcb_read_all_registers(self, suspend: bool) -> Result<UserContext> {
        self.tcb_read_registers(suspend, REGISTERS as Word)
    }

    /// Writes the first `count` registers; with `resume` the thread runs afterwards.
    pub fn tcb_write_registers(
        self,
        resume: bool,
        count: Word,
        regs: &mut UserContext,
    ) -> Result<()> {
        let mut args = [0; WRITE_HEADER + REGISTERS];
        args[..WRITE_HEADER].copy_from_slice(&[resume.into(), count]);
        args[WRITE_HEADER..].copy_from_slice(&regs.to_words());
        let length = WRITE_HEADER + REGISTERS.min(count as usize);
        invoke(self.cptr(), label::TCBWriteRegisters, &[], &args[..length])?;
        Ok(())
    }

    /// Writes all registers; with `resume` the thread runs afterwards.
    pub fn tcb_write_all_registers(self, resume: bool, regs: &mut UserContext) -> Result<()> {
        self.tcb_write_registers(resume, REGISTERS as Word, regs)
    }

    /// Lets the thread run.
    pub fn tcb_resume(self) -> Result<()> {
        self.simple(label::TCBResume, &[], &[])
    }

    /// Stops the thread.
    pub fn tcb_suspend(self) -> Result<()> {
        self.simple(label::TCBSuspend, &[], &[])
    }

    /// Sets the priority, 0 to 255, at most the maximum of the calling thread, which on this kernel
    /// is also the authority.
    pub fn tcb_set_priority(self, authority: cap::Tcb, priority: Word) -> Result<()> {
        let _ = authority;
        self.simple(label::TCBSetPriority, &[], &[priority])
    }

    /// Sets the maximum priority that the thread may give, as
    /// [`tcb_set_priority`](Self::tcb_set_priority).
    pub fn tcb_set_mc_priority(self, authority: cap::Tcb, mcp: Word) -> Result<()> {
        let _ = authority;
        self.simple(label::TCBSetMCPriority, &[], &[mcp])
    }

    /// Sets both priorities.
    pub fn tcb_set_sched_params(
        self,
        authority: cap::Tcb,
        mcp: Word,
        priority: Word,
    ) -> Result<()> {
        self.tcb_set_mc_priority(authority, mcp)?;
        self.tcb_set_priority(authority, priority)
    }

    /// Gives the thread its spaces and IPC buffer. `fault_ep` is an address in the thread's own
    /// CSpace. The priorities become 0: set them afterwards.
    pub fn tcb_configure(
        self,
        fault_ep: CPtr,
        cspace_root: cap::CNode,
        cspace_root_data: CNodeCapData,
        vspace_root: cap::VSpace,
        ipc_buffer: Word,
        ipc_buffer_frame: cap::Granule,
    ) -> Result<()> {
        let caps = [
            cspace_root.cptr(),
            vspace_root.cptr(),
            ipc_buffer_frame.cptr(),
        ];
        let no_priorities = 0;
        let no_vspace_data = 0;
        let args = [
            fault_ep.bits(),
            no_priorities,
            cspace_root_data.into_word(),
            no_vspace_data,
            ipc_buffer,
        ];
        self.simple(label::TCBConfigure, &caps, &args)
    }

    /// Gives the thread its spaces.
    pub fn tcb_set_space(
        self,
        fault_ep: CPtr,
        cspace_root: cap::CNode,
        cspace_root_data: CNodeCapData,
        vspace_root: cap::VSpace,
    ) -> Result<()> {
        let caps = [cspace_root.cptr(), vspace_root.cptr()];
        let args = [fault_ep.bits(), cspace_root_data.into_word(), 0];
        self.simple(label::TCBSetSpace, &caps, &args)
    }

    /// Moves the thread to a core, counted from 0; kernels for one core refuse.
    pub fn tcb_set_affinity(self, affinity: Word) -> Result<()> {
        self.simple(label::TCBSetAffinity, &[], &[affinity])
    }

    /// Lets the thread's waits on endpoints also end by this notification.
    pub fn tcb_bind_notification(self, notification: cap::Notification) -> Result<()> {
        self.simple(label::TCBBindNotification, &[notification.cptr()], &[])
    }

    /// Undoes [`tcb_bind_notification`](Self::tcb_bind_notification).
    pub fn tcb_unbind_notification(self) -> Result<()> {
        self.simple(label::TCBUnbindNotification, &[], &[])
    }

    /// Sets the extended page tables of the thread's guest.
    pub fn tcb_set_ept_root(self, eptpml4: cap::EPTPML4) -> Result<()> {
        self.simple(label::TCBSetEPTRoot, &[eptpml4.cptr()], &[])
    }

    fn simple(self, label: Word, caps: &[CPtr], args: &[Word]) -> Result<()> {
        invoke(self.cptr(), label, caps, args)?;
        Ok(())
    }
}

impl cap::VCpu {
    /// Binds this VCPU to the thread that will enter its guest.
    pub fn vcpu_set_tcb(self, tcb: cap::Tcb) -> Result<()> {
        invoke(self.cptr(), label::X86VCPUSetTCB, &[tcb.cptr()], &[])?;
        Ok(())
    }
}
