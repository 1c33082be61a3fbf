// SPDX-License-Identifier: BSD-2-Clause
//! DMA remapping in legacy mode: from device and address to host-physical address (§3.4, §3.7),
//! through the caches, with the faults of §7.1.3.

use super::caches::Translation;
use super::faults::Fault;
use super::{PROTECTED, Platform, TRANSLATION, Unit};
use crate::rules::Rule;

pub(super) const PAGE_MASK: u64 = 0xfff;

/// Why a request is stopped (fault reason), and whether a fault is recorded.
pub(super) type Stop = (u8, bool);

impl Unit {
    /// A device accesses memory; the page that it reaches, or the fault reason.
    pub fn dma(
        &mut self,
        device: u16,
        at: u64,
        write: bool,
        platform: &mut Platform,
    ) -> Result<u64, u8> {
        if !self.is_on(TRANSLATION) {
            return if self.protected & PROTECTED != 0 {
                Err(0)
            } else {
                Ok(at)
            };
        }
        // In abort-DMA mode (§3.4.4), and in scalable mode, which this model does not walk.
        if self.root & 0xc00 != 0 {
            return Err(0);
        }
        if self.old_pointers.0 || self.old_pointers.1 {
            self.pointer_not_flushed(platform);
        }
        let result = self
            .translate(device, at, platform, true)
            .and_then(|(found, records)| {
                let (allowed, reason) = if write {
                    (found.write, 5)
                } else {
                    (found.read, 6)
                };
                if allowed {
                    Ok(found.host)
                } else {
                    Err((reason, records))
                }
            });
        result.map_err(|(reason, records)| {
            if records {
                let address = at & !PAGE_MASK;
                self.faults.record(Fault {
                    device,
                    reason,
                    info: address,
                    read: !write,
                });
            }
            reason
        })
    }

    /// Reads a word of a table for a walk.
    pub(super) fn fetch(&self, at: u64, platform: &mut Platform, demanded: bool) -> Option<u64> {
        let word = platform.memory.walk(at)?;
        if !platform.memory.owned(at & !7) {
            platform.rules.broken(Rule::FlushBeforeFree, || {
                format!("a walk reads freed {at:#x}")
            });
        }
        if demanded && platform.memory.is_hidden(at) {
            platform
                .rules
                .broken(Rule::WriteBack, || format!("a walk reads {at:#x}"));
        }
        Some(word)
    }

    /// Translates a device address, whatever the rights; with whether faults are recorded.
    pub(super) fn translate(
        &mut self,
        device: u16,
        at: u64,
        platform: &mut Platform,
        demanded: bool,
    ) -> Result<(Translation, bool), Stop> {
        let context = self.context(device, platform, demanded)?;
        let records = context.low & 2 == 0;
        if context.low >> 2 & 3 == 2 {
            return Ok((
                Translation {
                    host: at,
                    read: true,
                    write: true,
                },
                records,
            ));
        }
        let levels = (context.high & 7) as u8 + 2;
        let bits = self.options.address_bits.min(12 + 9 * levels);
        if at >> bits != 0 {
            return Err((4, records));
        }
        let domain = (context.high >> 8) as u16;
        let table = context.low & !PAGE_MASK;
        let found = match self.cached(domain, at) {
            Some(found) => found,
            None => self
                .walk(domain, table, levels, at, platform, demanded)
                .map_err(|reason| (reason, records))?,
        };
        if found.host >> 20 == 0xfee {
            return Err((0xe, records));
        }
        Ok((found, records))
    }

    fn cached(&self, domain: u16, at: u64) -> Option<Translation> {
        (1..=3).find_map(|level| {
            let span = 4096u64 << (9 * (level - 1));
            let found = self.caches.translations.get(&(domain, level, at / span))?;
            Some(Translation {
                host: found.host + at % span,
                ..*found
            })
        })
    }

    fn walk(
        &mut self,
        domain: u16,
        root: u64,
        levels: u8,
        at: u64,
        platform: &mut Platform,
        demanded: bool,
    ) -> Result<Translation, u8> {
        let (mut table, mut level, mut read, mut write) = (root, levels, true, true);
        // The lowest table that is known.
        for from in 2..=levels {
            let key = (domain, from, at / (4096 << (9 * (from - 1))));
            if let Some(&(below, reads, writes)) = self.caches.pointers.get(&key) {
                (table, level, read, write) = (below, from - 1, reads, writes);
                break;
            }
        }
        loop {
            let span = 4096u64 << (9 * (level - 1));
            let slot = table + at / span % 512 * 8;
            // A highest table that cannot be read is a mistake in the context entry (LCT.4.3).
            let reason = if level == levels { 3 } else { 7 };
            let entry = self.fetch(slot, platform, demanded).ok_or(reason)?;
            (read, write) = (read && entry & 1 != 0, write && entry & 2 != 0);
            let key = (domain, level, at / span);
            if entry & 3 == 0 {
                let nothing = Translation {
                    host: 0,
                    read: false,
                    write: false,
                };
                if self.options.caching_mode {
                    self.caches
                        .translations
                        .insert((domain, 1, at / 4096), nothing);
                }
                return Ok(nothing);
            }
            let leaf = level == 1 || entry & 1 << 7 != 0;
            if self.reserved(entry, level, leaf, span) {
                return Err(0xc);
            }
            let address = entry & 0x000f_ffff_ffff_f000;
            if leaf {
                let found = Translation {
                    host: address,
                    read,
                    write,
                };
                self.caches.translations.insert(key, found);
                return Ok(Translation {
                    host: address + at % span,
                    ..found
                });
            }
            self.caches.pointers.insert(key, (address, read, write));
            (table, level) = (address, level - 1);
        }
    }

    /// Whether an entry has reserved bits set (§9.8).
    fn reserved(&self, entry: u64, level: u8, leaf: bool, span: u64) -> bool {
        let large = entry & 1 << 7 != 0;
        let unsupported = match level {
            2 => large && !self.options.mega,
            3 => large && !self.options.giga,
            4.. => large,
            _ => false,
        };
        let snoop = entry & 1 << 11 != 0 && (!leaf || !self.options.snoop_control);
        let address = entry & 0x000f_ffff_ffff_f000;
        let low = leaf && !address.is_multiple_of(span);
        unsupported
            || snoop
            || low
            || address >> self.options.host_bits != 0
            || entry & 1 << 62 != 0
    }
}
