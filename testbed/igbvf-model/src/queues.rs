// SPDX-License-Identifier: BSD-2-Clause
//! The queues, from the device's side (§7.1, §7.2).

use igbvf::Reg;

use crate::registers::QUEUE_ENABLE;
use crate::{OUTGOING_ADDRESS, SHARED_ADDRESS, State, Vf, checksum};

const DONE: u64 = 1;
const END: u64 = 2;

/// `len` bytes at `address`, where the device finds memory at `base`.
fn inside(memory: &[u8], base: u64, address: u64, len: usize) -> usize {
    let offset = address.checked_sub(base).expect("an address below memory") as usize;
    assert!(
        offset + len <= memory.len(),
        "{len} bytes at {address:#x} are not granted"
    );
    offset
}

impl Vf {
    fn word(&self, address: u64) -> u64 {
        let at = inside(&self.shared, SHARED_ADDRESS, address, 8);
        u64::from_le_bytes(self.shared[at..at + 8].try_into().unwrap())
    }

    fn set_word(&mut self, address: u64, value: u64) {
        let at = inside(&self.shared, SHARED_ADDRESS, address, 8);
        self.shared[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    fn base(&self, low: Reg) -> u64 {
        let low = low as usize;
        u64::from(self.get(low + 4)) << 32 | u64::from(self.get(low))
    }

    /// The descriptor at the head, if the ring is not empty; and the head moves on.
    fn next(&mut self, base: Reg) -> Option<u64> {
        let at = base as usize;
        let (entries, head, tail) = (self.get(at + 8) / 16, self.get(at + 16), self.get(at + 24));
        if head == tail {
            return None;
        }
        self.set(at + 16, (head + 1) % entries);
        Some(self.base(base) + u64::from(head) * 16)
    }

    fn send(&mut self, first: u64, second: u64) {
        let (command, upper) = (second as u32, (second >> 32) as u32);
        assert!(command >> 29 & 1 == 1, "a legacy descriptor: {second:#x}");
        if command >> 20 & 0xf == 2 {
            self.contexts[(upper >> 4 & 1) as usize] = Some([first, second]);
            return;
        }
        assert!(command >> 20 & 0xf == 3, "a strange type: {second:#x}");
        assert!(command >> 24 & 0b11 == 0b11, "no end, or no checksum");
        let len = (command & 0xffff) as usize;
        assert_eq!(upper >> 14, len as u32, "two lengths");
        assert!((60..=1522).contains(&len), "a frame of {len} bytes");
        let at = inside(&self.outgoing, OUTGOING_ADDRESS, first, len);
        let mut frame = self.outgoing[at..at + len].to_vec();
        if upper & 1 << 9 != 0 {
            let context = self.contexts[(upper >> 4 & 1) as usize].expect("no context");
            insert_checksum(&mut frame, context);
        }
        self.sent.push_back(frame);
    }
}

fn insert_checksum(frame: &mut [u8], [first, second]: [u64; 2]) {
    let (start, end, field) = checksum::locate(frame).expect("not what the context says");
    // Not all cards tell padding from data.
    assert!(end == frame.len(), "a checksum for a frame with padding");
    assert_eq!(
        (first >> 9 & 0x7f, first & 0x1ff),
        (14, 20),
        "lengths of headers"
    );
    let tcp = second & 1 << 11 != 0;
    assert_eq!(frame[23], if tcp { 6 } else { 17 }, "TCP or UDP?");
    let pseudo = checksum::pseudo_header(frame, start, end);
    let found = u16::from_be_bytes([frame[field], frame[field + 1]]);
    assert_eq!(found, pseudo, "the sum of the pseudo header");
    let value = match !checksum::sum(&frame[start..end]) {
        0 if !tcp => 0xffff,
        value => value,
    };
    frame[field..field + 2].copy_from_slice(&value.to_be_bytes());
}

impl State {
    /// Sends what there is to be sent.
    pub(crate) fn transmit(&mut self, vf: usize) {
        let allowed = self.may_transmit(vf);
        let vf = &mut self.vfs[vf];
        while allowed && !vf.stalled && vf.get(Reg::Txdctl as usize) & QUEUE_ENABLE != 0 {
            let Some(at) = vf.next(Reg::Tdbal) else {
                return;
            };
            let (first, second) = (vf.word(at), vf.word(at + 8));
            vf.send(first, second);
            if second & 1 << 27 != 0 {
                vf.set_word(at, 0);
                vf.set_word(at + 8, second | DONE << 32);
            }
        }
    }

    /// Receives a frame.
    pub(crate) fn deliver(&mut self, vf: usize, frame: &[u8]) -> bool {
        let allowed = self.may_receive(vf);
        let vf = &mut self.vfs[vf];
        if !allowed || vf.get(Reg::Rxdctl as usize) & QUEUE_ENABLE == 0 {
            return false;
        }
        let mut padded: Vec<u8> = frame.to_vec();
        padded.resize(frame.len().max(60), 0);
        let size = (vf.get(Reg::Srrctl as usize) & 0x7f) as usize * 1024;
        assert!(
            size > 0 && vf.get(Reg::Srrctl as usize) >> 25 & 7 == 1,
            "SRRCTL"
        );
        let mut status = 0;
        if vf.checks {
            status = match checksum::is_right(&padded) {
                Some(true) => 0b11 << 5,
                Some(false) => 0b11 << 5 | 1 << 29,
                None => 0,
            };
        }
        let mut pieces = padded.chunks(size).peekable();
        while let Some(piece) = pieces.next() {
            let Some(at) = vf.next(Reg::Rdbal) else {
                return false;
            };
            let address = vf.word(at);
            assert_eq!(vf.word(at + 8), 0, "a descriptor without buffer");
            let to = inside(&vf.shared, SHARED_ADDRESS, address, size);
            vf.shared[to..to + piece.len()].copy_from_slice(piece);
            let last = pieces.peek().is_none();
            let bits = if last { status | DONE | END } else { DONE };
            vf.set_word(at, 0);
            vf.set_word(at + 8, (piece.len() as u64) << 32 | bits);
        }
        if vf.get(Reg::Vtivar as usize) & 1 << 7 != 0 {
            let vector = vf.get(Reg::Vtivar as usize) & 3;
            vf.raise(1 << vector);
        }
        true
    }
}
