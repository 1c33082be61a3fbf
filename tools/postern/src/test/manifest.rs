// SPDX-License-Identifier: BSD-2-Clause
//! How a test system is tested: the file `test.toml` in its folder, which may be missing beside a
//! `system.xml`. What its machine has is said in `machine.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::environment::Environment;

/// The content of `test.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    /// The program that the kernel starts with all authority, in place of the initial task that
    /// would build a `system.xml`: for tests of what no protection domain is allowed to do.
    pub initial_task: Option<String>,
    /// Seconds that a boot may take in QEMU; Bochs gets four times as many.
    pub timeout: u64,
    /// Time in QEMU is counted in instructions, so that a busy host makes nobody late and waiting
    /// costs no time. CPUs then take turns instead of running at once.
    pub virtual_time: bool,
    /// Also boot in Bochs with two CPUs.
    pub bochs_smp: bool,
    /// Also boot in QEMU with the VT-x shim; with two CPUs too if that is so in Bochs.
    pub shim: bool,
    /// Environments in which the system cannot run, and why.
    pub skip: BTreeMap<String, String>,
    /// What to type on the serial port: when this text has come, send that.
    pub input: BTreeMap<String, String>,
    /// Guests of the system that report instead of it, by the names of their images.
    pub guests: Vec<String>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            initial_task: None,
            timeout: 60,
            virtual_time: false,
            bochs_smp: false,
            shim: false,
            skip: BTreeMap::new(),
            input: BTreeMap::new(),
            guests: Vec::new(),
        }
    }
}

impl Manifest {
    /// Reads the manifest of the system in `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("test.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        for (name, why) in &manifest.skip {
            if !Environment::ALL
                .iter()
                .any(|environment| environment.name() == name)
            {
                let known = Environment::ALL.map(Environment::name).join(", ");
                bail!("[skip] names {name}, but the environments are {known}");
            }
            if why.trim().is_empty() {
                bail!("[skip] has to say why {name} is skipped");
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_usual() {
        let manifest = Manifest::parse("bochs_smp = true").unwrap();
        assert_eq!((manifest.timeout, manifest.bochs_smp), (60, true));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap().timeout, 60);
    }

    #[test]
    fn everything_can_be_said() {
        let text = "initial_task = 'x'\ntimeout = 5\nbochs_smp = true\nvirtual_time = true\n\
                    [skip]\nbochs = 'no edu device'\n[input]\n'name?' = 'x'\n";
        let text = format!("guests = ['guest-x']\n{text}");
        let manifest = Manifest::parse(&text).unwrap();
        assert_eq!(manifest.guests, ["guest-x"]);
        assert_eq!((manifest.timeout, manifest.bochs_smp), (5, true));
        assert_eq!(manifest.initial_task.as_deref(), Some("x"));
        assert!(manifest.virtual_time);
        assert_eq!(manifest.skip["bochs"], "no edu device");
        assert_eq!(manifest.input["name?"], "x");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("timeouts = 5", "timeouts"),
            ("timeout = -5", "timeout"),
            (
                "[skip]\nbosch = 'x'",
                "bosch, but the environments are bochs-2cpu",
            ),
            ("[skip]\nbochs = ' '", "has to say why bochs"),
            ("=", "TOML parse error"),
        ] {
            let error = format!("{:#}", Manifest::parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
