// SPDX-License-Identifier: BSD-2-Clause
//! An example of a protection domain, to copy from: it beats every second by the timer, and takes
//! commands from the console. Give it the input (Ctrl-] and its number) and type `help`.
//!
//! What it needs in `system.xml`: a channel to the timer (`pp="true"` at this end), a channel to the
//! console, and the memory region that it shares with the console.
#![no_std]
#![no_main]

use core::fmt::Write;
use core::time::Duration;

use console_interface::{LineInput, own_stream, with_stream};
use sel4_microkit::{Channel, ChannelSet, Handler, protection_domain, var};
use timer_interface::{Error, Timer};

/// The time-out that is the heart.
const BEAT: usize = 0;

struct Heartbeat {
    timer: Timer<Channel>,
    timer_channel: Channel,
    console_channel: Channel,
    input: LineInput,
    period: Duration,
    beats: u64,
}

#[protection_domain]
fn init() -> Heartbeat {
    let timer_channel = Channel::new(*var!(timer_channel: usize = 0));
    let Some(console_channel) = own_stream!() else {
        panic!("system.xml gives no console_region");
    };
    let mut heartbeat = Heartbeat {
        timer: Timer::new(timer_channel),
        timer_channel,
        console_channel,
        input: LineInput::new(),
        period: Duration::from_secs(1),
        beats: 0,
    };
    log::info!("hello; type 'help'");
    heartbeat.start();
    heartbeat
}

impl Heartbeat {
    /// Starts to beat. The timer may have been restarted: then it does not know us any more, and
    /// the second try succeeds.
    fn start(&mut self) {
        let mut result = self.timer.every(BEAT, self.period);
        if result == Err(Error::Restarted) {
            result = self.timer.every(BEAT, self.period);
        }
        if let Err(error) = result {
            log::error!("no heartbeat: {error}");
        }
    }

    fn beat(&mut self) {
        match self.timer.expired() {
            Ok(expired) if expired.contains(BEAT) => {
                self.beats += 1;
                if let Ok(now) = self.timer.now() {
                    log::info!(
                        "beat {} at {}.{:03} s",
                        self.beats,
                        now.as_secs(),
                        now.subsec_millis()
                    );
                }
            }
            Ok(_) => {}
            Err(Error::Restarted) => {
                log::warn!("the timer was restarted, starting again");
                self.start();
            }
            Err(error) => log::error!("{error}"),
        }
    }

    fn read_input(&mut self) {
        while let Some(Some(command)) = with_stream(|stream| {
            let line = self.input.read(stream)?;
            Some(Command::parse(line))
        }) {
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Nothing => {}
            Command::Help => say("help | every MILLISECONDS | stop | crash"),
            Command::Every(period) => {
                self.period = period;
                self.start();
            }
            Command::Stop => {
                if let Err(error) = self.timer.cancel(BEAT) {
                    log::error!("{error}");
                }
            }
            Command::Crash => {
                say("reading from address 0; the monitor has the last word");
                // SAFETY: there is none. Nothing is mapped at 0, so this is a fault, as wanted.
                unsafe { core::arch::asm!("mov {0}, [{0}]", inout(reg) 0usize => _) }
            }
            Command::Unknown => say("unknown command; type 'help'"),
        }
    }
}

fn say(text: &str) {
    // Writing to the stream never fails.
    let _ = with_stream(|stream| writeln!(stream, "{text}"));
}

impl Handler for Heartbeat {
    type Error = core::convert::Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Self::Error> {
        if channels.contains(self.timer_channel) {
            self.beat();
        }
        if channels.contains(self.console_channel) {
            self.read_input();
        }
        Ok(())
    }
}

enum Command {
    Nothing,
    Help,
    Every(Duration),
    Stop,
    Crash,
    Unknown,
}

impl Command {
    fn parse(line: &str) -> Self {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next().map(str::parse)) {
            (None, _) => Self::Nothing,
            (Some("help"), None) => Self::Help,
            (Some("every"), Some(Ok(milliseconds))) => {
                Self::Every(Duration::from_millis(milliseconds))
            }
            (Some("stop"), None) => Self::Stop,
            (Some("crash"), None) => Self::Crash,
            _ => Self::Unknown,
        }
    }
}
