// SPDX-License-Identifier: BSD-2-Clause
//! seL4 system calls, capabilities and invocations for x86-64.
//!
//! Names and signatures follow the crate `sel4` of rust-sel4 5.0 for the part that this project
//! uses; where the kernel's scheduling variant (MCS) makes a difference they are those of the
//! non-MCS kernel. Numbers (system calls, invocation labels, object types and sizes) are generated
//! from the sources of the very kernel that is booted, see [`sys`].
//!
//! What it does not do: allocate, print, or start a program. The runtimes (`sel4-microkit`,
//! `sel4-root-task`) call [`set_ipc_buffer`] once before anything else here may be used.
//! Everything that is pure arithmetic works, and is tested, on the host.
#![cfg_attr(not(test), no_std)]

mod asm;
mod bootinfo;
mod cap_rights;
mod caps;
mod cnode_cap_data;
mod cptr;
mod debug;
mod error;
mod extra;
mod fault;
mod frame_type;
mod invocations;
mod invoke;
mod ipc_buffer;
mod message_info;
mod object;
mod reply_authority;
mod state;
mod syscalls;
mod untyped_desc;
mod user_context;
mod vm_attributes;

pub mod init_thread;
pub mod sys;

pub use bootinfo::{BootInfo, BootInfoPtr};
pub use cap_rights::{CapRights, CapRightsBuilder};
pub use caps::{Cap, CapType, cap, cap_type};
pub use cnode_cap_data::CNodeCapData;
pub use cptr::{AbsoluteCPtr, CPtr, CPtrBits, CPtrWithDepth, HasCPtrWithDepth};
pub use debug::{debug_put_char, debug_put_string};
pub use error::{Error, Result};
pub use extra::{BootInfoExtra, BootInfoExtraId, BootInfoExtraIter};
pub use fault::{CapFault, Fault, NullFault, UnknownSyscall, UserException, VmFault};
pub use frame_type::{CapTypeForFrameObject, FrameObjectType};
pub use invocations::io_port_badge;
pub use invoke::{CallResult, invoke};
pub use ipc_buffer::IpcBuffer;
pub use message_info::{MessageInfo, MessageInfoBuilder};
pub use object::{
    ObjectBlueprint, ObjectBlueprintArch, ObjectBlueprintSeL4Arch, ObjectBlueprintX64,
    ObjectBlueprintX86,
};
pub use reply_authority::{ConveysReplyAuthority, ImplicitReplyAuthority, ReplyAuthority};
pub use state::{set_ipc_buffer, with_ipc_buffer, with_ipc_buffer_mut};
pub use syscalls::{
    Badge, CallWithMRs, FastMessages, NUM_FAST_MESSAGE_REGISTERS, NUM_MESSAGE_REGISTERS,
    RecvWithMRs, reply, vm_enter, r#yield,
};
pub use untyped_desc::UntypedDesc;
pub use user_context::UserContext;
pub use vm_attributes::VmAttributes;

/// The machine word.
pub type Word = u64;

/// Bits of a [`Word`].
pub const WORD_SIZE: usize = 64;

/// Time in the unit of the kernel's scheduler: timer ticks.
pub type Time = u64;
