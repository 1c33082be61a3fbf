// SPDX-License-Identifier: BSD-2-Clause
//! What is known of a virtual function's misdeeds.

use core::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use crate::{BODY_WORDS, Reason, State};

/// What a device tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Access {
    /// To read memory.
    Read = 1,
    /// To write memory.
    Write = 2,
    /// To interrupt.
    Interrupt = 3,
    /// Another request to memory.
    Other = 4,
}

impl Access {
    /// The access with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Read,
            2 => Self::Write,
            3 => Self::Interrupt,
            4 => Self::Other,
            _ => return None,
        })
    }
}

/// The last thing that was blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it tried.
    pub access: Access,
    /// Why it was blocked: the fault reason of the VT-d specification, appendix A.
    pub code: u8,
    /// The address of the page; of an interrupt, the index of the remapping table's entry.
    pub address: u64,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.address;
        match self.access {
            Access::Read => write!(f, "read from {at:#x}")?,
            Access::Write => write!(f, "write to {at:#x}")?,
            Access::Interrupt => write!(f, "interrupt with index {at}")?,
            Access::Other => write!(f, "request for {at:#x}")?,
        }
        write!(f, " (reason {:#04x})", self.code)
    }
}

/// What a virtual function is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its state.
    pub state: State,
    /// Why it is in quarantine.
    pub reason: Reason,
    /// How often it was blocked since the PF manager started. The hardware counts many faults in a
    /// row as one.
    pub faults: u32,
    /// The last of them.
    pub last: Option<Fault>,
}

/// Count and last fault in a reply's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct WireFault {
    /// How many there were.
    pub faults: u32,
    /// An [`Access`]; 0 if there was none.
    pub access: u8,
    /// Fault reason.
    pub code: u8,
    /// 0.
    pub reserved: u16,
    /// Address or index.
    pub address: u64,
    /// 0.
    pub rest: [u64; BODY_WORDS - 2],
}

impl WireFault {
    /// For a reply.
    pub fn new(faults: u32, last: Option<Fault>) -> Self {
        Self {
            faults,
            access: last.map_or(0, |fault| fault.access as u8),
            code: last.map_or(0, |fault| fault.code),
            reserved: 0,
            address: last.map_or(0, |fault| fault.address),
            rest: [0; BODY_WORDS - 2],
        }
    }

    /// As a reply's body.
    pub fn to_body(self) -> [u64; BODY_WORDS] {
        transmute!(self)
    }

    /// From a reply's body.
    pub fn from_body(body: [u64; BODY_WORDS]) -> Self {
        transmute!(body)
    }

    /// The last fault, if there was one; `Err` if it is nothing that a PF manager says.
    pub(crate) fn last(&self) -> Result<Option<Fault>, ()> {
        if self.access == 0 {
            return Ok(None);
        }
        let access = Access::from_number(self.access).ok_or(())?;
        Ok(Some(Fault {
            access,
            code: self.code,
            address: self.address,
        }))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::mem::{offset_of, size_of};
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<WireFault>(), 8 * BODY_WORDS);
        assert_eq!(offset_of!(WireFault, faults), 0);
        assert_eq!(offset_of!(WireFault, access), 4);
        assert_eq!(offset_of!(WireFault, code), 5);
        assert_eq!(offset_of!(WireFault, reserved), 6);
        assert_eq!(offset_of!(WireFault, address), 8);
        assert_eq!(offset_of!(WireFault, rest), 16);
    }

    #[test]
    fn there_and_back() {
        let fault = |access| Fault {
            access,
            code: 6,
            address: 0x0dea_d000,
        };
        for last in [
            None,
            Some(fault(Access::Read)),
            Some(fault(Access::Write)),
            Some(fault(Access::Interrupt)),
            Some(fault(Access::Other)),
        ] {
            let wire = WireFault::from_body(WireFault::new(9, last).to_body());
            assert_eq!((wire.faults, wire.last()), (9, Ok(last)));
        }
        let strange = WireFault {
            access: 5,
            ..WireFault::new(1, None)
        };
        assert_eq!(strange.last(), Err(()));
        let text = fault(Access::Read).to_string();
        assert_eq!(text, "read from 0xdead000 (reason 0x06)");
        let text = fault(Access::Interrupt).to_string();
        assert_eq!(text, "interrupt with index 233492480 (reason 0x06)");
    }
}
