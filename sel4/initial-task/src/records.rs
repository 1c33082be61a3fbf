// SPDX-License-Identifier: BSD-2-Clause
//! What firmware tells about the machine. Some of it has the form of the records that seL4 gives: a
//! header of two words, number and length with the header, then the content.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod acpi;

/// Bytes of a record's header.
pub const HEADER: usize = 16;
/// Bytes of an ACPI root pointer structure of revision 2.
pub const RSDP: usize = 36;

/// Bytes of the root pointer structure of revision 0, also at the start of later ones.
const RSDP_0: usize = 20;
/// The structure starts on a multiple of this many bytes (ACPI 6.5, section 5.2.5.1).
const RSDP_ALIGN: usize = 16;

/// The header of a record with `len` bytes of content.
pub fn header(id: u64, len: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&id.to_le_bytes());
    header[8..].copy_from_slice(&((HEADER + len) as u64).to_le_bytes());
    header
}

/// The ACPI root pointer structure in the BIOS area (ACPI 6.5, section 5.2.5.3). One of revision 0 is
/// filled up with zeros.
pub fn find_rsdp(bios_area: &[u8]) -> Option<[u8; RSDP]> {
    (0..bios_area.len())
        .step_by(RSDP_ALIGN)
        .find_map(|at| rsdp(&bios_area[at..]))
}

fn rsdp(bytes: &[u8]) -> Option<[u8; RSDP]> {
    let old = bytes.get(..RSDP_0)?;
    if !old.starts_with(b"RSD PTR ") || sum(old) != 0 {
        return None;
    }
    let mut found = [0; RSDP];
    found[..RSDP_0].copy_from_slice(old);
    let revision = old[15];
    if revision >= 2 {
        let new = bytes.get(..RSDP)?;
        if sum(new) != 0 {
            return None;
        }
        found.copy_from_slice(new);
    }
    Some(found)
}

/// The sum of bytes, which a checksum makes zero.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A structure with both checksums right.
    fn example(revision: u8) -> Vec<u8> {
        let mut bytes = b"RSD PTR \0POSTRN".to_vec();
        bytes.push(revision);
        bytes.extend(0x7fe0_0000u32.to_le_bytes());
        bytes[8] = sum(&bytes).wrapping_neg();
        if revision >= 2 {
            bytes.extend(36u32.to_le_bytes());
            bytes.extend(0x7fe1_0000u64.to_le_bytes());
            bytes.extend([0; 4]);
            bytes[32] = sum(&bytes).wrapping_neg();
        }
        bytes
    }

    fn area(at: usize, rsdp: &[u8]) -> Vec<u8> {
        let mut area = vec![0; 0x2000];
        area[at..at + rsdp.len()].copy_from_slice(rsdp);
        area
    }

    #[test]
    fn both_revisions_are_found_where_they_may_be() {
        let new = example(2);
        assert_eq!(find_rsdp(&area(0x1230, &new)).unwrap()[..], new[..]);
        let old = example(0);
        let found = find_rsdp(&area(0, &old)).unwrap();
        assert_eq!((&found[..20], &found[20..]), (&old[..], &[0; 16][..]));
        assert_eq!(find_rsdp(&area(0x1234, &new)), None);
    }

    #[test]
    fn damaged_and_cut_ones_are_passed_over() {
        for at in [0, 9, 16, 25, 35] {
            let mut damaged = example(2);
            damaged[at] ^= 0x40;
            assert_eq!(find_rsdp(&area(0x40, &damaged)), None, "byte {at}");
        }
        let whole = example(2);
        for len in 0..36 {
            assert_eq!(find_rsdp(&whole[..len]), None, "{len} bytes");
        }
        let mut first = area(0x40, &whole);
        first[0x40] = 0;
        first[0x80..0x80 + 36].copy_from_slice(&whole);
        assert!(find_rsdp(&first).is_some());
    }

    #[test]
    fn a_header_says_how_long_the_record_is() {
        assert_eq!(
            header(3, 36),
            [3, 0, 0, 0, 0, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0]
        );
    }
}
