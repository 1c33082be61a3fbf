// SPDX-License-Identifier: BSD-2-Clause
//! The archive format that Linux unpacks at boot: cpio, "new ASCII" (Linux'
//! Documentation/driver-api/early-userspace/buffer-format.rst). Every owner is root and every time
//! is 0, so that the same contents are the same bytes.

use std::collections::BTreeSet;

/// Begins every header.
const MAGIC: &[u8] = b"070701";
/// The name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";
/// Kinds of entries, as in `st_mode`.
const FOLDER: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// An archive in the making.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    folders: BTreeSet<String>,
}

impl Archive {
    /// Adds a file with the permissions `mode`, and the folders above it. A path has no `/` at its
    /// beginning. A second file of the same path replaces the first when Linux unpacks them.
    ///
    /// # Panics
    ///
    /// If a file is 4 GiB or longer, which the format cannot hold.
    pub fn file(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.above(path);
        self.entry(path, REGULAR | (mode & 0o7777), contents);
    }

    /// Adds a symbolic link to `target`, and the folders above it.
    pub fn link(&mut self, path: &str, target: &str) {
        self.above(path);
        self.entry(path, LINK | 0o777, target.as_bytes());
    }

    /// Adds a folder and those above it, unless they are there.
    pub fn folder(&mut self, path: &str) {
        if self.folders.contains(path) {
            return;
        }
        self.above(path);
        self.entry(path, FOLDER | 0o755, &[]);
        self.folders.insert(path.to_owned());
    }

    /// The archive, complete.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry(TRAILER, 0, &[]);
        self.bytes
    }

    fn above(&mut self, path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.entries += 1;
        let length = |bytes: usize| u32::try_from(bytes).expect("a cpio entry is below 4 GiB");
        let links = if mode & FOLDER == FOLDER { 2 } else { 1 };
        // Inode, mode, owner, group, links, time, size, device and special device (major and
        // minor each), length of the name with its zero, checksum.
        let size = length(contents.len());
        let fields = [self.entries, mode, 0, 0, links, 0, size, 0, 0, 0, 0];
        self.bytes.extend(MAGIC);
        for field in fields.into_iter().chain([length(path.len() + 1), 0]) {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(path.bytes().chain([0]));
        self.pad();
        self.bytes.extend(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Entry {
        path: String,
        mode: u32,
        contents: Vec<u8>,
    }

    /// Reads an archive by the format's own rules.
    fn entries(mut bytes: &[u8]) -> Vec<Entry> {
        let mut found = Vec::new();
        loop {
            assert_eq!(&bytes[..6], MAGIC);
            let field = |number: usize| {
                let text = std::str::from_utf8(&bytes[6 + 8 * number..][..8]).unwrap();
                usize::from_str_radix(text, 16).unwrap()
            };
            let (mode, size, name) = (field(1), field(6), field(11));
            let start = (110 + name).next_multiple_of(4);
            let path = String::from_utf8(bytes[110..110 + name - 1].to_vec()).unwrap();
            assert_eq!(bytes[110 + name - 1], 0);
            if path == TRAILER {
                assert_eq!(bytes.len(), start);
                return found;
            }
            let contents = bytes[start..start + size].to_vec();
            let mode = u32::try_from(mode).unwrap();
            found.push(Entry {
                path,
                mode,
                contents,
            });
            bytes = &bytes[(start + size).next_multiple_of(4)..];
        }
    }

    /// Regular files and their contents.
    pub fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let regular = entries(bytes)
            .into_iter()
            .filter(|entry| entry.mode & 0o170_000 == REGULAR);
        regular.map(|entry| (entry.path, entry.contents)).collect()
    }

    #[test]
    fn folders_come_before_what_is_in_them_and_once() {
        let mut archive = Archive::default();
        archive.file("a/b/one", 0o755, b"1");
        archive.link("a/b/two", "one");
        archive.folder("a/c");
        archive.file("top", 0o600, b"");
        let found: Vec<_> = entries(&archive.finish())
            .into_iter()
            .map(|entry| (entry.path, entry.mode))
            .collect();
        let expected = [
            ("a", 0o040_755),
            ("a/b", 0o040_755),
            ("a/b/one", 0o100_755),
            ("a/b/two", 0o120_777),
            ("a/c", 0o040_755),
            ("top", 0o100_600),
        ];
        assert_eq!(found, expected.map(|(path, mode)| (path.to_owned(), mode)));
    }

    #[test]
    fn a_header_is_as_the_format_says() {
        let mut archive = Archive::default();
        archive.file("init", 0o755, b"hello");
        let bytes = archive.finish();
        let expected = "070701000000010000\
                        81ed00000000000000000000000100000000\
                        000000050000000000000000000000000000000000000005\
                        00000000init\0\0hello\0\0\0";
        assert_eq!(String::from_utf8_lossy(&bytes[..expected.len()]), expected);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            files in prop::collection::vec(("[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..40)), 0..8)
        ) {
            let mut archive = Archive::default();
            for (path, contents) in &files {
                archive.file(path, 0o644, contents);
            }
            prop_assert_eq!(super::tests::files(&archive.finish()), files);
        }
    }
}
