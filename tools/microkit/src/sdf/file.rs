// SPDX-License-Identifier: BSD-2-Clause
//! Reading the description's file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::limits::BYTES_MAX;
use crate::diag::{Diagnostic, Source};

/// Reads a system description of at most [`BYTES_MAX`] bytes of UTF-8.
///
/// # Errors
/// One that names the file; with a place where the file is text but not UTF-8.
pub fn load(path: &Path) -> Result<String, Diagnostic> {
    let name = path.display();
    let unreadable = |error: std::io::Error| {
        Diagnostic::without_place(
            format!("cannot read the system description '{name}': {error}"),
            "give the path of a system.xml that you may read",
        )
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > BYTES_MAX {
        return Err(Diagnostic::without_place(
            format!("the system description '{name}' is longer than {BYTES_MAX} bytes"),
            "is this really a system.xml?",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let shown = String::from_utf8_lossy(error.as_bytes());
        let source = Source::new(&name.to_string(), &shown);
        Diagnostic::error(
            &source,
            offset..offset + 1,
            "the system description is not UTF-8",
            "save it as UTF-8",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_file_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("system.xml");
        let error = load(&path).unwrap_err();
        assert!(
            error.message().contains("system.xml': No such file"),
            "{error}"
        );
        let error = load(dir.path()).unwrap_err();
        assert!(error.message().contains("Is a directory"), "{error}");

        std::fs::write(&path, "<system/>").unwrap();
        assert_eq!(load(&path).unwrap(), "<system/>");
        std::fs::write(&path, vec![b' '; BYTES_MAX + 1]).unwrap();
        assert!(load(&path).unwrap_err().message().contains("longer than"));
    }

    #[test]
    fn bytes_that_are_no_utf8_have_a_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("system.xml");
        std::fs::write(&path, b"<system>\n  \xc3\xa4\xff\n").unwrap();
        let error = load(&path).unwrap_err();
        assert_eq!(error.place(), Some((2, 4)));
    }
}
