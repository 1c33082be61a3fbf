// SPDX-License-Identifier: BSD-2-Clause
//! Checksums of TCP and UDP over IPv4 (RFC 1071), independent of whoever is tested.

/// Where a frame's checksum of TCP (`protocol` 6) or UDP (17) is: start and end of the datagram, and
/// the field's offset. `None` for other frames.
pub fn locate(frame: &[u8]) -> Option<(usize, usize, usize)> {
    let ip = frame.get(14..34)?;
    let fragment = u16::from_be_bytes([ip[6], ip[7]]) & 0x3fff != 0;
    if frame[12..14] != [8, 0] || ip[0] != 0x45 || fragment {
        return None;
    }
    let end = 14 + usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let field = match ip[9] {
        6 => 34 + 16,
        17 => 34 + 6,
        _ => return None,
    };
    (end <= frame.len() && field + 2 <= end).then_some((34, end, field))
}

/// The sum of words, with carries added.
pub fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or_default();
        u32::from(u16::from_be_bytes([pair[0], low]))
    });
    fold(words.sum())
}

pub fn fold(mut sum: u32) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

/// The sum of the pseudo header of a frame that [`locate`] knows.
pub fn pseudo_header(frame: &[u8], start: usize, end: usize) -> u16 {
    let addresses = u32::from(sum(&frame[26..34]));
    fold(addresses + u32::from(frame[23]) + (end - start) as u32)
}

/// Whether the checksum is right; `None` if there is none.
pub fn is_right(frame: &[u8]) -> Option<bool> {
    let (start, end, field) = locate(frame)?;
    if frame[23] == 17 && frame[field..field + 2] == [0, 0] {
        return None;
    }
    let pseudo = u32::from(pseudo_header(frame, start, end));
    Some(fold(pseudo + u32::from(sum(&frame[start..end]))) == 0xffff)
}
