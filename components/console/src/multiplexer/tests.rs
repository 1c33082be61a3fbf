// SPDX-License-Identifier: BSD-2-Clause
//! What appears on the screen.

extern crate std;

use std::collections::VecDeque;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::testing::{NoGuests, OneGuest};

/// Rings without a limit, and one stream that never ends.
#[derive(Default)]
struct Fake {
    output: [VecDeque<u8>; MAX_STREAMS_TESTED],
    endless: Option<(usize, u8)>,
    lost: [u32; MAX_STREAMS_TESTED],
    input: [Vec<u8>; MAX_STREAMS_TESTED],
    input_room: usize,
}

const MAX_STREAMS_TESTED: usize = 5;

impl Fake {
    fn new() -> Self {
        Self {
            input_room: 1_000,
            ..Self::default()
        }
    }

    fn write(&mut self, stream: usize, text: &str) {
        self.output[stream].extend(text.bytes());
    }
}

impl Streams for Fake {
    fn pop(&mut self, stream: usize) -> Option<u8> {
        match self.endless {
            Some((endless, byte)) if endless == stream => Some(byte),
            _ => self.output[stream].pop_front(),
        }
    }
    fn settle(&mut self, stream: usize) -> bool {
        !self.output[stream].is_empty()
    }
    fn take_lost(&mut self, stream: usize) -> u32 {
        core::mem::take(&mut self.lost[stream])
    }
    fn input(&mut self, stream: usize, byte: u8) -> bool {
        let room = self.input[stream].len() < self.input_room;
        if room {
            self.input[stream].push(byte);
        }
        room
    }
}

/// A screen that takes `room` bytes until it is drained. With `fast`, all but the last piece has
/// left on the wire whenever one looks.
struct Wire {
    room: usize,
    fast: bool,
    bytes: Vec<u8>,
}

impl Wire {
    fn new() -> Self {
        Self {
            room: 1 << 20,
            fast: false,
            bytes: Vec::new(),
        }
    }

    fn take(&mut self) -> String {
        String::from_utf8(core::mem::take(&mut self.bytes)).unwrap()
    }
}

impl Sink for Wire {
    fn room(&self) -> usize {
        self.room
    }
    fn put(&mut self, bytes: &[u8]) {
        self.room = self
            .room
            .checked_sub(bytes.len())
            .expect("never more than the room");
        if self.fast {
            self.room = (1 << 20) - bytes.len();
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// Streams 1, 2 and 4; stream 1 has the focus.
fn console() -> Multiplexer<'static> {
    let mut names = [None; MAX_STREAMS];
    names[1] = Some("one");
    names[2] = Some("two");
    names[4] = Some("four");
    Multiplexer::new(names)
}

fn shown(console: &mut Multiplexer<'_>, fake: &mut Fake) -> String {
    let mut wire = Wire::new();
    assert!(console.pump(fake, &mut wire));
    wire.take()
}

#[test]
fn each_line_carries_its_stream_s_name() {
    let (mut console, mut fake) = (console(), Fake::new());
    fake.write(4, "from four\r\nand");
    fake.write(2, "from two\n\n");
    assert_eq!(
        shown(&mut console, &mut fake),
        "two|from two\r\ntwo|\r\nfour|from four\r\n"
    );
    fake.write(4, " more\n");
    assert_eq!(shown(&mut console, &mut fake), "four|and more\r\n");
    assert_eq!(shown(&mut console, &mut fake), "");
}

#[test]
fn a_stream_cannot_leave_its_line() {
    let (mut console, mut fake) = (console(), Fake::new());
    fake.write(
        2,
        "x\x1b[A\x1b[2K\rfour|forged\x08\x08\x08\x08\x08\x08 it\n",
    );
    assert_eq!(shown(&mut console, &mut fake), "two|x^[[A^[[2Kfour| it\r\n");
    fake.write(2, &std::format!("{}\n", "y".repeat(600)));
    let broken = shown(&mut console, &mut fake);
    assert!(
        broken
            .split_terminator("\r\n")
            .all(|line| line.starts_with("two|y"))
    );
    assert_eq!(broken.matches('y').count(), 600);
}

#[test]
fn the_unfinished_line_of_the_focus_is_kept_at_the_bottom() {
    let (mut console, mut fake) = (console(), Fake::new());
    fake.write(1, "> he");
    fake.write(2, "unseen");
    assert_eq!(shown(&mut console, &mut fake), "one|> he");
    fake.write(1, "l");
    assert_eq!(shown(&mut console, &mut fake), "l");
    fake.write(1, "x\x08p");
    assert_eq!(shown(&mut console, &mut fake), "p");
    fake.write(1, "\x08");
    assert_eq!(shown(&mut console, &mut fake), "\x08 \x08");
    fake.write(4, "news\n");
    assert_eq!(shown(&mut console, &mut fake), "\r\nfour|news\r\none|> hel");
    fake.write(1, "p\n");
    assert_eq!(shown(&mut console, &mut fake), "p\r\n");
    // With the focus, the unfinished line of `two` appears.
    console.press(0x1d, &mut fake, &mut NoGuests);
    console.press(b'1', &mut fake, &mut NoGuests);
    assert_eq!(
        shown(&mut console, &mut fake),
        "console|input goes to 'two'\r\ntwo|unseen"
    );
}

#[test]
fn keys_go_to_the_focus_and_commands_to_the_console() {
    let (mut console, mut fake) = (console(), Fake::new());
    for byte in *b"a\x1dnb\x1dnc\x1dnd\x1dpe\x1d1f\x1d\x1d" {
        console.press(byte, &mut fake, &mut NoGuests);
    }
    assert_eq!(fake.input[1], b"ad");
    assert_eq!(fake.input[2], b"bf\x1d");
    assert_eq!(fake.input[4], b"ce");
    let _ = shown(&mut console, &mut fake);
    for byte in *b"\x1dl\x1d9\x1dh" {
        console.press(byte, &mut fake, &mut NoGuests);
    }
    let text = shown(&mut console, &mut fake);
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[..4],
        [
            "console| 0 one",
            "console| 1 two <- input",
            "console| 2 four",
            "console|there is no stream 9",
        ]
    );
    assert!(lines[4].contains("Ctrl-]"));
}

#[test]
fn a_console_without_streams_takes_keys() {
    let mut console = Multiplexer::new([None; MAX_STREAMS]);
    let mut fake = Fake::new();
    for byte in *b"a\x1dn\x1dp\x1d0\x1dl" {
        console.press(byte, &mut fake, &mut NoGuests);
    }
    assert_eq!(
        shown(&mut console, &mut fake),
        "console|there is no stream 0\r\n"
    );
}

#[test]
fn losses_are_reported_per_stream() {
    let (mut console, mut fake) = (console(), Fake::new());
    fake.write(2, "x\n");
    fake.lost[2] = 1234;
    fake.lost[4] = u32::MAX;
    fake.input_room = 1;
    for byte in *b"abc" {
        console.press(byte, &mut fake, &mut NoGuests);
    }
    assert_eq!(
        shown(&mut console, &mut fake),
        "console|2 bytes of input dropped: 'one' does not read them\r\n\
         two|x\r\ntwo|[1234 bytes dropped]\r\nfour|[4294967295 bytes dropped]\r\n"
    );
}

#[test]
fn a_flood_does_not_stop_the_others() {
    for byte in [b'\n', b'x', b'\r', 0x08, 0x1b] {
        let (mut console, mut fake) = (console(), Fake::new());
        fake.endless = Some((1, byte));
        let mut wire = Wire::new();
        fake.write(4, "still here\n");
        assert!(!console.pump(&mut fake, &mut wire), "a flood is never done");
        let text = wire.take();
        let at = text
            .find("four|still here\r\n")
            .expect("shown in the first round");
        assert!(at <= PORTION + RESERVE, "after {at} bytes of {byte:#x}");
        assert!(
            text.len() <= MAX_ROUNDS * (PORTION + RESERVE),
            "and a pump has an end"
        );
    }
}

#[test]
fn a_wire_that_drains_while_it_is_filled_changes_nothing() {
    let (mut console, mut fake) = (console(), Fake::new());
    fake.endless = Some((1, b'\n'));
    fake.write(4, "still here\n");
    let mut wire = Wire::new();
    wire.fast = true;
    wire.room = RESERVE + 100;
    assert!(!console.pump(&mut fake, &mut wire));
    let text = wire.take();
    assert!(text.find("four|still here").expect("shown") <= PORTION + RESERVE);
    assert!(text.len() <= MAX_ROUNDS * (PORTION + RESERVE));
}

#[test]
fn turns_go_on_where_the_room_ended() {
    let (mut console, mut fake) = (console(), Fake::new());
    fake.endless = Some((1, b'\n'));
    fake.write(2, "two\n");
    fake.write(4, "four\n");
    let mut wire = Wire::new();
    let mut text = String::new();
    for _ in 0..4 {
        // Room for one portion only, each time.
        wire.room = RESERVE + 10;
        assert!(!console.pump(&mut fake, &mut wire));
        text += &wire.take();
    }
    assert!(
        text.contains("two|two\r\n") && text.contains("four|four\r\n"),
        "{text}"
    );
}

#[test]
fn notices_survive_a_lack_of_room() {
    let (mut console, mut fake) = (console(), Fake::new());
    for number in 0..3 {
        console.notice(format_args!("notice {number}"));
    }
    let mut wire = Wire::new();
    let mut text = String::new();
    for _ in 0..100 {
        wire.room = RESERVE + 5;
        console.pump(&mut fake, &mut wire);
        text += &wire.take();
    }
    assert_eq!(
        text,
        "console|notice 0\r\nconsole|notice 1\r\nconsole|notice 2\r\n"
    );
}

proptest! {
    /// However output is cut into pieces, moved about and squeezed, every line of every stream
    /// appears once, whole, in order, behind its name.
    #[test]
    fn lines_never_mix(
        pieces in proptest::collection::vec((0usize..3, "[a-z \n]{0,40}", 0usize..400), 0..60),
    ) {
        let (mut console, mut fake) = (console(), Fake::new());
        let mut wire = Wire::new();
        let mut written = [const { String::new() }; 3];
        let streams = [(1, "one"), (2, "two"), (4, "four")];
        for (which, text, room) in pieces {
            fake.write(streams[which].0, &text);
            written[which] += &text;
            wire.room = if room < 100 { 1 << 20 } else { RESERVE + room };
            console.pump(&mut fake, &mut wire);
        }
        wire.room = 1 << 20;
        while !console.pump(&mut fake, &mut wire) {}
        let screen = wire.take();
        let lines: Vec<&str> = screen.split_terminator("\r\n").collect();
        for (which, (_, name)) in streams.into_iter().enumerate() {
            let prefix = name.to_string() + "|";
            let of_stream = lines.iter().filter_map(|line| line.strip_prefix(prefix.as_str()));
            let mut finished: Vec<&str> = written[which].split('\n').collect();
            let rest = finished.pop().unwrap_or_default();
            if which == 0 {
                // Unfinished lines of the focus appear too, each as a beginning of the next whole
                // one; one that was all but its end appears twice.
                let mut expected = finished.iter().chain([&rest]).copied().peekable();
                let mut previous = None;
                for shown in of_stream {
                    let next = expected.peek().copied();
                    if next == Some(shown) {
                        previous = expected.next();
                    } else {
                        let begins = next.is_some_and(|next| next.starts_with(shown));
                        prop_assert!(begins || previous == Some(shown), "{shown:?}, then {next:?}");
                    }
                }
                prop_assert!(expected.all(|line| line.is_empty() || line == rest));
            } else {
                prop_assert!(of_stream.eq(finished.iter().copied()));
            }
        }
        let has_owner = |line: &&str| {
            let own = |name: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('|'));
            streams.iter().any(|(_, name)| own(name))
        };
        prop_assert!(lines.iter().all(has_owner));
    }
}

fn type_keys(console: &mut Multiplexer<'_>, fake: &mut Fake, guest: &mut OneGuest<'_>, keys: &str) {
    for byte in keys.bytes() {
        console.press(byte, fake, guest);
    }
}

#[test]
fn the_prompt_shows_what_is_typed_and_obeys() {
    let page = vmm_control::Page::new();
    let (mut guest, mut control) = OneGuest::new(2, &page);
    let (mut console, mut fake) = (console(), Fake::new());
    control.started(0);
    type_keys(&mut console, &mut fake, &mut guest, "\x1dc");
    let greeting = "console|commands; 'help' shows them, Ctrl-D ends\r\nconsole|> ";
    assert_eq!(shown(&mut console, &mut fake), greeting);
    type_keys(&mut console, &mut fake, &mut guest, "stop twx\x7f");
    assert_eq!(shown(&mut console, &mut fake), "stop tw");
    fake.write(4, "a line in between\n");
    type_keys(&mut console, &mut fake, &mut guest, "o");
    assert_eq!(
        shown(&mut console, &mut fake),
        "\r\nfour|a line in between\r\nconsole|> stop two"
    );
    type_keys(&mut console, &mut fake, &mut guest, "\r");
    assert_eq!(
        shown(&mut console, &mut fake),
        "\r\nconsole|told 'two' to stop\r\nconsole|> "
    );
    assert_eq!(guest.given, [vmm_control::Command::Stop]);
    assert!(fake.input[1].is_empty(), "the stream got nothing of it");
    type_keys(&mut console, &mut fake, &mut guest, "stop two\r");
    assert_eq!(
        shown(&mut console, &mut fake),
        "\r\nconsole|> stop two\r\nconsole|'two' has not obeyed 'stop' yet\r\nconsole|> ",
        "typed in one go"
    );
    type_keys(&mut console, &mut fake, &mut guest, "\x04x");
    assert_eq!(
        shown(&mut console, &mut fake),
        "\r\nconsole|input goes to 'one'\r\n"
    );
    assert_eq!(fake.input[1], b"x");
}

#[test]
fn commands_of_the_prompt() {
    let page = vmm_control::Page::new();
    for (command, lines) in [
        (
            "list",
            &[" 0 one <- input", " 1 two (guest: running)", " 2 four"][..],
        ),
        (
            "stat four",
            &["there is no guest 'four': the guests are two"],
        ),
        ("stat x", &["there is no guest 'x': the guests are two"]),
        ("start", &["'start' needs a name: the guests are two"]),
        ("reset two now", &["'now' is one word too many; try 'help'"]),
        ("foo", &["no command 'foo'; 'help' shows what there is"]),
        ("switch four", &["input goes to 'four'"]),
        ("switch 1", &["input goes to 'two'"]),
        ("switch 7", &["there is no stream 7"]),
        ("switch x", &["there is no stream 'x'; try 'list'"]),
        ("exit", &["input goes to 'one'"]),
        ("start two", &["told 'two' to start"]),
        ("reset two", &["told 'two' to reset"]),
    ] {
        let (mut guest, mut control) = OneGuest::new(2, &page);
        let (mut console, mut fake) = (console(), Fake::new());
        control.started(0);
        if let Some((_, word)) = control.command() {
            control.obeyed(word);
        }
        let keys = std::format!("\x1dc{command}\r");
        type_keys(&mut console, &mut fake, &mut guest, &keys);
        let text = shown(&mut console, &mut fake);
        let expected = lines.iter().map(|line| std::format!("console|{line}\r\n"));
        let expected: String = expected.collect();
        assert!(text.contains(&expected), "{command}: {text}");
    }
}

#[test]
fn stat_tells_rates_since_the_last_time() {
    let page = vmm_control::Page::new();
    let (mut guest, mut control) = OneGuest::new(2, &page);
    let (mut console, mut fake) = (console(), Fake::new());
    control.started(0);
    for (now, expected) in [
        (1_000, "exits: 1 (1/s); per second since its start"),
        (2_000, "exits: 2 (1/s); per second since the last look"),
        (2_500, "exits: 3 (2/s); per second since the last look"),
    ] {
        control.count_exit(10);
        guest.now = now;
        type_keys(&mut console, &mut fake, &mut guest, "\x1dcstat\r");
        let text = shown(&mut console, &mut fake);
        assert!(text.contains(expected), "{text}");
    }
    control.started(3_000);
    guest.now = 4_000;
    type_keys(&mut console, &mut fake, &mut guest, "stat two\r");
    let text = shown(&mut console, &mut fake);
    assert!(
        text.contains("exits: 0 (0/s); per second since its start"),
        "{text}"
    );
}
