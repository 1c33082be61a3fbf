// SPDX-License-Identifier: BSD-2-Clause
//! Watching a system with nobody at the terminal: its lines one by one, keys where it asks for
//! them, traffic from the host when it is ready for it, and never longer than allowed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::Write;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::echo::{BYTES, echo};
use super::emulator::{Emulator, Output};
use crate::serial::Lines;

/// Of the output that was not yet answered, this much is searched for a question.
const QUESTION: usize = 4096;
/// How often the client on the host is asked whether it is done.
const ATTENTION: Duration = Duration::from_millis(50);

/// Why watching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What was waited for came.
    Complete,
    /// It did not come within this time.
    TimeOut(Duration),
    /// The emulator ended.
    Stopped,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("said so"),
            Self::TimeOut(patience) => write!(f, "was not done within {} s", patience.as_secs()),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// A watched emulator.
pub struct Watch {
    emulator: Emulator,
    lines: Lines,
    keyboard: Keyboard,
    client: Client,
}

impl Watch {
    /// Watches `emulator` and answers: when a key of `answers` has come, its value is sent, once.
    pub fn new(mut emulator: Emulator, answers: BTreeMap<String, String>) -> Self {
        let keyboard = Keyboard {
            input: emulator.take_input(),
            answers,
            recent: String::new(),
            script: VecDeque::new(),
            heard: String::new(),
        };
        Self {
            emulator,
            lines: Lines::default(),
            keyboard,
            client: Client::Absent,
        }
    }

    /// When `text` has come, a client on the host uses the echo service in the machine, and what
    /// comes of it is a line of `HOST`.
    #[must_use]
    pub fn with_echo_after(mut self, text: Option<String>) -> Self {
        self.client = text.map_or(Client::Absent, Client::Waiting);
        self
    }

    /// Types the second text of each pair when the first has come, one pair after the other.
    #[must_use]
    pub fn with_script(mut self, script: Vec<(String, String)>) -> Self {
        self.keyboard.script = script.into();
        self
    }

    /// Passes each line to `done` until that returns true, but no longer than `patience`.
    pub fn until(&mut self, patience: Duration, mut done: impl FnMut(&str) -> bool) -> Ending {
        let deadline = Instant::now() + patience;
        loop {
            let soon = match self.client {
                Client::Running(_) => deadline.min(Instant::now() + ATTENTION),
                _ => deadline,
            };
            let (mut lines, ended) = match self.emulator.read(Some(soon)) {
                Output::Bytes(bytes) => {
                    self.keyboard.answer(&bytes);
                    (self.lines.take(&bytes), false)
                }
                Output::Silence => (Vec::new(), false),
                Output::End => (self.lines.rest().into_iter().collect(), true),
            };
            self.client.hear(&lines, self.emulator.port());
            lines.extend(self.client.say());
            for line in lines {
                if done(&line) {
                    return Ending::Complete;
                }
            }
            if ended {
                return Ending::Stopped;
            }
            if Instant::now() >= deadline {
                return Ending::TimeOut(patience);
            }
        }
    }

    /// Types `text`.
    pub fn type_in(&mut self, text: &str) {
        self.keyboard.type_in(text);
    }

    /// The emulator's last words, for a failure's message.
    pub fn last_words(&self) -> String {
        self.emulator.last_words()
    }

    /// Where everything that came is kept.
    pub fn log(&self) -> &std::path::Path {
        self.emulator.log()
    }
}

/// The client on the host.
enum Client {
    /// There is none, or it is done.
    Absent,
    /// It begins when this text has come.
    Waiting(String),
    /// It is at work, and will say what came of it.
    Running(Receiver<String>),
}

impl Client {
    fn hear(&mut self, lines: &[String], port: Option<u16>) {
        let Self::Waiting(text) = self else { return };
        if !lines.iter().any(|line| line.contains(text.as_str())) {
            return;
        }
        let (sender, receiver) = mpsc::channel();
        *self = Self::Running(receiver);
        std::thread::spawn(move || {
            let line = match port.map(echo) {
                Some(Ok(took)) => {
                    let rate = BYTES as f64 / f64::from(1 << 20) / took.as_secs_f64();
                    format!("HOST|INFO: echo: all of {BYTES} bytes came back ({rate:.2} MiB/s)")
                }
                Some(Err(failure)) => format!("HOST|ERROR: echo: {failure}"),
                None => "HOST|ERROR: echo: this machine has no network".to_owned(),
            };
            // Nobody may be watching any more.
            let _ = sender.send(line);
        });
    }

    fn say(&mut self) -> Option<String> {
        let Self::Running(receiver) = self else {
            return None;
        };
        let line = receiver.try_recv().ok()?;
        *self = Self::Absent;
        Some(line)
    }
}

struct Keyboard {
    input: Option<Box<dyn Write + Send>>,
    answers: BTreeMap<String, String>,
    recent: String,
    /// What is still to be typed, each when its text has come after the one before was typed.
    script: VecDeque<(String, String)>,
    /// What came since then.
    heard: String,
}

impl Keyboard {
    fn type_in(&mut self, text: &str) {
        if let Some(port) = &mut self.input {
            // An emulator that is gone is noticed where its output is read.
            let _ = port.write_all(text.as_bytes()).and_then(|()| port.flush());
        }
    }

    fn answer(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        self.follow_script(&text);
        if self.answers.is_empty() {
            return;
        }
        self.recent.push_str(&text);
        let (recent, input) = (&self.recent, &mut self.input);
        self.answers.retain(|question, answer| {
            let asked = recent.contains(question.as_str());
            if asked && let Some(port) = input {
                // An emulator that is gone is noticed where its output is read.
                let _ = port
                    .write_all(answer.as_bytes())
                    .and_then(|()| port.flush());
            }
            !asked
        });
        keep_end(&mut self.recent);
    }

    fn follow_script(&mut self, text: &str) {
        if self.script.is_empty() {
            return;
        }
        self.heard.push_str(text);
        while let Some((question, _)) = self.script.front() {
            let Some(at) = self.heard.find(question.as_str()) else {
                break;
            };
            self.heard.drain(..at + question.len());
            if let Some((_, keys)) = self.script.pop_front() {
                self.type_in(&keys);
            }
        }
        keep_end(&mut self.heard);
    }
}

/// Forgets what is too old to be searched.
fn keep_end(text: &mut String) {
    let surplus = text.len().saturating_sub(QUESTION);
    let start = (surplus..=text.len()).find(|at| text.is_char_boundary(*at));
    text.drain(..start.unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(script: &str, answers: &[(&str, &str)]) -> (tempfile::TempDir, Watch) {
        let folder = tempfile::tempdir().unwrap();
        let emulator = Emulator::of_script(script, folder.path());
        let answers = answers
            .iter()
            .map(|(q, a)| (q.to_string(), a.to_string()))
            .collect();
        (folder, Watch::new(emulator, answers))
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn what_is_waited_for_is_found_and_the_rest_waits() {
        let (_folder, mut watch) = watch("echo a; echo b; echo c", &[]);
        assert_eq!(watch.until(LONG, |line| line == "b"), Ending::Complete);
    }

    #[test]
    fn a_last_line_without_an_end_counts() {
        let (_folder, mut watch) = watch("printf 'a\\nb'", &[]);
        let mut seen = Vec::new();
        let ending = watch.until(LONG, |line| {
            seen.push(line.to_owned());
            false
        });
        assert_eq!(
            (ending, seen),
            (Ending::Stopped, vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn silence_and_floods_both_time_out() {
        for script in ["exec sleep 100", "exec yes"] {
            let (_folder, mut watch) = watch(script, &[]);
            let patience = Duration::from_millis(200);
            assert_eq!(
                watch.until(patience, |_| false),
                Ending::TimeOut(patience),
                "{script}"
            );
        }
    }

    #[test]
    fn the_client_waits_for_its_word_and_its_result_is_a_line() {
        let (_folder, watch) = watch("echo a; echo ready; exec sleep 100", &[]);
        let mut watch = watch.with_echo_after(Some("ready".to_owned()));
        let mut seen = Vec::new();
        let ending = watch.until(LONG, |line| {
            seen.push(line.to_owned());
            line.starts_with("HOST|")
        });
        assert_eq!(ending, Ending::Complete);
        let none = "HOST|ERROR: echo: this machine has no network";
        assert_eq!(seen, ["a", "ready", none]);
    }

    #[test]
    fn a_script_is_followed_step_by_step() {
        // The same question three times, with an answer for two of them; the third is another's.
        let script = "for x in 1 2 3; do printf 'name? '; read -t 1 y; echo is $y; done; echo end";
        let script = format!("exec bash -c \"{}\"", script.replace('$', "\\$"));
        let (_folder, watch) = watch(&script, &[]);
        let pair = |question: &str, keys: &str| (question.to_owned(), keys.to_owned());
        let mut watch = watch.with_script(vec![pair("name?", "a\n"), pair("name?", "b\n")]);
        let mut seen = Vec::new();
        watch.until(LONG, |line| {
            seen.push(line.to_owned());
            false
        });
        assert_eq!(seen, ["name? is a", "name? is b", "name? is", "end"]);
    }

    #[test]
    fn questions_are_answered_once() {
        let script =
            "printf 'name? '; read x; echo is $x; printf 'name? '; read -t 1 y; echo no $y";
        let script = format!("exec bash -c \"{}\"", script.replace('$', "\\$"));
        let (_folder, mut watch) = watch(&script, &[("name?", "postern\n")]);
        let mut seen = Vec::new();
        watch.until(LONG, |line| {
            seen.push(line.to_owned());
            false
        });
        assert_eq!(seen, ["name? is postern", "name? no"]);
    }
}
