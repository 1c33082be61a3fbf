// SPDX-License-Identifier: BSD-2-Clause
//! Threads, what wakes them, and when they run.

use alloc::string::String;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ObjectId;

/// A thread, ready to run.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Thread {
    /// The protection domain's name.
    pub name: String,
    /// Its [`Kind::Tcb`](crate::Kind::Tcb).
    pub tcb: ObjectId,
    /// Its root [`Kind::CNode`](crate::Kind::CNode).
    pub cspace: ObjectId,
    /// Its [`Kind::VSpace`](crate::Kind::VSpace).
    pub vspace: ObjectId,
    /// One small [`Kind::Frames`](crate::Kind::Frames).
    pub ipc_buffer: ObjectId,
    /// Where that is mapped.
    pub ipc_buffer_vaddr: u64,
    /// Address in its own CSpace of the endpoint that its faults go to; 0: none.
    pub fault_endpoint: u64,
    /// Priority, and the highest that it may give to another thread.
    pub priority: u8,
    /// The core that it runs on.
    pub core: u8,
    /// The scheduling domain that it runs in.
    pub domain: u8,
    /// The notification that wakes it from any receive.
    pub notification: Option<ObjectId>,
    /// The virtual CPU that it runs, and that CPU's address space.
    pub vcpu: Option<(ObjectId, ObjectId)>,
    /// First instruction.
    pub entry: u64,
    /// Stack pointer at the first instruction.
    pub stack_pointer: u64,
}

/// What an interrupt signals.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Interrupt {
    /// A [`Kind::IrqHandler`](crate::Kind::IrqHandler).
    pub handler: ObjectId,
    /// A [`Kind::Notification`](crate::Kind::Notification).
    pub notification: ObjectId,
    /// The bits that arrive.
    pub badge: u64,
}

/// When each scheduling domain runs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Schedule {
    /// Index in the kernel's table that the first entry gets.
    pub shift: u32,
    /// Index of the entry that runs first, and after each end marker.
    pub start: u32,
    /// In the order of running.
    pub entries: Vec<ScheduleEntry>,
}

/// A piece of the domain schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ScheduleEntry {
    /// The domain that runs.
    pub domain: u8,
    /// For how many timer ticks; 0 marks the end of a schedule.
    pub ticks: u32,
}
