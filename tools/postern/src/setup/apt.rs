// SPDX-License-Identifier: BSD-2-Clause
//! Installing Debian packages, as root or by sudo.
//!
//! QEMU may have to come from the release's backports. They are then added as a sources file of
//! our own, pinned so low that nothing which is installed moves to them by itself.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::host::Host;
use crate::command::logged;
use crate::ui::Step;
use crate::workspace::Workspace;

/// The package that a release may have only in its backports, and the lowest good version.
const QEMU: (&str, u32) = ("qemu-system-x86", 8);
/// The Debian archive's address where apt's own configuration names none.
const ARCHIVE: &str = "http://deb.debian.org/debian";
const SOURCES: &str = "/etc/apt/sources.list.d/postern-backports.sources";
const PREFERENCES: &str = "/etc/apt/preferences.d/postern-backports";
/// Options for an installation that asks nothing and brings only what was named.
const OPTIONS: [&str; 6] = [
    "-y",
    "-q",
    "--no-install-recommends",
    "-oDpkg::Use-Pty=0",
    "-oDPkg::Lock::Timeout=300",
    "-oDpkg::Options::=--force-confold",
];

/// Installs `packages`. Says what to type if that is not for us to do.
pub fn install(workspace: &Workspace, host: &dyn Host, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !host.has_program("apt-get") {
        bail!("these Debian packages are needed, or what they hold: {list}");
    }
    let Some(root) = Root::get(host) else {
        let release = if packages.contains(&QEMU.0) {
            backports_hint(host)
        } else {
            String::new()
        };
        bail!(
            "these Debian packages are missing; please run this and try again:\n  \
             sudo apt-get install --no-install-recommends {list}{release}"
        );
    };
    let step = Step::new(format!("Installing {list}"));
    let log = workspace.log("apt")?;
    let apt = |arguments: &[&str]| {
        let mut command = root.command("apt-get");
        command.args(OPTIONS).args(arguments);
        logged(&mut command, &log, |line| step.note(line))
    };
    let online = "Is this machine online? Set-up needs Debian's package archive once";
    apt(&["update"]).context(online)?;
    if packages.contains(&QEMU.0) && !candidate_is_good(host) {
        add_backports(&root, host, workspace)?;
        apt(&["update"]).context(online)?;
        let release = format!("{}-backports", codename(host)?);
        apt(&["install", "-t", &release, QEMU.0]).context("cannot install QEMU")?;
    }
    let mut arguments = vec!["install"];
    arguments.extend(packages);
    apt(&arguments).with_context(|| format!("cannot install {list}"))?;
    step.done();
    Ok(())
}

/// The right to install.
enum Root {
    /// We are root.
    Us,
    /// sudo makes us root without a password.
    Sudo,
}

impl Root {
    fn get(host: &dyn Host) -> Option<Self> {
        let id = host.ask(&["id", "-u"]);
        if id.is_some_and(|id| id.trim() == "0") {
            return Some(Self::Us);
        }
        host.ask(&["sudo", "-n", "true"]).map(|_| Self::Sudo)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = match self {
            Self::Us => Command::new("env"),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "env"]);
                command
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", program]);
        command
    }
}

/// Would apt install a good QEMU as things are?
fn candidate_is_good(host: &dyn Host) -> bool {
    let policy = host
        .ask(&["apt-cache", "policy", QEMU.0])
        .unwrap_or_default();
    major(&policy, "Candidate:").is_some_and(|major| major >= QEMU.1)
}

/// The major version after `label` in the output of `apt-cache policy`.
fn major(policy: &str, label: &str) -> Option<u32> {
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix(label))?
        .trim();
    let upstream = version
        .split_once(':')
        .map_or(version, |(_epoch, rest)| rest);
    upstream.split(['.', '+', '-', '~']).next()?.parse().ok()
}

/// The release's name, e.g. `bookworm`.
fn codename(host: &dyn Host) -> Result<String> {
    let text = host.ask(&["cat", "/etc/os-release"]).unwrap_or_default();
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim_matches('"').to_owned())
    };
    match (value("ID="), value("VERSION_CODENAME=")) {
        (Some(id), Some(name)) if id == "debian" => Ok(name),
        _ => bail!(
            "QEMU {} or newer is needed and this is no Debian release: please install it",
            QEMU.1
        ),
    }
}

fn backports_hint(host: &dyn Host) -> String {
    match codename(host) {
        Ok(name) if !candidate_is_good(host) => {
            format!(
                "\nwith {} from {name}-backports (add -t {name}-backports)",
                QEMU.0
            )
        }
        _ => String::new(),
    }
}

/// Where apt gets the release from, so that a local mirror serves the backports too.
pub fn archive(host: &dyn Host) -> String {
    let format = "$(REPO_URI) $(COMPONENT)";
    let targets = host.ask(&[
        "apt-get",
        "indextargets",
        "--format",
        format,
        "Created-By: Packages",
    ]);
    let find = |text: &str| {
        text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let address = words.next()?;
            let main = words.next() == Some("main");
            let path = address.trim_end_matches('/');
            (main && path.ends_with("/debian")).then(|| path.to_owned())
        })
    };
    targets
        .as_deref()
        .and_then(find)
        .unwrap_or_else(|| ARCHIVE.to_owned())
}

fn add_backports(root: &Root, host: &dyn Host, workspace: &Workspace) -> Result<()> {
    let release = format!("{}-backports", codename(host)?);
    let folder = workspace.folder("setup")?;
    let files = [
        (SOURCES, sources(&archive(host), &release)),
        (PREFERENCES, preferences(&release)),
    ];
    for (path, text) in files {
        let name = Path::new(path).file_name().unwrap_or_default();
        let draft = folder.join(name);
        std::fs::write(&draft, text)
            .with_context(|| format!("cannot write {}", draft.display()))?;
        let mut copy = root.command("install");
        copy.args(["-D", "-m", "644"]).arg(&draft).arg(path);
        logged(&mut copy, &workspace.log("apt-sources")?, |_| {})?;
    }
    Ok(())
}

fn sources(archive: &str, release: &str) -> String {
    format!(
        "# Written by Postern's set-up, for a QEMU that has the igb device.\n\
         Types: deb\nURIs: {archive}\nSuites: {release}\nComponents: main\n\
         Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
}

fn preferences(release: &str) -> String {
    format!(
        "Explanation: Written by Postern's set-up: only what is asked for comes from backports.\n\
         Package: *\nPin: release n={release}\nPin-Priority: 1\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::host::FakeHost;

    #[test]
    fn versions_are_read_from_the_policy() {
        let policy = |version: &str| {
            format!("qemu-system-x86:\n  Installed: (none)\n  Candidate: {version}\n")
        };
        for (version, expected) in [
            ("1:7.2+dfsg-7+deb12u18", Some(7)),
            ("1:10.0.2+ds-2+deb13u1~bpo12+1", Some(10)),
            ("11~rc1-1", Some(11)),
            ("(none)", None),
        ] {
            assert_eq!(major(&policy(version), "Candidate:"), expected, "{version}");
        }
        assert_eq!(major("", "Candidate:"), None);
    }

    #[test]
    fn without_root_and_sudo_the_line_to_type_is_given() {
        let host = FakeHost {
            programs: vec!["apt-get"],
            answers: vec![("id -u", "1000\n"), ("cat /etc/os-release", OS_RELEASE)],
            ..FakeHost::default()
        };
        let workspace = Workspace::find().unwrap();
        let error = install(&workspace, &host, &["make", "qemu-system-x86"])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("sudo apt-get install --no-install-recommends make"),
            "{error}"
        );
        assert!(error.contains("-t bookworm-backports"), "{error}");
    }

    #[test]
    fn another_system_gets_the_list() {
        let workspace = Workspace::find().unwrap();
        let error = install(&workspace, &FakeHost::default(), &["make", "gcc"]).unwrap_err();
        assert!(error.to_string().ends_with("make gcc"), "{error}");
    }

    const OS_RELEASE: &str = "ID=debian\nVERSION_CODENAME=bookworm\n";

    #[test]
    fn a_mirror_that_apt_uses_is_used() {
        let question = "apt-get indextargets --format $(REPO_URI) $(COMPONENT) \
                        Created-By: Packages";
        let answer = "http://deb.debian.org/debian-security/ main\n\
                      http://mirror.example/debian/ contrib\n\
                      http://mirror.example/debian/ main\n";
        let host = FakeHost {
            answers: vec![(question, answer)],
            ..FakeHost::default()
        };
        assert_eq!(archive(&host), "http://mirror.example/debian");
        assert_eq!(archive(&FakeHost::default()), ARCHIVE);
    }

    #[test]
    fn only_debian_has_backports() {
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n";
        for (text, expected) in [(OS_RELEASE, Some("bookworm")), (ubuntu, None), ("", None)] {
            let answers = vec![("cat /etc/os-release", text)];
            let host = FakeHost {
                answers,
                ..FakeHost::default()
            };
            assert_eq!(codename(&host).ok().as_deref(), expected);
        }
    }
}
