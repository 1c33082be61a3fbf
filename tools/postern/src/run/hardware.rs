// SPDX-License-Identifier: BSD-2-Clause
//! What a machine has: the file `machine.toml` beside a system description, which may be missing.
//! Where the devices are is fixed, so that a description can rely on it; see `docs/testing.md`.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use toml::Table;

/// The IOMMU's options unless others are given. Extended interrupt mode goes with the kernel's
/// x2APIC.
const IOMMU_OPTIONS: &str = "intremap=on,eim=on";
/// Most virtual functions of the NVMe controller: they are functions 1 to 7 of its slot.
const NVME_VFS: u8 = 7;

/// The content of `machine.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hardware {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// The Intel IOMMU.
    pub iommu: Iommu,
    /// QEMU's educational device.
    pub edu: bool,
    /// Intel 82576 on a network of its own behind which the host is.
    pub igb: Option<Igb>,
    /// NVM Express controller.
    pub nvme: Option<Nvme>,
    /// Further arguments for QEMU.
    pub qemu_args: Vec<String>,
}

/// Is there an IOMMU, and of what kind?
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "true, false, or options of the device intel-iommu"
)]
pub enum Iommu {
    /// There is one as usual, or none.
    Usual(bool),
    /// There is one with these options and no others.
    Options(String),
}

/// A network adapter with eight virtual functions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Igb {
    /// TCP port of the guest that a free port of the host leads to.
    pub forward: u16,
}

/// A controller with virtual functions and namespaces that are attached to none of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nvme {
    /// Size in MiB of each namespace; the first is number 1.
    pub namespaces_mib: Vec<u32>,
    /// Virtual functions.
    #[serde(default = "usual_nvme_vfs")]
    pub vfs: u8,
}

const fn usual_nvme_vfs() -> u8 {
    4
}

impl Default for Igb {
    fn default() -> Self {
        Self { forward: 7 }
    }
}

impl Default for Hardware {
    fn default() -> Self {
        Self {
            memory_mib: 1024,
            iommu: Iommu::Usual(true),
            edu: false,
            igb: None,
            nvme: None,
            qemu_args: Vec::new(),
        }
    }
}

impl Iommu {
    /// The options of the device, if there is one.
    pub fn options(&self) -> Option<&str> {
        match self {
            Self::Usual(false) => None,
            Self::Usual(true) => Some(IOMMU_OPTIONS),
            Self::Options(options) => Some(options),
        }
    }
}

impl Hardware {
    /// That of the system description `system`.
    pub fn beside(system: &Path) -> Result<Self> {
        Self::beside_but(system, &Table::new())
    }

    /// That of the system description `system`, except for the keys in `changes`.
    pub fn beside_but(system: &Path, changes: &Table) -> Result<Self> {
        let path = system.with_file_name("machine.toml");
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            result => result.with_context(|| format!("cannot read {}", path.display()))?,
        };
        Self::parse(&text, changes).with_context(|| path.display().to_string())
    }

    fn parse(text: &str, changes: &Table) -> Result<Self> {
        let mut table: Table = text.parse()?;
        table.extend(changes.clone());
        let hardware = Self::deserialize(table)?;
        if let Some(nvme) = &hardware.nvme {
            if nvme.namespaces_mib.is_empty() || nvme.namespaces_mib.contains(&0) {
                bail!("[nvme] needs namespaces, each of 1 MiB or more");
            }
            if !(1..=NVME_VFS).contains(&nvme.vfs) {
                bail!("[nvme] can have 1 to {NVME_VFS} VFs, not {}", nvme.vfs);
            }
        }
        Ok(hardware)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Hardware> {
        Hardware::parse(text, &Table::new())
    }

    #[test]
    fn without_a_file_it_is_a_bare_machine_with_an_iommu() {
        let folder = tempfile::tempdir().unwrap();
        let hardware = Hardware::beside(&folder.path().join("system.xml")).unwrap();
        assert_eq!(hardware, Hardware::default());
        assert_eq!(hardware.iommu.options(), Some("intremap=on,eim=on"));
    }

    #[test]
    fn everything_can_be_said() {
        let folder = tempfile::tempdir().unwrap();
        let text = "memory_mib = 64\niommu = 'intremap=off'\nedu = true\nqemu_args = ['-s']\n\
                    [igb]\n[nvme]\nnamespaces_mib = [8, 16]\n";
        std::fs::write(folder.path().join("machine.toml"), text).unwrap();
        let hardware = Hardware::beside(&folder.path().join("other.xml")).unwrap();
        let expected = Hardware {
            memory_mib: 64,
            iommu: Iommu::Options("intremap=off".into()),
            edu: true,
            igb: Some(Igb { forward: 7 }),
            nvme: Some(Nvme {
                namespaces_mib: vec![8, 16],
                vfs: 4,
            }),
            qemu_args: vec!["-s".into()],
        };
        assert_eq!(hardware, expected);
    }

    #[test]
    fn changes_replace_what_the_file_says() {
        let changes = "iommu = false".parse().unwrap();
        let hardware = Hardware::parse("iommu = 'eim=off'\nedu = true", &changes).unwrap();
        assert_eq!((hardware.iommu.options(), hardware.edu), (None, true));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("memory = 5", "unknown field `memory`"),
            (
                "iommu = 5",
                "true, false, or options of the device intel-iommu",
            ),
            ("[igb]\nport = 1", "unknown field `port`"),
            ("[nvme]\nvfs = 2", "namespaces_mib"),
            ("[nvme]\nnamespaces_mib = []", "needs namespaces"),
            ("[nvme]\nnamespaces_mib = [1, 0]", "1 MiB or more"),
            ("[nvme]\nnamespaces_mib = [1]\nvfs = 8", "1 to 7 VFs, not 8"),
            ("=", "TOML parse error"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
