// SPDX-License-Identifier: BSD-2-Clause
//! A table that has been checked.

use zerocopy::FromBytes;
use zerocopy::little_endian::U64;

use super::{
    ANTI_SPOOF, BAR_END, BARS, Error, FRAME_MAX, FRAME_MIN, Function, Grant, HANDLES, HAS_MAC,
    Header, IGB, IGB_VFS, MAGIC, MULTICAST_MAX, NVME, NVME_VFS, PROMISCUOUS, RATE_MAX, VERSION,
    VLAN_MAX,
};
use crate::{CHANNELS, PAGE_SIZE, take};

/// A table whose every field has been checked.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    functions: &'a [Function],
    grants: &'a [Grant],
}

impl<'a> Table<'a> {
    /// Checks a table; `bytes` may be longer than it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| Error::Truncated)?;
        if header.magic.get() != MAGIC {
            return Err(Error::Magic);
        }
        if header.version.get() != VERSION {
            return Err(Error::Version(header.version.get()));
        }
        let (functions, rest) = take(rest, header.functions.get()).ok_or(Error::Truncated)?;
        let (grants, _) = take(rest, header.grants.get()).ok_or(Error::Truncated)?;
        let table = Table { functions, grants };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<(), Error> {
        let mut previous = None;
        for (index, function) in (0..).zip(self.functions) {
            let requester = function.requester.get();
            // Grants name functions by 8 bits.
            let addressable = index <= u32::from(u8::MAX);
            let in_order = previous.is_none_or(|previous| previous < requester);
            if !(addressable && in_order && function.is_valid()) {
                return Err(Error::Function(index));
            }
            previous = Some(requester);
        }
        let mut previous = None;
        let mut channels = 0u64;
        for (index, grant) in (0..).zip(self.grants) {
            let place = (grant.function, grant.vf);
            let in_order = previous.is_none_or(|previous| previous < place);
            let channel = 1u64.checked_shl(grant.channel.into()).unwrap_or(0);
            // With a channel each there are at most 62 grants, so that this is never long.
            if !in_order || channels & channel != 0 || !self.is_valid(grant) {
                return Err(Error::Grant(index));
            }
            let requester = |earlier: &Grant| earlier.requester == grant.requester;
            if self.grants.iter().take(index as usize).any(requester) {
                return Err(Error::Grant(index));
            }
            previous = Some(place);
            channels |= channel;
        }
        Ok(())
    }

    fn is_valid(&self, grant: &Grant) -> bool {
        let function = self.functions.get(usize::from(grant.function));
        function.is_some_and(|function| {
            grant.vf < function.vfs
                && grant.common_is_valid()
                && match function.driver {
                    IGB => grant.is_valid_igb(),
                    _ => grant.is_valid_nvme(),
                }
        })
    }

    /// Every physical function, in order of requester ids.
    pub fn functions(&self) -> &'a [Function] {
        self.functions
    }

    /// Every virtual function that has an owner: in order of functions, then of their numbers.
    pub fn grants(&self) -> &'a [Grant] {
        self.grants
    }

    /// The function of `grant`, one of [`Self::grants`].
    pub fn function(&self, grant: &Grant) -> Option<&'a Function> {
        self.functions.get(usize::from(grant.function))
    }

    /// What the protection domain behind a channel owns.
    pub fn grant_of_channel(&self, channel: u8) -> Option<&'a Grant> {
        self.grants.iter().find(|grant| grant.channel == channel)
    }

    /// The grant of a virtual function.
    pub fn grant_of_requester(&self, requester: u16) -> Option<&'a Grant> {
        let wanted = |grant: &&Grant| grant.requester.get() == requester;
        self.grants.iter().find(wanted)
    }
}

impl Function {
    fn is_valid(&self) -> bool {
        let most = match self.driver {
            IGB => IGB_VFS,
            NVME => NVME_VFS,
            _ => return false,
        };
        let bars_ok = |bars: &[U64; BARS]| {
            let bars = bars.iter().map(|bar| bar.get());
            bars.into_iter()
                .all(|bar| bar < BAR_END && bar.is_multiple_of(PAGE_SIZE))
        };
        (1..=most).contains(&self.vfs)
            && self.reserved.get() == 0
            && bars_ok(&self.bars)
            && bars_ok(&self.vf_bars)
    }
}

impl Grant {
    fn common_is_valid(&self) -> bool {
        let count = usize::from(self.handle_count);
        let Some((used, unused)) = self.handles.split_at_checked(count) else {
            return false;
        };
        let once = |(at, handle)| !used[..at].contains(handle);
        self.channel < CHANNELS
            && used.iter().enumerate().all(once)
            && unused.iter().all(|handle| handle.get() == 0)
            && self.reserved == [0; 7]
            && !self.owner().is_empty()
    }

    fn is_valid_igb(&self) -> bool {
        let mac_ok = match self.mac() {
            Some(mac) => mac != [0; 6] && mac[0] & 1 == 0,
            None => self.mac == [0; 6],
        };
        mac_ok
            && self.flags.get() & !(HAS_MAC | ANTI_SPOOF | PROMISCUOUS) == 0
            && self.vlan.get() <= VLAN_MAX
            && self.rate.get() <= RATE_MAX
            && (FRAME_MIN..=FRAME_MAX).contains(&self.max_frame.get())
            && self.multicast <= MULTICAST_MAX
            && self.namespace.get() == 0
    }

    /// A network's values are all zero.
    fn is_valid_nvme(&self) -> bool {
        self.mac == [0; 6]
            && [self.flags, self.vlan, self.rate, self.max_frame] == [0u16; 4]
            && self.multicast == 0
    }
}

/// The channels of a table are told apart by the bits of a word.
const _: () = assert!(CHANNELS <= 64 && HANDLES <= u8::MAX as usize);
