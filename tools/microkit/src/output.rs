// SPDX-License-Identifier: BSD-2-Clause
//! Files that are there whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::diag::Diagnostic;

/// Files that are written but not yet in their places.
#[derive(Default)]
pub struct Output {
    files: Vec<(NamedTempFile, PathBuf)>,
}

impl Output {
    /// Writes a file that will be at `path`.
    ///
    /// # Errors
    /// It cannot be written; what was there before stays.
    pub fn add<T>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut BufWriter<&NamedTempFile>) -> io::Result<T>,
    ) -> Result<T, Diagnostic> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let create = || -> io::Result<_> {
            let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(0o644))?;
            let mut out = BufWriter::with_capacity(1 << 20, &file);
            let result = write(&mut out)?;
            out.flush()?;
            drop(out);
            Ok((file, result))
        };
        let (file, result) = create().map_err(|error| cannot_write(path, &error))?;
        self.files.push((file, path.into()));
        Ok(result)
    }

    /// Puts all files in their places.
    ///
    /// # Errors
    /// A file cannot be renamed, as where there is a folder of its name.
    pub fn commit(self) -> Result<(), Diagnostic> {
        // A folder in the way of one file must not leave the others behind.
        if let Some((_, path)) = self.files.iter().find(|(_, path)| path.is_dir()) {
            return Err(cannot_write(path, &io::ErrorKind::IsADirectory.into()));
        }
        for (file, path) in self.files {
            file.persist(&path)
                .map_err(|error| cannot_write(&path, &error.error))?;
        }
        Ok(())
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot write '{}': {error}", path.display());
    Diagnostic::without_place(message, "check the folder and the space on the disk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_together_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (good, bad) = (dir.path().join("good"), dir.path().join("bad"));
        let put = |out: &mut BufWriter<&NamedTempFile>| out.write_all(b"content");
        let mut output = Output::default();
        output.add(&good, put).unwrap();
        let fail = |_: &mut BufWriter<&NamedTempFile>| Err::<(), _>(io::Error::other("disk full"));
        let error = output.add(&bad, fail).unwrap_err();
        assert!(error.message().ends_with("bad': disk full"), "{error}");
        drop(output);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        let mut output = Output::default();
        fs::create_dir(&bad).unwrap();
        output.add(&good, put).unwrap();
        output.add(&bad, put).unwrap();
        assert!(output.commit().is_err());
        assert!(!good.exists());

        fs::remove_dir(&bad).unwrap();
        let mut output = Output::default();
        output.add(&good, put).unwrap();
        output.commit().unwrap();
        assert_eq!(fs::read(&good).unwrap(), b"content");
    }
}
