// SPDX-License-Identifier: BSD-2-Clause
//! What a unit has cached (§6.2, §6.4): context entries, translations, pointers to lower tables,
//! interrupt entries. Nothing leaves a cache but by an invalidation.

use std::collections::HashMap;

use super::{Platform, Unit};

/// A context entry as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub low: u64,
    pub high: u64,
}

/// A translation, or in caching mode that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Translation {
    pub host: u64,
    pub read: bool,
    pub write: bool,
}

/// Domain, level, and the device address divided by what an entry of that level covers.
pub(crate) type Key = (u16, u8, u64);

#[derive(Debug, Default)]
pub(crate) struct Caches {
    /// By device; with the domain id that tags it, 0 for what is not present.
    pub contexts: HashMap<u16, (u16, Context)>,
    pub translations: HashMap<Key, Translation>,
    /// The table that an entry leads to and the rights on the way.
    pub pointers: HashMap<Key, (u64, bool, bool)>,
    pub interrupts: HashMap<u16, (u64, u64)>,
}

fn overlaps(key: &Key, base: u64, end: u64) -> bool {
    let span = 4096u64 << (9 * u32::from(key.1 - 1));
    key.2 * span < end && base < (key.2 + 1) * span
}

impl Unit {
    /// Drops context entries: all, a domain's, or one device's in a domain (§6.5.2.1).
    pub(super) fn drop_contexts(
        &mut self,
        platform: &mut Platform,
        domain: Option<u16>,
        device: Option<u16>,
    ) {
        self.caches.contexts.retain(|of_device, (of_domain, _)| {
            domain.is_some_and(|domain| domain != *of_domain)
                || device.is_some_and(|device| device != *of_device)
        });
        platform.watch.contexts_dropped(self.index, domain, device);
        if domain.is_none() {
            self.old_pointers.0 = false;
        }
    }

    /// Drops translations: all, a domain's, or those of a range in a domain (§6.5.2.3); with
    /// `leaves_only`, pointers to lower tables stay.
    pub(super) fn drop_translations(
        &mut self,
        platform: &mut Platform,
        domain: Option<u16>,
        range: Option<(u64, u64)>,
        leaves_only: bool,
    ) {
        let stays = |key: &Key| {
            domain.is_some_and(|domain| domain != key.0)
                || range.is_some_and(|(base, end)| !overlaps(key, base, end))
        };
        self.caches.translations.retain(|key, _| stays(key));
        if !leaves_only {
            self.caches.pointers.retain(|key, _| stays(key));
        }
        platform
            .watch
            .translations_dropped(self.index, domain, range, leaves_only);
        if domain.is_none() && !self.old_pointers.0 {
            self.old_pointers.1 = false;
        }
    }

    /// Drops interrupt entries: all, or a number of them (§6.5.2.7).
    pub(super) fn drop_interrupts(&mut self, platform: &mut Platform, range: Option<(u16, u32)>) {
        self.caches.interrupts.retain(|&index, _| {
            range.is_some_and(|(first, count)| {
                index < first || u32::from(index) >= u32::from(first) + count
            })
        });
        platform.watch.interrupts_dropped(self.index, range);
        if range.is_none() {
            self.old_pointers.2 = false;
        }
    }
}
