// SPDX-License-Identifier: BSD-2-Clause
//! A table that has been checked.

use core::ops::Range;

use zerocopy::FromBytes;

use super::{
    Device, Error, FIRST_VECTOR, Grant, Header, IOAPIC_PIN, IOAPIC_PINS, IOAPIC_REMAPPED, IOVA_END,
    Interrupt, LAST_VECTOR, MAGIC, MSI, READ, VERSION, WRITE,
};
use crate::{PAGE_SIZE, take};

/// A table whose every field has been checked.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    header: &'a Header,
    devices: &'a [Device],
    grants: &'a [Grant],
    interrupts: &'a [Interrupt],
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
        let (devices, rest) = take(rest, header.devices.get()).ok_or(Error::Truncated)?;
        let (grants, rest) = take(rest, header.grants.get()).ok_or(Error::Truncated)?;
        let (interrupts, _) = take(rest, header.interrupts.get()).ok_or(Error::Truncated)?;
        let table = Table {
            header,
            devices,
            grants,
            interrupts,
        };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<(), Error> {
        match self.header.flags.get() & !IOAPIC_REMAPPED {
            0 => {}
            unknown => return Err(Error::Flags(unknown)),
        }
        let (paddr, len) = (self.header.tables_paddr.get(), self.header.tables_len.get());
        if !(paddr | len).is_multiple_of(PAGE_SIZE) || paddr.checked_add(len).is_none() {
            return Err(Error::Tables);
        }
        self.check_devices()?;
        let mut previous = None;
        for (at, interrupt) in (0..).zip(self.interrupts) {
            let index = interrupt.index.get();
            if !interrupt.is_valid() || previous.is_some_and(|previous| previous >= index) {
                return Err(Error::Interrupt(at));
            }
            previous = Some(index);
        }
        Ok(())
    }

    fn check_devices(&self) -> Result<(), Error> {
        let mut previous = None;
        for (index, device) in (0..).zip(self.devices) {
            let requester = device.requester.get();
            let grants = self.slice(device).ok_or(Error::Device(index))?;
            if previous.is_some_and(|previous| previous >= requester) {
                return Err(Error::Device(index));
            }
            previous = Some(requester);
            let mut free = 0;
            for (grant, at) in grants.iter().zip(device.first_grant.get()..) {
                free = grant.end_if_valid(free).ok_or(Error::Grant(at))?;
            }
        }
        Ok(())
    }

    fn slice(&self, device: &Device) -> Option<&'a [Grant]> {
        let first = usize::try_from(device.first_grant.get()).ok()?;
        let count = usize::try_from(device.grants.get()).ok()?;
        self.grants.get(first..first.checked_add(count)?)
    }

    /// Every device that is in the table, in order of requester ids.
    pub fn devices(&self) -> &'a [Device] {
        self.devices
    }

    /// What `device`, one of [`Self::devices`], may reach: in order of IOVA, without overlap.
    pub fn grants(&self, device: &Device) -> &'a [Grant] {
        self.slice(device).unwrap_or_default()
    }

    /// The device with a requester id.
    pub fn device(&self, requester: u16) -> Option<&'a Device> {
        let at = self
            .devices
            .binary_search_by_key(&requester, |device| device.requester.get());
        at.ok().map(|index| &self.devices[index])
    }

    /// Every interrupt that is to be remapped, in order of the entries' indices.
    pub fn interrupts(&self) -> &'a [Interrupt] {
        self.interrupts
    }

    /// The interrupt that uses an entry of the interrupt-remapping table.
    pub fn interrupt(&self, index: u16) -> Option<&'a Interrupt> {
        let at = self
            .interrupts
            .binary_search_by_key(&index, |interrupt| interrupt.index.get());
        at.ok().map(|at| &self.interrupts[at])
    }

    /// The same if it is a message of this device.
    pub fn interrupt_of(&self, requester: u16, index: u16) -> Option<&'a Interrupt> {
        self.interrupt(index)
            .filter(|interrupt| !interrupt.is_pin() && interrupt.source.get() == requester)
    }

    /// Whether the IOAPICs' entries are in remappable format ([`IOAPIC_REMAPPED`]).
    pub fn ioapic_remapped(&self) -> bool {
        self.header.flags.get() & IOAPIC_REMAPPED != 0
    }

    /// Physical addresses of the memory for the IOMMU's own tables; empty if it has none.
    pub fn tables(&self) -> Range<u64> {
        let start = self.header.tables_paddr.get();
        start..start.saturating_add(self.header.tables_len.get())
    }
}

impl Grant {
    /// The end of the IOVA range, if all is in range and it starts at `free` or later.
    fn end_if_valid(&self, free: u64) -> Option<u64> {
        let (iova, paddr, len) = (self.iova.get(), self.paddr.get(), self.len.get());
        let rights = self.rights.get();
        let aligned = (iova | paddr | len).is_multiple_of(PAGE_SIZE);
        let allowed = rights != 0 && rights & !(READ | WRITE) == 0;
        paddr.checked_add(len)?;
        let end = iova.checked_add(len)?;
        (aligned && allowed && len != 0 && iova >= free && end <= IOVA_END).then_some(end)
    }
}

impl Interrupt {
    fn is_valid(&self) -> bool {
        let kind_ok = match self.kind {
            MSI => (self.level, self.ioapic, self.pin) == (0, 0, 0),
            IOAPIC_PIN => self.source.get() == 0 && self.level <= 1 && self.pin < IOAPIC_PINS,
            _ => false,
        };
        kind_ok && (FIRST_VECTOR..=LAST_VECTOR).contains(&self.vector) && self.reserved == [0; 6]
    }
}
