// SPDX-License-Identifier: BSD-2-Clause
//! Random text, and random changes of the conformance cases.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::checked::parse;
use crate::common::case_files;

/// All conformance cases as text.
fn corpus() -> Vec<String> {
    case_files()
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a case is text"))
        .collect()
}

/// Pieces that mean something to the parser.
const TOKENS: &[&str] = &[
    "<",
    ">",
    "/>",
    "\"",
    "&",
    "--",
    "<!--",
    "-->",
    "<?postern restart=\"1\"?>",
    "<?postern owner=\"driver\" function=\"0:3.0\" vf=\"0\"?>",
    "<?postern function=\"0:3.0\" driver=\"nvme\" vfs=\"1\" bar0=\"0x4000\" vf_bar0=\"0x8000\"?>",
    "<?postern ",
    "<![CDATA[x]]>",
    "<system>",
    "</system>",
    "<map/>",
    "<end/>",
    "<vcpu id=\"0\"/>",
    "<domains>",
    "</protection_domain>",
    "<protection_domain name=\"p\">",
    "0",
    "-1",
    "62",
    "0xffffffffffffffff",
    "18446744073709551616",
    "99999999999999999999",
    "0x",
    "_",
    "true",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    " ",
    "\n",
    "\r",
    "\t",
];

/// A change of a text at some places, which are taken modulo its length.
#[derive(Debug, Clone)]
enum Mutation {
    Insert(Index, &'static str),
    Delete(Index, Index),
    Copy(Index, Index, Index),
    /// Another value for the attribute that follows the place.
    Value(Index, &'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    prop_oneof![
        (place(), select(TOKENS)).prop_map(|(at, token)| Mutation::Insert(at, token)),
        (place(), place()).prop_map(|(from, to)| Mutation::Delete(from, to)),
        (place(), place(), place()).prop_map(|(from, to, at)| Mutation::Copy(from, to, at)),
        (place(), select(TOKENS)).prop_map(|(at, value)| Mutation::Value(at, value)),
        (place(), select(TOKENS)).prop_map(|(at, value)| Mutation::Value(at, value)),
    ]
}

fn mutate(text: &str, mutation: &Mutation) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: &Index| index.index(chars.len() + 1);
    let range = |a: &Index, b: &Index| {
        let (a, b) = (at(a), at(b));
        // A few lines at most, or hardly anything is left to parse.
        let (from, to) = (a.min(b), a.max(b));
        from..to.min(from + 200)
    };
    let string = |chars: &[char]| chars.iter().collect::<String>();
    match mutation {
        Mutation::Insert(place, token) => {
            let (head, tail) = chars.split_at(at(place));
            string(head) + token + &string(tail)
        }
        Mutation::Delete(a, b) => {
            let range = range(a, b);
            string(&chars[..range.start]) + &string(&chars[range.end..])
        }
        Mutation::Copy(a, b, place) => {
            let (head, tail) = chars.split_at(at(place));
            string(head) + &string(&chars[range(a, b)]) + &string(tail)
        }
        Mutation::Value(place, value) => {
            let (head, tail) = chars.split_at(at(place));
            let tail = string(tail);
            let mut parts = tail.splitn(3, '"');
            match (parts.next(), parts.next(), parts.next()) {
                (Some(before), Some(_), Some(after)) => {
                    string(head) + before + "\"" + value + "\"" + after
                }
                _ => text.into(),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(select(TOKENS), 0..60)) {
        let _ = parse(&pieces.concat());
    }

    #[test]
    fn changed_descriptions(
        case in select(corpus()),
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        let text = mutations.iter().fold(case, |text, mutation| mutate(&text, mutation));
        let _ = parse(&text);
    }
}
