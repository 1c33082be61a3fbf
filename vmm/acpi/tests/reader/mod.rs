// SPDX-License-Identifier: BSD-2-Clause
//! Reads the few kinds of objects that the DSDT consists of: ACPI 6.5, 20.2. It shares nothing with
//! the crate that writes them.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Integer(u64),
    Buffer(Vec<u8>),
    Package(Vec<Value>),
    /// The number of arguments.
    Method(u8),
}

/// All names of a table's code, with what they stand for.
pub fn read(code: &[u8]) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::new();
    terms(code, "\\", &mut names);
    names
}

fn terms(mut code: &[u8], path: &str, names: &mut BTreeMap<String, Value>) {
    while let [opcode, rest @ ..] = code {
        code = match (*opcode, rest) {
            (0x08, _) => {
                let (name, rest) = name(rest, path);
                let (value, rest) = value(rest);
                assert!(names.insert(name.clone(), value).is_none(), "{name} twice");
                rest
            }
            (0x10, _) | (0x5b, [0x82, ..]) => {
                let (body, after) = package(if *opcode == 0x10 { rest } else { &rest[1..] });
                let (name, body) = name(body, path);
                terms(body, &format!("{name}."), names);
                after
            }
            (0x14, _) => {
                let (body, after) = package(rest);
                let (name, body) = name(body, path);
                names.insert(name, Value::Method(body[0] & 7));
                after
            }
            _ => panic!("unknown: {opcode:#x}"),
        };
    }
}

fn name<'a>(code: &'a [u8], path: &str) -> (String, &'a [u8]) {
    let (name, rest) = code.split_at(4);
    let name = std::str::from_utf8(name).expect("a name");
    assert!(
        name.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    );
    (format!("{path}{name}"), rest)
}

/// What a length encloses, and what follows it.
fn package(code: &[u8]) -> (&[u8], &[u8]) {
    let more = usize::from(code[0] >> 6);
    let mut length = usize::from(code[0] & if more == 0 { 0x3f } else { 0x0f });
    for (place, byte) in code[1..=more].iter().enumerate() {
        length |= usize::from(*byte) << (4 + 8 * place);
    }
    (&code[1 + more..length], &code[length..])
}

fn value(code: &[u8]) -> (Value, &[u8]) {
    let integer = |bytes: usize| {
        let value = code[1..=bytes].iter().rev();
        let value = value.fold(0, |value, byte| value << 8 | u64::from(*byte));
        (Value::Integer(value), &code[1 + bytes..])
    };
    match code[0] {
        0x00 | 0x01 => (Value::Integer(code[0].into()), &code[1..]),
        0x0a => integer(1),
        0x0b => integer(2),
        0x0c => integer(4),
        0x0e => integer(8),
        0x11 => {
            let (body, after) = package(&code[1..]);
            let (size, bytes) = value(body);
            assert_eq!(size, Value::Integer(bytes.len() as u64));
            (Value::Buffer(bytes.to_vec()), after)
        }
        0x12 => {
            let (body, after) = package(&code[1..]);
            let (count, mut body) = (body[0], &body[1..]);
            let mut values = Vec::new();
            for _ in 0..count {
                let (element, rest) = value(body);
                (body, _) = (rest, values.push(element));
            }
            assert!(body.is_empty());
            (Value::Package(values), after)
        }
        other => panic!("unknown: {other:#x}"),
    }
}

/// A resource of a device: ACPI 6.5, 6.4.
#[derive(Debug, PartialEq, Eq)]
pub enum Resource {
    /// First port, number.
    Ports(u16, u8),
    /// Start, bytes.
    Fixed(u32, u32),
    /// Start, end, bytes.
    Memory(u64, u64, u64),
    Buses(u64, u64, u64),
    /// Flags, number.
    Interrupt(u8, u32),
}

/// The resources in a buffer.
pub fn resources(mut bytes: &[u8]) -> Vec<Resource> {
    let mut resources = Vec::new();
    let word = |bytes: &[u8]| u16::from_le_bytes(bytes[..2].try_into().expect("two"));
    let long = |bytes: &[u8]| u32::from_le_bytes(bytes[..4].try_into().expect("four"));
    loop {
        let (body, after) = match bytes[0] {
            0x79 => {
                assert_eq!(bytes.len(), 2, "the end, and a checksum");
                return resources;
            }
            large if large & 0x80 != 0 => bytes[3..].split_at(word(&bytes[1..]).into()),
            small => bytes[1..].split_at(usize::from(small & 7)),
        };
        resources.push(match bytes[0] {
            0x47 => {
                assert_eq!((body[0], word(&body[1..])), (1, word(&body[3..])));
                Resource::Ports(word(&body[1..]), body[6])
            }
            0x86 => {
                assert_eq!(body[0], 1, "writable");
                Resource::Fixed(long(&body[1..]), long(&body[5..]))
            }
            0x87 => {
                // Memory; a window that does not move; writable, not cached; no translation.
                assert_eq!((&body[..3], long(&body[15..])), (&[0, 0x0c, 1][..], 0));
                let [start, end, bytes] = [7, 11, 19].map(|at| long(&body[at..]).into());
                Resource::Memory(start, end, bytes)
            }
            0x88 => {
                assert_eq!(&body[..2], &[2, 0x0c]);
                let [start, end, count] = [5, 7, 11].map(|at| word(&body[at..]).into());
                Resource::Buses(start, end, count)
            }
            0x89 => {
                assert_eq!(body[1], 1, "one interrupt");
                Resource::Interrupt(body[0], long(&body[2..]))
            }
            other => panic!("unknown: {other:#x}"),
        });
        bytes = after;
    }
}
