// SPDX-License-Identifier: BSD-2-Clause
//! The interval timer of a PC: Intel's 8254, after its data sheet (231164), and port 0x61, which has
//! the gate and the output of its third channel.
//!
//! Left out is what software does not measure time with: counting in decimal, and the strobes of
//! modes 4 and 5, which count like modes 0 and 1.

/// The frequency that all three channels count with.
const HERTZ: u64 = 1_193_182;
/// Port 0x61: gate of the third channel, and the speaker.
const GATE: u8 = 1 << 0;
const SPEAKER: u8 = 1 << 1;
/// Port 0x61: changes with each refresh of the memory, every 15 µs.
const REFRESH: u8 = 1 << 4;
const REFRESH_CLOCKS: u64 = 18;
/// Port 0x61: the output of the third channel.
const OUTPUT: u8 = 1 << 5;

/// The channel whose gate and output are at port 0x61; the gates of the others are always on.
const GATED: usize = 2;

/// The three channels.
#[derive(Debug, Clone)]
pub struct Timer {
    hertz: u64,
    /// Clocks of the timer since the beginning.
    clocks: u64,
    channels: [Channel; 3],
    speaker: bool,
}

impl Timer {
    pub fn new(hertz: u64) -> Self {
        let mut channels = [Channel::default(); 3];
        channels[GATED].gate = false;
        Self {
            hertz: hertz.max(1),
            clocks: 0,
            channels,
            speaker: false,
        }
    }

    pub fn advance(&mut self, now: u64) {
        let clocks = u128::from(now) * u128::from(HERTZ) / u128::from(self.hertz);
        self.clocks = self.clocks.max(u64::try_from(clocks).unwrap_or(u64::MAX));
    }

    /// Offsets 0 to 2 are channels, 3 is the control word, which cannot be read.
    pub fn read(&mut self, offset: u16) -> u8 {
        let clocks = self.clocks;
        let channel = self.channels.get_mut(usize::from(offset));
        channel.map_or(0xff, |channel| channel.read(clocks))
    }

    pub fn write(&mut self, offset: u16, value: u8) {
        let clocks = self.clocks;
        if let Some(channel) = self.channels.get_mut(usize::from(offset)) {
            return channel.write(value, clocks);
        }
        if let Some(channel) = self.channels.get_mut(usize::from(value >> 6)) {
            return channel.control(value, clocks);
        }
        // Read-back: several channels at once; low bits say what, and which.
        for (index, channel) in self.channels.iter_mut().enumerate() {
            if value >> 1 >> index & 1 != 0 {
                channel.read_back(value, clocks);
            }
        }
    }

    pub fn read_system_control(&self) -> u8 {
        let channel = &self.channels[GATED];
        let refreshes = self.clocks / REFRESH_CLOCKS;
        let bits = [
            (channel.gate, GATE),
            (self.speaker, SPEAKER),
            (refreshes & 1 != 0, REFRESH),
            (channel.output(self.clocks), OUTPUT),
        ];
        let on = bits.iter().filter(|(on, _)| *on);
        on.fold(0, |value, (_, bit)| value | bit)
    }

    pub fn write_system_control(&mut self, value: u8) {
        self.channels[GATED].set_gate(value & GATE != 0, self.clocks);
        self.speaker = value & SPEAKER != 0;
    }
}

/// How the bytes of a count are written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Access {
    Low = 1,
    High = 2,
    /// The low byte first.
    Both = 3,
}

/// Of its clocks, a channel knows when it began to count, or how many it had counted when it stopped.
#[derive(Debug, Clone, Copy)]
enum Counting {
    Never,
    Since(u64),
    Stopped(u64),
}

#[derive(Debug, Clone, Copy)]
struct Channel {
    mode: u8,
    access: Access,
    /// What it counts down from, 1 to 65536.
    count: u64,
    counting: Counting,
    gate: bool,
    /// The low byte of a count whose high byte will follow.
    low: Option<u8>,
    /// The next read gives the high byte.
    high_next: bool,
    latched: Option<u16>,
    status: Option<u8>,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            mode: 0,
            access: Access::Both,
            count: 1 << 16,
            counting: Counting::Never,
            gate: true,
            low: None,
            high_next: false,
            latched: None,
            status: None,
        }
    }
}

impl Channel {
    fn elapsed(&self, clocks: u64) -> u64 {
        match self.counting {
            Counting::Never => 0,
            Counting::Since(start) => clocks.saturating_sub(start),
            Counting::Stopped(elapsed) => elapsed,
        }
    }

    /// The counter.
    fn value(&self, clocks: u64) -> u16 {
        let elapsed = self.elapsed(clocks);
        let value = match self.mode {
            2 => self.count - elapsed % self.count,
            // It counts by twos, and its output changes at the end of each half.
            3 => (self.count - 2 * (elapsed % self.count) % self.count) & !1,
            _ => self.count.wrapping_sub(elapsed),
        };
        value as u16
    }

    fn output(&self, clocks: u64) -> bool {
        let elapsed = self.elapsed(clocks);
        match (self.mode, self.counting) {
            (0, Counting::Never) => false,
            (_, Counting::Never) => true,
            (0 | 1, _) => elapsed >= self.count,
            (2, Counting::Since(_)) => elapsed % self.count != self.count - 1,
            (3, Counting::Since(_)) => elapsed % self.count < self.count.div_ceil(2),
            _ => true,
        }
    }

    fn set_gate(&mut self, on: bool, clocks: u64) {
        let was = core::mem::replace(&mut self.gate, on);
        self.counting = match (self.counting, self.mode) {
            (Counting::Never, 1 | 5) | (_, 1 | 2 | 3 | 5) if on && !was => Counting::Since(clocks),
            // A one-shot goes on without its gate; the others stop.
            (Counting::Since(start), 0 | 2 | 3 | 4) if !on => {
                Counting::Stopped(clocks.saturating_sub(start))
            }
            (Counting::Stopped(elapsed), _) if on => {
                Counting::Since(clocks.saturating_sub(elapsed))
            }
            (as_before, _) => as_before,
        };
    }

    fn control(&mut self, word: u8, clocks: u64) {
        self.access = match word >> 4 & 3 {
            0 => return self.latch(clocks),
            1 => Access::Low,
            2 => Access::High,
            _ => Access::Both,
        };
        self.mode = match word >> 1 & 7 {
            mode @ 0..=5 => mode,
            mode => mode - 4,
        };
        (self.low, self.latched, self.status) = (None, None, None);
        self.high_next = false;
        self.counting = Counting::Never;
    }

    fn latch(&mut self, clocks: u64) {
        let value = self.value(clocks);
        self.latched.get_or_insert(value);
    }

    fn read_back(&mut self, word: u8, clocks: u64) {
        if word & 1 << 5 == 0 {
            self.latch(clocks);
        }
        if word & 1 << 4 == 0 {
            let output = u8::from(self.output(clocks)) << 7;
            let null = u8::from(matches!(self.counting, Counting::Never)) << 6;
            let status = output | null | (self.access as u8) << 4 | self.mode << 1;
            self.status.get_or_insert(status);
        }
    }

    fn read(&mut self, clocks: u64) -> u8 {
        if let Some(status) = self.status.take() {
            return status;
        }
        let [low, high] = self
            .latched
            .unwrap_or_else(|| self.value(clocks))
            .to_le_bytes();
        let is_high = match self.access {
            Access::Low => false,
            Access::High => true,
            Access::Both => {
                self.high_next = !self.high_next;
                !self.high_next
            }
        };
        if is_high || self.access == Access::Low {
            self.latched = None;
        }
        if is_high { high } else { low }
    }

    fn write(&mut self, value: u8, clocks: u64) {
        let bytes = match (self.access, self.low.take()) {
            (Access::Low, _) => [value, 0],
            (Access::High, _) => [0, value],
            (Access::Both, Some(low)) => [low, value],
            (Access::Both, None) => {
                self.low = Some(value);
                return;
            }
        };
        self.count = match u16::from_le_bytes(bytes) {
            0 => 1 << 16,
            count => count.into(),
        };
        self.counting = match (self.mode, self.gate) {
            // The gate's edge starts these.
            (1 | 5, _) => Counting::Never,
            (_, true) => Counting::Since(clocks),
            (_, false) => Counting::Stopped(0),
        };
    }
}
