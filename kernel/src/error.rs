// SPDX-License-Identifier: BSD-2-Clause
//! What can go wrong between the registry's crate and a built kernel.

use std::path::PathBuf;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// An error, in words that say where it happened and, where that helps, what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `cargo metadata` failed, or it does not know the crate that holds the kernel.
    #[error("cannot find the kernel's source: {0}")]
    Locate(String),

    /// A file or directory could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// A file of the kernel that is needed is missing.
    #[error("the kernel's source has no file {0}")]
    NoSuchFile(String),

    /// A patch file is not in the format that [`crate::patch`] reads.
    #[error("{patch}:{line}: {what}")]
    PatchSyntax {
        /// The patch file's name.
        patch: String,
        /// Line in the patch file, from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },

    /// A patch does not fit the source that it is applied to.
    #[error("{patch} does not fit {file}{}: {what}", hunk.as_ref().map(|h| format!(", hunk {h}")).unwrap_or_default())]
    PatchMismatch {
        /// The patch file's name.
        patch: String,
        /// The patched file.
        file: String,
        /// The hunk's header, if the mismatch lies in one hunk.
        hunk: Option<String>,
        /// What differs.
        what: String,
    },

    /// A patch that is to be left out does not exist.
    #[error("there is no patch {0}")]
    NoSuchPatch(String),

    /// A patch that is to be left out is one that another changes.
    #[error("it cannot be left out: {patch} changes `{line}`, which it adds")]
    PatchNeeded {
        /// The other patch's name.
        patch: String,
        /// The line that both are about.
        line: String,
    },

    /// A header or an interface description of the kernel is not understood.
    #[error("{file}: {what}")]
    Interface {
        /// File in the kernel's source.
        file: String,
        /// What is not understood.
        what: String,
    },

    /// Two of the kernels would differ in an interface constant.
    #[error(
        "the kernels {first} and {second} disagree on {what}, but programs are built once for all"
    )]
    AbiDiffers {
        /// Name of one kernel.
        first: &'static str,
        /// Name of the other.
        second: &'static str,
        /// The constant and its values.
        what: String,
    },

    /// A program that the build runs is missing or does not do what is needed.
    #[error("building the kernel needs {tool}: {problem}. On Debian: apt-get install {package}")]
    Tool {
        /// The program or Python module.
        tool: String,
        /// What happened when it was tried.
        problem: String,
        /// The Debian package that has it.
        package: &'static str,
    },

    /// The kernel's Makefile or objcopy failed.
    #[error("building the kernel {variant} failed; the whole log is {log}\n{tail}", log = log.display())]
    Build {
        /// Name of the kernel.
        variant: &'static str,
        /// The complete log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
}

impl Error {
    /// Turns an I/O error on `path` into [`Error::Io`]; for `map_err`.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
