// SPDX-License-Identifier: BSD-2-Clause
//! Bochs 3, built without a window from Debian's source package.
//!
//! Debian 12's own Bochs has no posted interrupts, and later ones need a hundred packages for
//! their windows. The source comes from a newer release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::archive::{Archive, KEYRING, Kind, RELEASE};
use super::host::Host;
use crate::command::logged;
use crate::ui::Step;
use crate::workspace::Workspace;

/// Names a Bochs to use in place of ours.
const OVERRIDE: &str = "POSTERN_BOCHS";
/// `-fno-strict-aliasing`: without it gcc miscompiles the emulation of 64-bit signed division.
const FLAGS: &str = "-O2 -fno-strict-aliasing";
const CONFIGURE: [&str; 11] = [
    "--with-nogui",
    "--enable-x86-64",
    "--enable-cpu-level=6",
    "--enable-vmx=2",
    "--enable-smp",
    "--enable-avx",
    "--enable-evex",
    "--enable-pci",
    "--enable-all-optimizations",
    "--disable-plugins",
    "--disable-docbook",
];
/// What is put right in the source: file, what is there once, and what belongs there.
///
/// A virtual interrupt that waits while the guest has interrupts off was delivered to it all the same
/// when an interrupt of the host came.
const FIXES: [(&str, &str, &str); 1] = [(
    "cpu/event.cc",
    "if (is_pending(BX_EVENT_PENDING_VMX_VIRTUAL_INTR))",
    "if (is_unmasked_event_pending(BX_EVENT_PENDING_VMX_VIRTUAL_INTR))",
)];
/// How many object files a build makes, for the progress bar only.
const OBJECTS: u64 = 474;

/// The program: ours, or the one that `POSTERN_BOCHS` names.
pub fn program(workspace: &Workspace) -> PathBuf {
    match std::env::var_os(OVERRIDE).filter(|value| !value.is_empty()) {
        Some(path) => path.into(),
        None => folder(workspace).join("bochs"),
    }
}

/// Where ours is. Its name changes with the recipe, so that two checkouts that differ in it do not
/// build in turns.
fn folder(workspace: &Workspace) -> PathBuf {
    const REVISION: u32 = 2;
    workspace.cache.join(format!("bochs-{REVISION}"))
}

/// What the binary in the cache was built from and how. Another recipe, another build.
fn recipe() -> String {
    let fixes = FIXES.map(|(file, _, right)| format!("{file}: {right}"));
    let lines = [RELEASE, FLAGS, &CONFIGURE.join(" "), &fixes.join("\n")];
    lines.join("\n") + "\n"
}

/// Builds Bochs unless it is there.
pub fn ensure(workspace: &Workspace, host: &dyn Host) -> Result<()> {
    let program = program(workspace);
    if std::env::var_os(OVERRIDE).is_some_and(|value| !value.is_empty()) {
        return check(host, &program).with_context(|| format!("{OVERRIDE} is not usable"));
    }
    let folder = folder(workspace);
    let stamp = folder.join("recipe");
    let same = fs::read_to_string(&stamp).is_ok_and(|text| text == recipe());
    if same && check(host, &program).is_ok() {
        return Ok(());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Built beside its place and then moved, so that a build that was cut short leaves nothing.
    let work =
        tempfile::tempdir_in(&workspace.cache).context("cannot make a folder to build in")?;
    let archive = fetch(workspace, host, work.path())?;
    let built = build(workspace, &archive, work.path())?;
    check(host, &built)?;
    fs::rename(&built, &program).with_context(|| format!("cannot place {}", program.display()))?;
    fs::write(&stamp, recipe()).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Does the binary start, is it new enough, and has it the CPU model that we boot?
fn check(host: &dyn Host, program: &Path) -> Result<()> {
    let path = program.to_string_lossy();
    let Some(models) = host.ask(&[&path, "--help", "cpu"]) else {
        bail!("{path} does not start; is it Bochs?");
    };
    if !models.contains("corei7_icelake_u") {
        bail!("{path} is too old: Bochs 3.0 or newer is needed, for its CPU corei7_icelake_u");
    }
    Ok(())
}

/// Fetches the source archive into `work` and returns its path.
fn fetch(workspace: &Workspace, host: &dyn Host, work: &Path) -> Result<PathBuf> {
    if !Archive::is_possible(host) {
        bail!(
            "Bochs 3.0 is fetched by Debian's apt and checked with {KEYRING}; on another system \
             build it yourself (configure {}) and name it by {OVERRIDE}",
            CONFIGURE.join(" ")
        );
    }
    let step = Step::new("Fetching the source of Bochs");
    let log = workspace.log("bochs-source")?;
    let archive = Archive::open(host, Kind::Source, work, &log, &step)?;
    // Only the upstream archive: its checksum is in the signed index.
    let arguments = ["source", "--download-only", "--tar-only", "bochs"];
    archive.get(&arguments, &step)?;
    step.done();
    archive.fetched(".orig.tar.")
}

/// Unpacks and builds; returns the program.
fn build(workspace: &Workspace, archive: &Path, work: &Path) -> Result<PathBuf> {
    let step = Step::new("Building Bochs");
    let log = workspace.log("bochs-build")?;
    let source = work.join("source");
    fs::create_dir(&source).context("cannot make a folder to build in")?;
    let mut unpack = Command::new("tar");
    unpack
        .arg("-xf")
        .arg(archive)
        .args(["--strip-components=1", "-C"])
        .arg(&source);
    logged(&mut unpack, &log, |_| {}).context("cannot unpack the source of Bochs")?;
    for (file, wrong, right) in FIXES {
        fix(&source.join(file), wrong, right)?;
    }
    let mut configure = Command::new("./configure");
    configure
        .args(CONFIGURE)
        .env("CFLAGS", FLAGS)
        .env("CXXFLAGS", FLAGS)
        .current_dir(&source);
    logged(&mut configure, &log, |line| step.note(line)).context("cannot configure Bochs")?;
    let jobs = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut make = Command::new("make");
    make.arg(format!("-j{jobs}")).current_dir(&source);
    step.expect(OBJECTS);
    let mut objects = 0;
    logged(&mut make, &log, |line| {
        if line.contains(" -c ") {
            objects += 1;
            step.at(objects);
        }
    })
    .context("cannot build Bochs")?;
    step.done();
    Ok(source.join("bochs"))
}

/// Puts `right` where `wrong` stands.
fn fix(file: &Path, wrong: &str, right: &str) -> Result<()> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    if text.matches(wrong).count() != 1 {
        bail!("{shown} is not the source that is known here: no or several '{wrong}'");
    }
    fs::write(file, text.replace(wrong, right)).with_context(|| format!("cannot write {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::host::FakeHost;

    #[test]
    fn only_a_bochs_with_the_cpu_model_is_taken() {
        let cases = [
            (
                vec![("/b --help cpu", "bx_generic\ncorei7_icelake_u\n")],
                None,
            ),
            (
                vec![("/b --help cpu", "bx_generic\ncorei7_haswell_4770\n")],
                Some("too old"),
            ),
            (vec![], Some("does not start")),
        ];
        for (answers, expected) in cases {
            let host = FakeHost {
                answers,
                ..FakeHost::default()
            };
            match (check(&host, Path::new("/b")), expected) {
                (Ok(()), None) => {}
                (Err(error), Some(part)) => assert!(error.to_string().contains(part), "{error}"),
                (result, _) => panic!("{result:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn without_apt_the_way_out_is_named() {
        let workspace = Workspace::find().unwrap();
        let error = fetch(&workspace, &FakeHost::default(), Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("POSTERN_BOCHS"), "{error}");
    }

    #[test]
    fn only_a_known_source_is_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.cc");
        for (before, after) in [
            ("a; wrong; b", Some("a; right; b")),
            ("a; b", None),
            ("wrong; wrong", None),
        ] {
            fs::write(&file, before).unwrap();
            assert_eq!(fix(&file, "wrong", "right").is_ok(), after.is_some());
            let found = fs::read_to_string(&file).unwrap();
            assert_eq!(found, after.unwrap_or(before));
        }
        assert!(fix(&folder.path().join("none"), "wrong", "right").is_err());
    }

    #[test]
    fn aliasing_stays_off() {
        assert!(recipe().contains("-fno-strict-aliasing"));
    }
}
