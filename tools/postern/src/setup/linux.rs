// SPDX-License-Identifier: BSD-2-Clause
//! A Linux for guests and for comparisons: Debian's generic kernel with its modules (it is the one
//! that has drivers for all of our devices), and a busybox. The packages are unpacked, not
//! installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::archive::{Archive, KEYRING, Kind, RELEASE};
use super::host::Host;
use crate::ui::Step;
use crate::workspace::Workspace;

/// Names the newest kernel.
const KERNEL: &str = "linux-image-amd64";
const BUSYBOX: &str = "busybox-static";
/// What is kept of the packages, as tar knows it.
const KEPT: [&str; 2] = ["./boot/vmlinuz-*", "./usr/lib/modules/*"];
/// The file that says what is in the folder, the last to be written.
const STAMP: &str = "recipe";

/// Where the parts of Linux are once [`ensure`] has succeeded.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The kernel, a bzImage.
    pub kernel: PathBuf,
    /// The tree with all its modules.
    pub modules: PathBuf,
    /// busybox, linked statically.
    pub busybox: PathBuf,
}

/// The parts, present or not.
pub fn parts(workspace: &Workspace) -> Parts {
    parts_in(&folder(workspace))
}

fn parts_in(folder: &Path) -> Parts {
    Parts {
        kernel: folder.join("vmlinuz"),
        modules: folder.join("modules"),
        busybox: folder.join("busybox"),
    }
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.cache.join("linux")
}

/// What makes one set of parts as good as another. Another recipe, another download.
fn recipe() -> String {
    format!("{RELEASE}\n{KERNEL}\n{BUSYBOX}\n{}\n", KEPT.join(" "))
}

/// Fetches Linux unless it is there.
pub fn ensure(workspace: &Workspace, host: &dyn Host) -> Result<()> {
    let folder = folder(workspace);
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|text| text == recipe()) {
        return Ok(());
    }
    if !Archive::is_possible(host) {
        bail!("Linux is fetched by Debian's apt and checked with {KEYRING}, and one is missing");
    }
    fs::create_dir_all(&workspace.cache)
        .with_context(|| format!("cannot make {}", workspace.cache.display()))?;
    // Made beside its place and then moved, so that what was cut short leaves nothing.
    let work =
        tempfile::tempdir_in(&workspace.cache).context("cannot make a folder to fetch to")?;
    let new = work.path().join("linux");
    fs::create_dir(&new).context("cannot make a folder to fetch to")?;
    fetch(workspace, host, work.path(), &new)?;
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    fs::rename(&new, &folder).with_context(|| format!("cannot place {}", folder.display()))
}

/// Fetches into `work` and puts the parts into `new`.
fn fetch(workspace: &Workspace, host: &dyn Host, work: &Path, new: &Path) -> Result<()> {
    let step = Step::new("Fetching Linux");
    let log = workspace.log("linux-fetch")?;
    let archive = Archive::open(host, Kind::Binary, work, &log, &step)?;
    let kernel = archive.dependency(KERNEL)?;
    archive.get(&["download", &kernel, BUSYBOX], &step)?;
    let tree = work.join("tree");
    fs::create_dir(&tree).context("cannot make a folder to unpack to")?;
    unpack(&archive.fetched(&format!("{kernel}_"))?, &tree, &KEPT)?;
    unpack(
        &archive.fetched(&format!("{BUSYBOX}_"))?,
        &tree,
        &["./usr/bin/busybox"],
    )?;
    let parts = parts_in(new);
    for (folder, part, place) in [
        ("boot", "vmlinuz-", &parts.kernel),
        ("usr/lib/modules", "", &parts.modules),
        ("usr/bin", "busybox", &parts.busybox),
    ] {
        let from = only(&tree.join(folder), part)?;
        fs::rename(&from, place).with_context(|| format!("cannot place {}", place.display()))?;
    }
    // For people: which kernel this is.
    fs::write(new.join("version"), format!("{kernel}\n")).context("cannot note the version")?;
    fs::write(new.join(STAMP), recipe()).context("cannot note the recipe")?;
    step.done();
    Ok(())
}

/// Unpacks those members of a package that `patterns` match. Debian's tools do it, so that no
/// package format is known here.
fn unpack(package: &Path, tree: &Path, patterns: &[&str]) -> Result<()> {
    let name = package.display();
    let mut reader = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start dpkg-deb")?;
    let members = reader.stdout.take().context("dpkg-deb has no output")?;
    let status = Command::new("tar")
        .args(["-x", "--no-same-owner", "--wildcards", "-C"])
        .arg(tree)
        .args(patterns)
        .stdin(members)
        .status()
        .context("cannot start tar")?;
    let read = reader.wait().context("cannot wait for dpkg-deb")?;
    if !status.success() || !read.success() {
        bail!("cannot unpack {name} (dpkg-deb: {read}, tar: {status})");
    }
    Ok(())
}

/// The one entry of `folder` whose name begins with `part`.
fn only(folder: &Path, part: &str) -> Result<PathBuf> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let begins = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(part))
    };
    let found: Vec<_> = paths.filter(begins).collect();
    match &found[..] {
        [one] => Ok(one.clone()),
        _ => bail!(
            "{} entries `{part}*` in {}, expected one",
            found.len(),
            folder.display()
        ),
    }
}
