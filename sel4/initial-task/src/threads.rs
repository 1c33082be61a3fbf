// SPDX-License-Identifier: BSD-2-Clause
//! Threads: set up, then started.

use alloc::format;

use object_spec::{Schedule, Thread};
use sel4::init_thread::slot;
use sel4::{BootInfo, CNodeCapData, CPtr, UserContext, cap};

use crate::error::{About, Error, Result};
use crate::system::System;

/// Checks, before anything is made, that every thread's core runs.
pub fn check_cores(system: &System, bootinfo: &BootInfo) -> Result<()> {
    let cores = bootinfo.num_nodes().max(1);
    match system
        .spec
        .threads
        .iter()
        .find(|thread| u64::from(thread.core) >= cores)
    {
        Some(thread) => Err(Error(format!(
            "protection domain '{}': cpu=\"{}\": the kernel runs on {cores} core{}, numbered from 0",
            thread.name,
            thread.core,
            if cores == 1 { "" } else { "s" },
        ))),
        None => Ok(()),
    }
}

/// Sets up every thread.
pub fn configure(system: &System) -> Result<()> {
    for thread in &system.spec.threads {
        set_up(system, thread).about(system, thread.tcb, "cannot be set up")?;
    }
    Ok(())
}

fn set_up(system: &System, thread: &Thread) -> sel4::Result<()> {
    let tcb: cap::Tcb = system.cap(thread.tcb);
    tcb.tcb_configure(
        CPtr::from_bits(thread.fault_endpoint),
        system.cap(thread.cspace),
        CNodeCapData::new(0, 0),
        system.cap(thread.vspace),
        thread.ipc_buffer_vaddr,
        system.cap(thread.ipc_buffer),
    )?;
    let priority = thread.priority.into();
    tcb.tcb_set_sched_params(slot::TCB.cap(), priority, priority)?;
    if thread.core != 0 {
        tcb.tcb_set_affinity(thread.core.into())?;
    }
    if thread.domain != 0 {
        slot::DOMAIN_SET.cap().domain_set_set(thread.domain, tcb)?;
    }
    if let Some(notification) = thread.notification {
        tcb.tcb_bind_notification(system.cap(notification))?;
    }
    if let Some((vcpu, root)) = thread.vcpu {
        system.cap::<sel4::cap_type::VCpu>(vcpu).vcpu_set_tcb(tcb)?;
        tcb.tcb_set_ept_root(system.cap(root))?;
    }
    let mut registers = UserContext::default();
    *registers.pc_mut() = thread.entry;
    *registers.sp_mut() = thread.stack_pointer;
    tcb.tcb_write_all_registers(false, &mut registers)?;
    if sel4_runtime::kernel_printing() {
        tcb.debug_name(thread.name.as_bytes());
    }
    Ok(())
}

/// Starts every thread, in the order of the spec: by falling priority.
pub fn start(system: &System) -> Result<()> {
    for thread in &system.spec.threads {
        let tcb: cap::Tcb = system.cap(thread.tcb);
        tcb.tcb_resume()
            .about(system, thread.tcb, "cannot be started")?;
    }
    Ok(())
}

/// Writes the domain schedule, which starts with [`start_schedule`].
pub fn write_schedule(schedule: &Schedule) -> Result<()> {
    for (index, entry) in (schedule.shift..).zip(&schedule.entries) {
        // The kernel's schedule still starts there, so it takes no end marker. None is needed: what
        // ends before the first entry never runs.
        if index == 0 && entry.ticks == 0 {
            continue;
        }
        slot::DOMAIN_SET
            .cap()
            .domain_set_schedule_configure(index.into(), entry.domain, entry.ticks.into())
            .map_err(|error| Error(format!("entry {index} of the domain schedule: {error:?}")))?;
    }
    Ok(())
}

/// Starts the domain schedule. This thread may never run again: its domain is only one of them.
pub fn start_schedule(schedule: &Schedule) -> Result<()> {
    let start = schedule.shift + schedule.start;
    let started = slot::DOMAIN_SET
        .cap()
        .domain_set_schedule_set_start(start.into());
    started.map_err(|error| Error(format!("the domain schedule does not start: {error:?}")))
}
