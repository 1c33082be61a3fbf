// SPDX-License-Identifier: BSD-2-Clause
//! From a device to its context entry (§3.4.2, §9.1, §9.3).

use super::caches::Context;
use super::walk::{PAGE_MASK, Stop};
use super::{Platform, Unit};

const PRESENT: u64 = 1;

impl Unit {
    /// The context entry of a device. `demanded` by a request, rather than read ahead.
    pub(super) fn context(
        &mut self,
        device: u16,
        platform: &mut Platform,
        demanded: bool,
    ) -> Result<Context, Stop> {
        if let Some((_, context)) = self.caches.contexts.get(&device) {
            return self.check_context(*context);
        }
        let slot = (self.root & !PAGE_MASK) + u64::from(device >> 8) * 16;
        let root = self.fetch(slot, platform, demanded).ok_or((8, true))?;
        if root & PRESENT == 0 {
            return Err((1, true));
        }
        let high = self.fetch(slot + 8, platform, demanded).ok_or((8, true))?;
        if root & 0xffe != 0 || root >> self.options.host_bits != 0 || high != 0 {
            return Err((0xa, true));
        }
        let slot = (root & !PAGE_MASK) + u64::from(device & 0xff) * 16;
        let low = self.fetch(slot, platform, demanded).ok_or((9, true))?;
        let high = self.fetch(slot + 8, platform, demanded).ok_or((9, true))?;
        let context = Context { low, high };
        let present = low & PRESENT != 0;
        let checked = self.check_context(context);
        if present && checked.is_ok() {
            self.caches
                .contexts
                .insert(device, ((high >> 8) as u16, context));
        } else if !present && self.options.caching_mode {
            self.caches.contexts.insert(device, (0, context));
        }
        checked
    }

    fn check_context(&self, Context { low, high }: Context) -> Result<Context, Stop> {
        let records = low & 2 == 0;
        if low & PRESENT == 0 {
            return Err((2, records));
        }
        let reserved = low & 0xff0 != 0
            || low >> self.options.host_bits != 0
            || high & 0x80 != 0
            || high >> 24 != 0
            || (high >> 8 & 0xffff) >> (4 + 2 * self.options.nd) != 0;
        if reserved {
            return Err((0xb, records));
        }
        let levels = match high & 7 {
            1 => self.options.three_levels,
            2 => self.options.four_levels,
            _ => false,
        };
        // Untranslated requests through second-level tables, or passed through.
        if !levels || !matches!(low >> 2 & 3, 0 | 2) {
            return Err((3, records));
        }
        Ok(Context { low, high })
    }
}
