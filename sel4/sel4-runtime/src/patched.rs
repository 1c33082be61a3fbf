// SPDX-License-Identifier: BSD-2-Clause
//! Constants that the image tool writes into a program's file.

/// A value that the image tool may change in the program's file, under the symbol of the static
/// that it is.
///
/// Such a static lies in read-only data, with the default that it has in the source. The compiler
/// must not take that default for the value, so it is read through [`get`](Self::get) only.
#[derive(Debug)]
#[repr(transparent)]
pub struct Patched<T>(T);

impl<T: Sync> Patched<T> {
    /// A value that is `default` unless the image tool says otherwise.
    pub const fn new(default: T) -> Self {
        Self(default)
    }

    /// The value.
    pub fn get(&'static self) -> &'static T {
        let hidden = core::hint::black_box(&raw const self.0);
        // SAFETY: the pointer is that of a live static; hiding it from the optimiser changes
        // nothing about that. Any bytes that the tool writes are valid for the plain types used.
        unsafe { &*hidden }
    }
}

/// A text in a field of fixed size, filled up with zero bytes; `?` where it is not UTF-8.
pub fn text(field: &'static [u8]) -> &'static str {
    let end = field.iter().position(|byte| *byte == 0);
    core::str::from_utf8(&field[..end.unwrap_or(field.len())]).unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_seen() {
        static VALUE: Patched<u64> = Patched::new(7);
        assert_eq!(*VALUE.get(), 7);
    }

    #[test]
    fn texts_end_at_zero_or_at_the_field() {
        assert_eq!(text(b"timer\0\0\0"), "timer");
        assert_eq!(text(b"full"), "full");
        assert_eq!(text(b"\0rest"), "");
        assert_eq!(text(b"\xff\0"), "?");
    }
}
