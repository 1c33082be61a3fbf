// SPDX-License-Identifier: BSD-2-Clause
//! What the model does when it is told.

use crate::{BLOCK, NAMESPACE, Pair, State};

impl State {
    pub(crate) fn admin_command(&mut self, words: [u32; 16]) {
        let opcode = words[0] as u8;
        let address = u64::from(words[6]) | u64::from(words[7]) << 32;
        let fails = self.fails.filter(|(other, _)| *other == opcode.into());
        let status = match opcode {
            _ if fails.is_some() => fails.map_or(0, |(_, status)| status),
            0x05 => {
                assert_eq!(words[11] & 1, 1, "contiguous");
                assert!(words[11] & 2 == 0 || self.msix, "interrupts come first");
                self.io = Pair {
                    completions: Some(address),
                    entries: (words[10] >> 16) + 1,
                    interrupts: words[11] & 2 != 0,
                    phase: true,
                    ..Pair::default()
                };
                0
            }
            0x01 => {
                assert!(self.io.completions.is_some(), "completions come first");
                assert_eq!(words[11] >> 16, words[10] & 0xffff, "of the same number");
                assert_eq!(
                    words[10] >> 16,
                    self.io.entries - 1,
                    "as long as each other"
                );
                self.io.submissions = Some(address);
                0
            }
            0x06 => self.identify(words[10], words[1], address),
            0x09 => 0,
            _ => 1,
        };
        self.complete(0, words, 0, status);
    }

    fn identify(&mut self, dword10: u32, namespace: u32, address: u64) -> u16 {
        let mut page = [0u32; 1024];
        match dword10 & 0xff {
            0x00 if namespace == NAMESPACE => {
                page[0] = (self.disk.len() / BLOCK) as u32;
                page[32] = 9 << 16;
            }
            0x00 => {}
            0x01 => {
                page[19] = u32::from(self.most) << 8;
                page[128] = 0x4466;
            }
            _ => return 2,
        }
        for (n, word) in page.into_iter().enumerate() {
            self.put(address + 4 * n as u64, word);
        }
        0
    }

    pub(crate) fn io_command(&mut self, words: [u32; 16]) {
        let opcode = words[0] as u8;
        let fails = self
            .fails
            .filter(|(other, _)| *other == u16::from(opcode) + 0x100);
        let status = match opcode {
            _ if fails.is_some() => fails.map_or(0, |(_, status)| status),
            _ if words[1] != NAMESPACE => 0x0b,
            0 => {
                self.flushes += 1;
                0
            }
            1 | 2 => self.transfer(&words, opcode == 1),
            _ => 1,
        };
        self.complete(1, words, 0, status);
    }

    fn transfer(&mut self, words: &[u32; 16], write: bool) -> u16 {
        let block = u64::from(words[10]) | u64::from(words[11]) << 32;
        let bytes = ((words[12] & 0xffff) as usize + 1) * BLOCK;
        let start = block as usize * BLOCK;
        if start + bytes > self.disk.len() {
            return 0x80;
        }
        if self.most != 0 && bytes > 4096 << self.most {
            return 0x02;
        }
        for (at, address) in (start..).step_by(4).zip(self.scatter(words, bytes)) {
            if write {
                let word = self.word(address).to_le_bytes();
                self.disk[at..at + 4].copy_from_slice(&word);
            } else {
                let word = [0, 1, 2, 3].map(|n| self.disk[at + n]);
                self.put(address, u32::from_le_bytes(word));
            }
        }
        0
    }
}
