// SPDX-License-Identifier: BSD-2-Clause
//! Function-level reset (§6.6.2) with the waits that it needs. Times are durations since any
//! moment that the caller keeps to; nothing here waits by itself.

use core::time::Duration;

use crate::{Bdf, Command, Error, Express, PciConfig, Result, set_command};

/// How long requests on their way may keep the reset waiting. Whatever is still pending then is
/// dropped by the reset; the longest default completion timeout is 50 ms.
const DRAIN_LIMIT: Duration = Duration::from_millis(400);
/// How long a function may not be touched after the reset.
const RECOVERY: Duration = Duration::from_millis(100);
/// How long it may afterwards ask for more time.
const READY_LIMIT: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(10);
/// The vendor id of a function that asks for more time (§2.3.2).
const RETRY_VENDOR: u16 = 0x0001;

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is to be done before this time; asking earlier does no harm.
    Wait(Duration),
    /// It is over.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for requests on their way, until this time.
    Drain(Duration),
    /// Must not be touched before this time.
    Recover(Duration),
    /// Must answer before this time.
    Ready(Duration),
    Done,
}

/// A reset under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionReset {
    express: Express,
    stage: Stage,
}

impl FunctionReset {
    /// Stops `function` from decoding and from issuing requests, which is the first step.
    ///
    /// # Errors
    ///
    /// [`Error::NoFunctionReset`], and if it has no PCI Express capability.
    pub fn start(config: &mut impl PciConfig, function: Bdf, now: Duration) -> Result<Self> {
        let express = Express::read(config, function)?;
        if !express.function_reset {
            return Err(Error::NoFunctionReset(function));
        }
        set_command(config, function, Command::new());
        let stage = Stage::Drain(now.saturating_add(DRAIN_LIMIT));
        Ok(Self { express, stage })
    }

    /// Goes on as far as possible at time `now`.
    ///
    /// # Errors
    ///
    /// [`Error::ResetTimeout`]: the function did not come back.
    pub fn poll(&mut self, config: &mut impl PciConfig, now: Duration) -> Result<Progress> {
        let again = now.saturating_add(INTERVAL);
        loop {
            match self.stage {
                Stage::Drain(until) => {
                    if now < until && self.express.transactions_pending(config) {
                        return Ok(Progress::Wait(again.min(until)));
                    }
                    self.express.initiate_reset(config);
                    self.stage = Stage::Recover(now.saturating_add(RECOVERY));
                }
                Stage::Recover(until) if now < until => return Ok(Progress::Wait(until)),
                Stage::Recover(_) => self.stage = Stage::Ready(now.saturating_add(READY_LIMIT)),
                Stage::Ready(until) => {
                    if self.answers(config) {
                        self.stage = Stage::Done;
                    } else if now < until {
                        return Ok(Progress::Wait(again.min(until)));
                    } else {
                        return Err(Error::ResetTimeout(self.express.function()));
                    }
                }
                Stage::Done => return Ok(Progress::Done),
            }
        }
    }

    /// Virtual functions have no vendor id; all ones in the command register says that nobody
    /// answers for any kind of function.
    fn answers(&self, config: &impl PciConfig) -> bool {
        let function = self.express.function();
        config.read16(function, 0) != RETRY_VENDOR && config.read32(function, 4) != u32::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeConfig, FakeFunction};

    const AT: Bdf = Bdf(0x98);
    const PENDING: u32 = 1 << 21;

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn function(device_capabilities: u32) -> FakeFunction {
        let mut function = FakeFunction::virtual_function();
        function.capability(0xa0, 0x10, 0, 0x0002);
        function.set(0xa4, device_capabilities);
        function.set(4, 1 << 20 | 6);
        function
    }

    fn config() -> FakeConfig<1> {
        let mut config = FakeConfig::new();
        config.add(AT, function(1 << 28));
        config
    }

    fn initiated(config: &FakeConfig<1>) -> usize {
        let writes = config.log().iter();
        writes
            .filter(|w| w.offset == 0xa8 && w.value & 1 << 15 != 0)
            .count()
    }

    #[test]
    fn stops_then_resets_then_leaves_alone_for_100_ms() {
        let mut config = config();
        let mut reset = FunctionReset::start(&mut config, AT, ms(5)).unwrap();
        assert_eq!(config.read32(AT, 4) & 0xffff, 0);
        assert_eq!(initiated(&config), 0);
        assert_eq!(reset.poll(&mut config, ms(5)), Ok(Progress::Wait(ms(105))));
        assert_eq!(initiated(&config), 1);
        let before = (config.reads(), config.log().len());
        assert_eq!(
            reset.poll(&mut config, ms(104)),
            Ok(Progress::Wait(ms(105)))
        );
        assert_eq!((config.reads(), config.log().len()), before, "not touched");
        assert_eq!(reset.poll(&mut config, ms(105)), Ok(Progress::Done));
        assert_eq!(reset.poll(&mut config, ms(106)), Ok(Progress::Done));
        assert_eq!(initiated(&config), 1);
    }

    #[test]
    fn waits_for_pending_requests_but_not_for_ever() {
        for (finished, expected) in [(30, 30), (10_000, 400)] {
            let mut config = config();
            config.function(AT).unwrap().set(0xa8, PENDING);
            let mut reset = FunctionReset::start(&mut config, AT, ms(0)).unwrap();
            let mut now = ms(0);
            while initiated(&config) == 0 {
                if now >= ms(finished) {
                    config.function(AT).unwrap().set(0xa8, 0);
                }
                match reset.poll(&mut config, now).unwrap() {
                    Progress::Wait(next) if initiated(&config) == 0 => now = next,
                    _ => break,
                }
            }
            assert_eq!(now, ms(expected));
        }
    }

    #[test]
    fn a_function_may_ask_for_time_but_not_for_ever() {
        for gone in [FakeFunction::endpoint(RETRY_VENDOR, 0xffff), {
            let mut dead = FakeFunction::virtual_function();
            dead.set(4, u32::MAX);
            dead
        }] {
            let mut config = config();
            let mut reset = FunctionReset::start(&mut config, AT, ms(0)).unwrap();
            reset.poll(&mut config, ms(0)).unwrap();
            config.add(AT, gone);
            assert_eq!(
                reset.poll(&mut config, ms(100)),
                Ok(Progress::Wait(ms(110)))
            );
            let mut late = reset;
            assert_eq!(
                late.poll(&mut config, ms(1100)),
                Err(Error::ResetTimeout(AT))
            );
            config.add(AT, function(1 << 28));
            assert_eq!(reset.poll(&mut config, ms(900)), Ok(Progress::Done));
        }
    }

    #[test]
    fn functions_without_the_reset_are_left_alone() {
        let mut config = FakeConfig::<1>::new();
        config.add(AT, function(0));
        let result = FunctionReset::start(&mut config, AT, ms(0));
        assert_eq!(result, Err(Error::NoFunctionReset(AT)));
        assert!(config.log().is_empty());
    }
}
