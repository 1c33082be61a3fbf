// SPDX-License-Identifier: BSD-2-Clause
//! The bytes that memory is filled with. Files are copied when the image is written, never held.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// All initial content, each piece once.
#[derive(Debug, Default)]
pub struct Data {
    pieces: Vec<Piece>,
    offsets: HashMap<Piece, u64>,
    len: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Piece {
    Bytes(Rc<[u8]>),
    File { path: PathBuf, len: u64 },
}

impl Data {
    /// Bytes of all pieces.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds bytes; the offset of the first.
    pub fn bytes(&mut self, bytes: &[u8]) -> u64 {
        self.add(Piece::Bytes(bytes.into()), bytes.len() as u64)
    }

    /// Adds the first `len` bytes of a file; the offset of the first.
    pub fn file(&mut self, path: PathBuf, len: u64) -> u64 {
        self.add(Piece::File { path, len }, len)
    }

    fn add(&mut self, piece: Piece, len: u64) -> u64 {
        if let Some(&offset) = self.offsets.get(&piece) {
            return offset;
        }
        let offset = self.len;
        self.len += len;
        self.offsets.insert(piece.clone(), offset);
        self.pieces.push(piece);
        offset
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// A file cannot be read, or has become shorter; the message names it.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => out.write_all(bytes)?,
                Piece::File { path, len } => {
                    let named = |error: io::Error| {
                        io::Error::new(error.kind(), format!("'{}': {error}", path.display()))
                    };
                    let file = File::open(path).map_err(named)?;
                    if io::copy(&mut file.take(*len), out).map_err(named)? != *len {
                        return Err(named(io::ErrorKind::UnexpectedEof.into()));
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pieces_are_written_once_and_files_in_between() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "file content").unwrap();
        let mut data = Data::default();
        assert_eq!(data.bytes(b"abc"), 0);
        assert_eq!(data.file(path.clone(), 4), 3);
        assert_eq!(data.bytes(b"abc"), 0);
        assert_eq!(data.bytes(b"d"), 7);
        let mut out = Vec::new();
        data.write(&mut out).unwrap();
        assert_eq!(out, b"abcfiled");
        assert_eq!(data.len(), 8);
        data.file(path, 100);
        let error = data.write(&mut out).unwrap_err().to_string();
        assert!(error.contains("file'"), "{error}");
    }
}
