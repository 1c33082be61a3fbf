// SPDX-License-Identifier: BSD-2-Clause
//! What the image tool put behind this program: the spec, and the bytes that memory is filled with.

use object_spec::{DecodeError, Spec};
use sel4_runtime::Patched;

/// Address and length of the spec, address and length of the data. The image tool sets them.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata.patched")]
#[used]
#[allow(non_upper_case_globals)]
static postern_image: Patched<[u64; 4]> = Patched::new([0; 4]);

/// The image.
pub struct Image {
    /// What to build.
    pub spec: Spec,
    /// Bytes for the spec's fills.
    pub data: &'static [u8],
}

impl Image {
    /// Reads and checks the spec.
    pub fn load() -> Result<Self, DecodeError> {
        let &[spec, spec_len, data, data_len] = postern_image.get();
        if spec == 0 {
            return Err(DecodeError::Malformed);
        }
        let spec = Spec::decode(segment(spec, spec_len), data_len)?;
        Ok(Self {
            spec,
            data: segment(data, data_len),
        })
    }
}

/// The bytes of a segment of this program's file.
fn segment(address: u64, len: u64) -> &'static [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the image tool wrote these two words when it put segments of that address and length
    // into this program's file; the kernel has loaded them, and nobody writes them.
    unsafe { core::slice::from_raw_parts(address as *const u8, len as usize) }
}
