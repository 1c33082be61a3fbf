// SPDX-License-Identifier: BSD-2-Clause
//! Boots that run side by side, a few at a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::Result;

use super::outcome::{Outcome, Part, TestResult};

/// A boot, to be done on some thread.
pub struct Boot {
    /// Its name, for the case that it cannot even begin.
    pub name: String,
    /// What to do.
    pub run: Box<dyn FnOnce() -> Result<Part> + Send>,
}

/// Boots that wait, and results that are known without one.
#[derive(Default)]
pub struct Pool {
    boots: VecDeque<Boot>,
    known: Vec<Part>,
}

impl Pool {
    /// Adds a boot.
    pub fn add(&mut self, boot: Boot) {
        self.boots.push_back(boot);
    }

    /// Adds a result that needs no boot.
    pub fn add_result(&mut self, part: &str, result: TestResult) {
        let results = vec![result];
        self.known.push(Part {
            name: part.to_owned(),
            results,
            took: Duration::ZERO,
        });
    }

    /// Number of boots that wait.
    pub fn len(&self) -> usize {
        self.boots.len()
    }

    /// Does everything, `width` boots at a time; calls `each` with every part as it ends.
    pub fn run(self, width: usize, mut each: impl FnMut(Part)) {
        self.known.into_iter().for_each(&mut each);
        let waiting = Mutex::new(self.boots);
        let (sender, finished) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..width {
                let sender = sender.clone();
                let waiting = &waiting;
                scope.spawn(move || {
                    let next = || {
                        waiting
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .pop_front()
                    };
                    while let Some(boot) = next() {
                        let part = (boot.run)().unwrap_or_else(|error| broken(boot.name, &error));
                        if sender.send(part).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            finished.iter().for_each(each);
        });
    }
}

/// A boot that could not even begin.
fn broken(name: String, error: &anyhow::Error) -> Part {
    let result = TestResult::new(name.clone(), Outcome::Failed(format!("{error:#}")));
    Part {
        name,
        results: vec![result],
        took: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn everything_is_done_and_never_more_at_once_than_allowed() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let mut pool = Pool::default();
        pool.add_result("known", TestResult::new("known", Outcome::Passed));
        for number in 0..6 {
            let run = move || {
                MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                NOW.fetch_sub(1, Ordering::SeqCst);
                if number == 3 {
                    anyhow::bail!("no emulator");
                }
                Ok(Part {
                    name: number.to_string(),
                    results: vec![],
                    took: Duration::ZERO,
                })
            };
            pool.add(Boot {
                name: format!("boot {number}"),
                run: Box::new(run),
            });
        }
        assert_eq!(pool.len(), 6);
        let mut names = Vec::new();
        pool.run(2, |part| names.push(part.name));
        names.sort_unstable();
        assert_eq!(names, ["0", "1", "2", "4", "5", "boot 3", "known"]);
        assert_eq!(MOST.load(Ordering::SeqCst), 2);
    }
}
