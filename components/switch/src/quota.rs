// SPDX-License-Identifier: BSD-2-Clause
//! Whose frames are in a ring.

use switch_interface::SLOTS;

use crate::MAX_PORTS;

/// Places that one client's frames can have in another's ring.
const MOST: u8 = SLOTS as u8 / 2;
/// Up to how many there may be when a frame for several is to come in.
const MOST_FOR_SEVERAL: u8 = SLOTS as u8 / 4;

/// The senders of the frames that were put into a ring and not taken out yet.
#[derive(Debug)]
pub struct Quota {
    senders: [u8; SLOTS],
    held: [u8; MAX_PORTS],
    /// The index of the oldest that is known to be there.
    oldest: u32,
}

impl Quota {
    /// An empty ring; `taken`: frames that were ever taken out of it.
    pub const fn new(taken: u32) -> Self {
        Self {
            senders: [0; SLOTS],
            held: [0; MAX_PORTS],
            oldest: taken,
        }
    }

    /// May `sender` put one more in? `put` and `taken` are the ring's indices; what the other end
    /// says was taken counts only as far as it can be.
    pub fn allows(&mut self, sender: usize, for_several: bool, put: u32, taken: u32) -> bool {
        let there = put.wrapping_sub(self.oldest);
        let gone = taken.wrapping_sub(self.oldest);
        if gone <= there {
            while self.oldest != taken {
                let sender = self.senders[self.oldest as usize % SLOTS];
                if let Some(held) = self.held.get_mut(usize::from(sender)) {
                    *held = held.saturating_sub(1);
                }
                self.oldest = self.oldest.wrapping_add(1);
            }
        }
        let most = if for_several { MOST_FOR_SEVERAL } else { MOST };
        self.held.get(sender).is_some_and(|held| *held < most)
    }

    /// `sender` put one in at index `put`.
    pub fn add(&mut self, sender: usize, put: u32) {
        self.senders[put as usize % SLOTS] = sender as u8;
        if let Some(held) = self.held.get_mut(sender) {
            *held = held.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_half_and_a_quarter() {
        for start in [0, u32::MAX - 5] {
            let mut quota = Quota::new(start);
            let mut put = start;
            let mut fill = |quota: &mut Quota, sender, several, taken| {
                let mut count = 0;
                while quota.allows(sender, several, put, taken) {
                    quota.add(sender, put);
                    put = put.wrapping_add(1);
                    count += 1;
                }
                count
            };
            assert_eq!(fill(&mut quota, 3, true, start), 16);
            assert_eq!(fill(&mut quota, 3, false, start), 16, "one half in all");
            assert_eq!(fill(&mut quota, 7, true, start), 16, "another has its own");
            assert_eq!(fill(&mut quota, 3, false, start.wrapping_add(10)), 10);
            assert_eq!(
                fill(&mut quota, 3, false, start.wrapping_add(1000)),
                0,
                "impossible"
            );
            assert_eq!(
                fill(&mut quota, 3, false, start.wrapping_sub(1)),
                0,
                "impossible"
            );
        }
    }
}
