// SPDX-License-Identifier: BSD-2-Clause
//! Capabilities that protection domains get.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ObjectId;

/// What a capability, or a mapping, permits: bits as seL4's rights word has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rights(pub u8);

impl Rights {
    /// May write or send.
    pub const WRITE: Rights = Rights(1);
    /// May read or receive.
    pub const READ: Rights = Rights(2);
    /// May read and write.
    pub const READ_WRITE: Rights = Rights(3);
    /// May send and be answered: seL4 of 2017 answers only a caller that may grant.
    pub const CALL: Rights = Rights(5);
    /// Everything.
    pub const ALL: Rights = Rights(7);
}

/// A capability in a CNode.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Capability {
    /// The [`Kind::CNode`] that gets it.
    pub cnode: ObjectId,
    /// Slot in it.
    pub slot: u32,
    /// What it is a capability to; no array.
    pub object: ObjectId,
    /// What it permits.
    pub rights: Rights,
    /// What else it carries.
    pub data: CapData,
}

/// The word that a capability is minted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum CapData {
    /// None: the capability is a plain copy.
    None,
    /// The badge of an endpoint or a notification.
    Badge(u64),
    /// Bits of a CNode's guard, all zero: 1..=58.
    Guard(u8),
}
