// SPDX-License-Identifier: BSD-2-Clause
//! The command prompt: a line that is typed, and what it asks for.

use heapless::String;
use vmm_control::Command;

/// The longest command.
const LONGEST: usize = 100;

/// What a key did to the line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// The line got this character.
    More(u8),
    /// It lost the last one.
    Less,
    /// Nothing.
    Nothing,
    /// It is complete.
    Entered(String<LONGEST>),
    /// No more commands.
    Left,
}

/// A line that is being typed.
#[derive(Debug, Default)]
pub(crate) struct Prompt {
    line: String<LONGEST>,
}

impl Prompt {
    /// Takes a key.
    pub fn press(&mut self, byte: u8) -> Typed {
        const END_OF_INPUT: u8 = 4;
        const ESC: u8 = 0x1b;
        match byte {
            b'\r' | b'\n' if self.line.trim().is_empty() => Typed::Nothing,
            b'\r' | b'\n' => Typed::Entered(core::mem::take(&mut self.line)),
            0x08 | 0x7f if self.line.pop().is_some() => Typed::Less,
            END_OF_INPUT | ESC => Typed::Left,
            b' '..=b'~' if self.line.push(byte.into()).is_ok() => Typed::More(byte),
            _ => Typed::Nothing,
        }
    }
}

/// What a command asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// The streams and the guests.
    List,
    /// All that is known of a guest; without a name, of all of them.
    Stat(Option<&'a str>),
    /// To tell a guest's monitor this.
    Tell(Command, &'a str),
    /// The input to this stream.
    Switch(&'a str),
    /// What there is to ask for.
    Help,
    /// No more commands.
    Exit,
}

/// Why a line is none that can be obeyed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong<'a> {
    /// There is no such command.
    Unknown(&'a str),
    /// It needs a name.
    NoName(&'a str),
    /// This word is too much.
    TooMuch(&'a str),
}

/// What `line`, which is not empty, asks for.
pub(crate) fn parse(line: &str) -> Result<Request<'_>, Wrong<'_>> {
    let mut words = line.split_ascii_whitespace();
    let word = words.next().unwrap_or_default();
    let name = words.next();
    let named = || name.ok_or(Wrong::NoName(word));
    let request = match word {
        "list" => Request::List,
        "stat" => Request::Stat(name),
        "start" => Request::Tell(Command::Start, named()?),
        "stop" => Request::Tell(Command::Stop, named()?),
        "reset" => Request::Tell(Command::Reset, named()?),
        "switch" => Request::Switch(named()?),
        "help" => Request::Help,
        "exit" => Request::Exit,
        _ => return Err(Wrong::Unknown(word)),
    };
    let takes_name = !matches!(request, Request::List | Request::Help | Request::Exit);
    match words.next().or(name.filter(|_| !takes_name)) {
        Some(word) => Err(Wrong::TooMuch(word)),
        None => Ok(request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines() {
        for (line, expected) in [
            ("list", Ok(Request::List)),
            ("stat", Ok(Request::Stat(None))),
            (" stat  a ", Ok(Request::Stat(Some("a")))),
            ("start a", Ok(Request::Tell(Command::Start, "a"))),
            ("stop a", Ok(Request::Tell(Command::Stop, "a"))),
            ("reset a", Ok(Request::Tell(Command::Reset, "a"))),
            ("switch 3", Ok(Request::Switch("3"))),
            ("help", Ok(Request::Help)),
            ("exit", Ok(Request::Exit)),
            ("stop", Err(Wrong::NoName("stop"))),
            ("stop a b", Err(Wrong::TooMuch("b"))),
            ("list a", Err(Wrong::TooMuch("a"))),
            ("Stop a", Err(Wrong::Unknown("Stop"))),
        ] {
            assert_eq!(parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn keys() {
        let mut prompt = Prompt::default();
        assert_eq!(prompt.press(b'\r'), Typed::Nothing);
        assert_eq!(prompt.press(0x7f), Typed::Nothing);
        assert_eq!(prompt.press(b'l'), Typed::More(b'l'));
        assert_eq!(prompt.press(b'x'), Typed::More(b'x'));
        assert_eq!(prompt.press(0x08), Typed::Less);
        assert_eq!(prompt.press(0x80), Typed::Nothing);
        let Typed::Entered(line) = prompt.press(b'\r') else {
            panic!("no line");
        };
        assert_eq!(line, "l");
        assert_eq!(prompt.press(4), Typed::Left);
        for _ in 0..LONGEST {
            assert_eq!(prompt.press(b'y'), Typed::More(b'y'));
        }
        assert_eq!(prompt.press(b'y'), Typed::Nothing, "it is full");
    }

    proptest! {
        #[test]
        fn any_keys_and_any_line_will_do(keys: std::vec::Vec<u8>, line: std::string::String) {
            let mut prompt = Prompt::default();
            for key in keys {
                if let Typed::Entered(line) = prompt.press(key) {
                    let _ = parse(&line);
                }
            }
            let _ = parse(&line);
        }
    }

    extern crate std;
}
