// SPDX-License-Identifier: BSD-2-Clause
//! What is fetched from one release of Debian, whatever release this machine is: by apt with a
//! configuration of its own, which checks the archive's signature. The host's own sources and
//! packages stay as they are, and nobody has to be root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::apt;
use super::host::Host;
use crate::command::logged;
use crate::ui::Step;

/// The release that everything comes from.
pub const RELEASE: &str = "trixie";
/// The keys that its index is signed with.
pub const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// What of a release is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Packages.
    Binary,
    /// Sources.
    Source,
}

/// The release as apt sees it, with an index that is fresh.
pub struct Archive {
    folder: PathBuf,
    options: Vec<String>,
    log: PathBuf,
}

impl Archive {
    /// Can this machine fetch from Debian?
    pub fn is_possible(host: &dyn Host) -> bool {
        host.has_program("apt-get") && host.has_file(KEYRING)
    }

    /// Fetches the index. Everything is put into `folder`; what apt prints goes to `log`.
    pub fn open(
        host: &dyn Host,
        kind: Kind,
        folder: &Path,
        log: &Path,
        step: &Step,
    ) -> Result<Self> {
        for part in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(folder.join(part)).context("cannot make apt's folders")?;
        }
        let list = folder.join("sources.list");
        fs::write(&list, source_line(kind, &apt::archive(host)))
            .context("cannot write apt's sources")?;
        let archive = Self {
            folder: folder.to_owned(),
            options: options(folder, &list),
            log: log.to_owned(),
        };
        archive.get(&["update"], step)?;
        Ok(archive)
    }

    /// `apt-get ARGUMENTS` in the folder.
    pub fn get(&self, arguments: &[&str], step: &Step) -> Result<()> {
        let mut command = Command::new("apt-get");
        command
            .args(&self.options)
            .args(arguments)
            .current_dir(&self.folder);
        logged(&mut command, &self.log, |line| step.note(line))
            .context("cannot fetch from Debian's archive. Is this machine online?")
    }

    /// The first package that `package` depends on, which for a package that only names the
    /// newest version of another is that other.
    pub fn dependency(&self, package: &str) -> Result<String> {
        let output = Command::new("apt-cache")
            .args(&self.options)
            .args(["depends", package])
            .stdin(Stdio::null())
            .output()
            .context("cannot start apt-cache")?;
        let text = String::from_utf8_lossy(&output.stdout);
        match first_dependency(&text) {
            Some(name) => Ok(name.to_owned()),
            None => bail!("Debian's {RELEASE} has no package {package}"),
        }
    }

    /// The files that were fetched and whose names contain `part`.
    pub fn fetched(&self, part: &str) -> Result<PathBuf> {
        let entries = fs::read_dir(&self.folder).context("cannot list what apt fetched")?;
        let found = entries.flatten().map(|entry| entry.path()).find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().contains(part))
        });
        found.with_context(|| format!("apt fetched nothing that is named {part}"))
    }
}

fn source_line(kind: Kind, address: &str) -> String {
    let word = match kind {
        Kind::Binary => "deb [arch=amd64",
        Kind::Source => "deb-src [",
    };
    format!("{word} signed-by={KEYRING}] {address} {RELEASE} main\n")
}

fn options(folder: &Path, list: &Path) -> Vec<String> {
    let option = |name: &str, path: &Path| format!("-o{name}={}", path.display());
    vec![
        option("Dir::State", folder),
        option("Dir::State::lists", &folder.join("lists")),
        option("Dir::Cache", folder),
        option("Dir::Etc::sourcelist", list),
        option("Dir::Etc::sourceparts", Path::new("/dev/null")),
        option("Dir::Etc::preferences", Path::new("/dev/null")),
        option("Dir::Etc::preferencesparts", Path::new("/dev/null")),
        // Its user for downloads could not write below a home folder.
        "-oAPT::Sandbox::User=root".to_owned(),
        "-oAcquire::Languages=none".to_owned(),
        "-q".to_owned(),
    ]
}

/// The package after the first `Depends:` of `apt-cache depends`.
fn first_dependency(text: &str) -> Option<&str> {
    text.lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .filter(|name| !name.starts_with('<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_always_checked() {
        for kind in [Kind::Binary, Kind::Source] {
            let line = source_line(kind, "http://mirror.example/debian");
            assert!(line.contains(&format!(" signed-by={KEYRING}] http://mirror")));
        }
    }

    #[test]
    fn the_newest_version_is_what_the_general_package_depends_on() {
        let found = "linux-image-amd64\n  Depends: linux-image-6.12.95+deb12-amd64\n";
        let nothing = "linux-image-amd64\n  Suggests: x\n";
        let gone = "linux-image-amd64\n  Depends: <linux-image-5>\n";
        for (text, expected) in [
            (found, Some("linux-image-6.12.95+deb12-amd64")),
            (nothing, None),
            (gone, None),
            ("", None),
        ] {
            assert_eq!(first_dependency(text), expected, "{text}");
        }
    }
}
