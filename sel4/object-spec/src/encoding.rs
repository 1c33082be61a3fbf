// SPDX-License-Identifier: BSD-2-Clause
//! A spec as bytes: magic word, version, then borsh's encoding, which is the same for the same spec.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Spec;

/// First word.
const MAGIC: u32 = u32::from_le_bytes(*b"OBJS");
/// Raised with every change of a type of the spec.
const VERSION: u32 = 2;

/// Why bytes are no spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// Another version's; the value is that version.
    Version(u32),
    /// No encoding of a spec.
    Malformed,
    /// It points outside, or holds a value out of range; the text says what.
    Invalid(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Version(version) => {
                write!(
                    f,
                    "the image was made for version {version}, this is version {VERSION}"
                )
            }
            DecodeError::Malformed => write!(f, "the image's description is damaged"),
            DecodeError::Invalid(what) => write!(f, "the image's description is invalid: {what}"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl Spec {
    /// The spec as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = [MAGIC.to_le_bytes(), VERSION.to_le_bytes()].concat();
        borsh::to_writer(&mut bytes, self).expect("a vector takes every write");
        bytes
    }

    /// The spec that `bytes` encode, with every index and value in range, for an image with
    /// `data_len` bytes of data.
    pub fn decode(bytes: &[u8], data_len: u64) -> Result<Self, DecodeError> {
        let (magic, rest) = word(bytes)?;
        let (version, rest) = word(rest)?;
        if magic != MAGIC {
            return Err(DecodeError::Malformed);
        }
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let spec: Spec = borsh::from_slice(rest).map_err(|_| DecodeError::Malformed)?;
        spec.check(data_len).map_err(DecodeError::Invalid)?;
        Ok(spec)
    }
}

fn word(bytes: &[u8]) -> Result<(u32, &[u8]), DecodeError> {
    let (word, rest) = bytes.split_first_chunk().ok_or(DecodeError::Malformed)?;
    Ok((u32::from_le_bytes(*word), rest))
}
