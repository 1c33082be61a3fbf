// SPDX-License-Identifier: BSD-2-Clause
//! The clock of a PC: Motorola's MC146818, after its data sheet, with 128 bytes.
//!
//! Before each access, and when [`Rtc::deadline`] is there, the caller says how late it is
//! ([`Rtc::advance`]). What happened in between is made good then, however long it was.

mod alarm;
mod calendar;
mod clock;
mod registers;
#[cfg(test)]
mod tests;

use vmm_base::{PortDevice, Width};

use calendar::Civil;
use clock::Clock;
pub use clock::Start;
use registers::{
    Control, DIVIDER, DIVIDER_RUNS, INTERRUPT, RATE, TIME, UPDATE_IN_PROGRESS, VALID, index,
};

/// How long before the end of a second it says that an update is in progress: as long as on the
/// chip from this until the update is over.
const UPDATE_MICROSECONDS: u64 = 244 + 1984;
/// The frequency of the chip's crystal.
const CRYSTAL_HERTZ: u32 = 32_768;
/// What firmware leaves in register A: the divider runs, 1024 Hz.
const FIRMWARE_A: u8 = DIVIDER_RUNS | 6;
const BYTES: usize = 128;

/// The clock.
#[derive(Debug, Clone)]
pub struct Rtc {
    clock: Clock,
    now: u64,
    index: u8,
    a: u8,
    control: Control,
    /// Those of register C that are events. Bits are where register B has their enables.
    flags: Control,
    /// While time stands still: the registers of time, as they were written.
    stopped: Option<[u8; TIME.len()]>,
    memory: [u8; BYTES],
}

impl Rtc {
    /// A clock as firmware leaves it: 24 hours, decimal digits, no interrupts.
    pub fn new(start: Start) -> Self {
        Self {
            clock: Clock::new(start),
            now: start.now,
            index: 0,
            a: FIRMWARE_A,
            control: Control::HOURS_24,
            flags: Control::empty(),
            stopped: None,
            memory: [0; BYTES],
        }
    }

    /// The level of its interrupt line.
    pub fn interrupt(&self) -> bool {
        self.control.intersects(self.flags)
    }

    /// Lets time pass until `now`; earlier than before is ignored.
    pub fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        let before = core::mem::replace(&mut self.now, now);
        if self.stopped.is_none() {
            let (from, to) = (self.clock.seconds(before), self.clock.seconds(now));
            self.flags.set(
                Control::UPDATE,
                self.flags.contains(Control::UPDATE) || to > from,
            );
            if to > from && self.next_alarm(from).is_some_and(|at| at <= to) {
                self.flags |= Control::ALARM;
            }
        }
        if let Some(rate) = self.rate()
            && self.clock.periods(now, rate) > self.clock.periods(before, rate)
        {
            self.flags |= Control::PERIODIC;
        }
    }

    /// When the line will rise next, if nobody writes anything.
    pub fn deadline(&self) -> Option<u64> {
        if self.interrupt() {
            return None;
        }
        let is_running = self.stopped.is_none();
        let enabled = |event| self.control.contains(event);
        let second = self.clock.seconds(self.now);
        let update = (is_running && enabled(Control::UPDATE))
            .then(|| self.now.saturating_add(self.clock.rest(self.now)));
        let alarm = (is_running && enabled(Control::ALARM))
            .then(|| self.next_alarm(second))
            .flatten()
            .map(|at| self.clock.begin(at));
        let periodic = self
            .rate()
            .filter(|_| enabled(Control::PERIODIC))
            .map(|rate| {
                let periods = self.clock.periods(self.now, rate);
                self.clock.end_of(periods.saturating_add(1), rate)
            });
        [update, alarm, periodic].into_iter().flatten().min()
    }

    fn next_alarm(&self, after: i64) -> Option<i64> {
        let [hours, minutes, seconds] = [
            index::HOURS_ALARM,
            index::MINUTES_ALARM,
            index::SECONDS_ALARM,
        ]
        .map(|index| self.memory[usize::from(index)]);
        alarm::next(self.control.alarm(hours, minutes, seconds), after)
    }

    /// The rate of the periodic interrupt in hertz, if it is on and the divider runs.
    fn rate(&self) -> Option<u32> {
        let select = self.a & RATE;
        let shift = match select {
            0 => return None,
            // These two are what 8 and 9 are.
            1 | 2 => select + 6,
            _ => select - 1,
        };
        (self.a & DIVIDER == DIVIDER_RUNS).then_some(CRYSTAL_HERTZ >> shift)
    }

    /// The registers of time.
    fn time(&self) -> [u8; TIME.len()] {
        self.stopped.unwrap_or_else(|| {
            let now = Civil::from_seconds(self.clock.seconds(self.now));
            TIME.map(|index| self.control.encode(index, &now))
        })
    }

    fn write_time(&mut self, place: usize, value: u8) {
        let mut registers = self.time();
        registers[place] = value;
        if self.stopped.is_some() {
            self.stopped = Some(registers);
        } else {
            let seconds = self.control.decode(&registers).seconds();
            self.clock.set(self.now, seconds);
        }
    }

    /// Time stands still while it is set, and while the divider does not run.
    fn write_control(&mut self, a: u8, control: Control) {
        let registers = self.time();
        let did_divide = self.a & DIVIDER == DIVIDER_RUNS;
        (self.a, self.control) = (a, control);
        let divides = a & DIVIDER == DIVIDER_RUNS;
        let was_stopped = self.stopped.is_some();
        if !divides || control.contains(Control::SET) {
            self.stopped = Some(registers);
            return;
        }
        self.stopped = None;
        if was_stopped {
            let seconds = control.decode(&registers).seconds();
            match did_divide {
                true => self.clock.set(self.now, seconds),
                false => self.clock.restart(self.now, seconds),
            }
        }
    }

    fn read_a(&self) -> u8 {
        let soon = self.clock.rest(self.now) <= self.clock.ticks(UPDATE_MICROSECONDS);
        let updates = soon && self.stopped.is_none();
        self.a | if updates { UPDATE_IN_PROGRESS } else { 0 }
    }

    fn read_c(&mut self) -> u8 {
        let interrupt = if self.interrupt() { INTERRUPT } else { 0 };
        let flags = core::mem::replace(&mut self.flags, Control::empty());
        flags.bits() | interrupt
    }

    fn read_register(&mut self) -> u8 {
        if let Some(place) = TIME.iter().position(|index| *index == self.index) {
            return self.time()[place];
        }
        match self.index {
            index::A => self.read_a(),
            index::B => self.control.bits(),
            index::C => self.read_c(),
            index::D => VALID,
            index => self.memory[usize::from(index) % BYTES],
        }
    }

    fn write_register(&mut self, value: u8) {
        if let Some(place) = TIME.iter().position(|index| *index == self.index) {
            return self.write_time(place, value);
        }
        match self.index {
            index::A => self.write_control(value & !UPDATE_IN_PROGRESS, self.control),
            index::B => {
                let mut control = Control::from_bits_truncate(value);
                // Whoever sets the time wants no interrupt about updates.
                control.set(
                    Control::UPDATE,
                    control.contains(Control::UPDATE) && !control.contains(Control::SET),
                );
                self.write_control(self.a, control);
            }
            index::C | index::D => {}
            index => self.memory[usize::from(index) % BYTES] = value,
        }
    }
}

impl PortDevice for Rtc {
    fn read(&mut self, offset: u16, width: Width) -> u32 {
        match (offset, width) {
            (1, Width::Byte) => self.read_register().into(),
            // The index cannot be read.
            _ => width.mask() as u32,
        }
    }

    fn write(&mut self, offset: u16, width: Width, value: u32) {
        match (offset, width) {
            // The highest bit is not the clock's: on a PC it masks the NMI.
            (0, Width::Byte) => self.index = value as u8 & 0x7f,
            (1, Width::Byte) => self.write_register(value as u8),
            _ => {}
        }
    }
}
