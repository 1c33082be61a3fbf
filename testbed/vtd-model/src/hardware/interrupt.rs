// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt remapping and posting (§5.1, §5.2, §9.10 to §9.12).

use super::faults::Fault;
use super::{COMPATIBILITY, Platform, REMAPPING, Unit};
use crate::rules::Rule;

const PRESENT: u64 = 1;
const SILENT: u64 = 2;

/// What becomes of an interrupt message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// It goes to a processor as it is: in compatibility format.
    Unremapped,
    /// A processor gets a vector.
    Remapped {
        /// The vector.
        vector: u8,
        /// The processor.
        destination: u32,
        /// Level-triggered.
        level: bool,
        /// The delivery mode.
        delivery: u8,
    },
    /// A bit is set in a descriptor.
    Posted {
        /// The descriptor.
        descriptor: u64,
        /// The vector.
        vector: u8,
        /// Notification vector and processor, if one is sent.
        notification: Option<(u8, u32)>,
    },
    /// It is stopped for this fault reason.
    Stopped(u8),
}

/// IRTA_REG as it was when the pointer was set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RemapTable {
    pub base: u64,
    pub entries: u32,
    pub extended: bool,
}

impl RemapTable {
    pub fn from_register(value: u64) -> Self {
        Self {
            base: value & !0xfff,
            entries: 2 << (value & 0xf),
            extended: value & 1 << 11 != 0,
        }
    }

    fn destination(&self, field: u32) -> u32 {
        if self.extended {
            field
        } else {
            field >> 8 & 0xff
        }
    }
}

impl Unit {
    /// A device writes `data` to an address in the interrupt range.
    pub fn message(
        &mut self,
        device: u16,
        address: u64,
        data: u32,
        platform: &mut Platform,
    ) -> Interrupt {
        if !self.is_on(REMAPPING) {
            return Interrupt::Unremapped;
        }
        if self.old_pointers.2 {
            self.pointer_not_flushed(platform);
        }
        if address & 1 << 4 == 0 {
            return if self.is_on(COMPATIBILITY) && !self.remap.extended {
                Interrupt::Unremapped
            } else {
                self.stop(device, 0, 0x25, true)
            };
        }
        let handle = (address >> 5 & 0x7fff) as u32 | ((address >> 2 & 1) as u32) << 15;
        let with_subhandle = address & 1 << 3 != 0;
        // Upper address bits and the data's upper half are reserved (§5.1.2.2).
        if address >> 32 != 0 || with_subhandle && data >> 16 != 0 {
            return self.stop(device, 0, 0x20, true);
        }
        let index = handle + if with_subhandle { data & 0xffff } else { 0 };
        if index >= self.remap.entries {
            return self.stop(device, index as u16, 0x21, true);
        }
        let index = index as u16;
        let Some((low, high)) = self.entry(index, platform, true) else {
            return self.stop(device, index, 0x23, true);
        };
        let records = low & SILENT == 0;
        if low & PRESENT == 0 {
            return self.stop(device, index, 0x22, records);
        }
        if self.entry_reserved(low, high) {
            return self.stop(device, index, 0x24, records);
        }
        if !verified(high, device) {
            return self.stop(device, index, 0x26, records);
        }
        if low & 1 << 15 != 0 {
            return self.post(device, index, low, high, platform);
        }
        Interrupt::Remapped {
            vector: (low >> 16) as u8,
            destination: self.remap.destination((low >> 32) as u32),
            level: low & 1 << 4 != 0,
            delivery: (low >> 5 & 7) as u8,
        }
    }

    fn stop(&mut self, device: u16, index: u16, reason: u8, records: bool) -> Interrupt {
        if records {
            let info = u64::from(index) << 48;
            self.faults.record(Fault {
                device,
                reason,
                info,
                read: false,
            });
        }
        Interrupt::Stopped(reason)
    }

    /// An entry, from the cache or the table.
    pub(super) fn entry(
        &mut self,
        index: u16,
        platform: &mut Platform,
        demanded: bool,
    ) -> Option<(u64, u64)> {
        if let Some(&entry) = self.caches.interrupts.get(&index) {
            return Some(entry);
        }
        let at = self.remap.base + u64::from(index) * 16;
        let entry = (platform.memory.walk(at)?, platform.memory.walk(at + 8)?);
        if demanded && platform.memory.is_hidden(at) {
            platform
                .rules
                .broken(Rule::WriteBack, || format!("interrupt entry {index}"));
        }
        if entry.0 & PRESENT != 0 || self.options.caching_mode {
            self.caches.interrupts.insert(index, entry);
        }
        Some(entry)
    }

    fn entry_reserved(&self, low: u64, high: u64) -> bool {
        let posted = low & 1 << 15 != 0;
        if posted {
            let in_low = 0x3f_ff00_30fc;
            !self.options.posting || low & in_low != 0 || high & 0xfff0_0000 != 0
        } else {
            let in_destination = if self.remap.extended {
                0
            } else {
                0xffff_00ff << 32
            };
            let in_low = 0xff00_7000 | in_destination;
            low & in_low != 0 || high >> 20 != 0
        }
    }

    fn post(
        &mut self,
        device: u16,
        index: u16,
        low: u64,
        high: u64,
        platform: &mut Platform,
    ) -> Interrupt {
        let descriptor = high & !0xffff_ffff | low >> 32 & 0xffff_ffc0;
        let memory = &mut platform.memory;
        if !memory.owned(descriptor) {
            return self.stop(device, index, 0x27, low & SILENT == 0);
        }
        let vector = (low >> 16) as u8;
        let urgent = low & 1 << 14 != 0;
        let control = memory.read(descriptor + 32);
        // Reserved: bits 319:256 but ON, SN, NV and NDST; the words behind.
        if control & 0xff00_fffc != 0
            || (40..64)
                .step_by(8)
                .any(|at| memory.read(descriptor + at) != 0)
        {
            return self.stop(device, index, 0x28, low & SILENT == 0);
        }
        let word = descriptor + u64::from(vector / 64) * 8;
        memory.write_device(word, memory.read(word) | 1 << (vector % 64));
        let (outstanding, suppressed) = (control & 1 != 0, control & 2 != 0);
        let notify = !outstanding && (urgent || !suppressed);
        if notify {
            memory.write_device(descriptor + 32, control | 1);
        }
        let target = (
            (control >> 16) as u8,
            self.remap.destination((control >> 32) as u32),
        );
        Interrupt::Posted {
            descriptor,
            vector,
            notification: notify.then_some(target),
        }
    }
}

/// Source validation (§9.10: SVT, SQ, SID).
fn verified(high: u64, device: u16) -> bool {
    let source = high as u16;
    match high >> 18 & 3 {
        0 => true,
        1 => {
            // SQ leaves out the lowest 0 to 3 bits of the function, from the top one down.
            let ignored = [0, 0b100, 0b110, 0b111][(high >> 16 & 3) as usize];
            (source ^ device) & !ignored == 0
        }
        2 => ((source >> 8)..=(source & 0xff)).contains(&(device >> 8)),
        _ => false,
    }
}
