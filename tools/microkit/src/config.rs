// SPDX-License-Identifier: BSD-2-Clause
//! What the kernel of one SDK board and configuration can do, read from its `gen_config.json`.
//!
//! The file has the keys of seL4's own generated configuration, without `CONFIG_`. Numbers may be
//! JSON numbers or strings of digits (seL4 writes strings), flags are JSON booleans, and a flag that is
//! absent is off.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The kernel's configuration, as far as a system description depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelConfig {
    /// Virtual machines can be run (`VTX`).
    pub vtx: bool,
    /// `<io_address_space>` is enforced: by the kernel (`IOMMU`) or by a protection domain that owns
    /// the IOMMU (`USER_IOMMU`).
    pub io_address_spaces: bool,
    /// Budgets and passive servers have an effect (`KERNEL_MCS`).
    pub mcs: bool,
    /// The kernel can print (`PRINTING`).
    pub printing: bool,
    /// Cores that the kernel can start: `MAX_NUM_NODES`, or 1 without `ENABLE_SMP_SUPPORT`.
    pub cores: u8,
    /// Scheduling domains (`NUM_DOMAINS`); 1 means none.
    pub domains: u8,
    /// Entries of the domain schedule (`NUM_DOMAIN_SCHEDULES`).
    pub domain_schedules: u16,
    /// Period of the scheduler's timer in milliseconds (`TIMER_TICK_MS`), not 0.
    pub timer_tick_ms: u32,
    /// The root task's CNode has two to this power slots (`ROOT_CNODE_SIZE_BITS`).
    pub root_cnode_size_bits: u8,
    /// End of the physical addresses that user level may map, exclusive (`PADDR_USER_DEVICE_TOP`).
    pub paddr_top: u64,
}

/// Why there is no configuration to work with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read '{}': {error}", path.display())]
    Read {
        /// The `gen_config.json`.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The file is no JSON object.
    #[error("'{}' is not a kernel configuration: {reason}", path.display())]
    Malformed {
        /// The `gen_config.json`.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl KernelConfig {
    /// Reads a `gen_config.json`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read {
            path: path.into(),
            error,
        })?;
        Self::parse(&text).map_err(|reason| ConfigError::Malformed {
            path: path.into(),
            reason,
        })
    }

    /// Parses the text of a `gen_config.json`; the error says which key is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !json.is_object() {
            return Err("it is no JSON object".into());
        }
        let flag = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
        match json.get("SEL4_ARCH").and_then(Value::as_str) {
            Some("x86_64") => {}
            Some(other) => {
                return Err(format!("SEL4_ARCH is '{other}', only x86_64 is supported"));
            }
            None => return Err("SEL4_ARCH is missing".into()),
        }
        Ok(Self {
            vtx: flag("VTX"),
            io_address_spaces: flag("IOMMU") || flag("USER_IOMMU"),
            mcs: flag("KERNEL_MCS"),
            printing: flag("PRINTING"),
            cores: if flag("ENABLE_SMP_SUPPORT") {
                number(&json, "MAX_NUM_NODES")?
            } else {
                1
            },
            domains: number(&json, "NUM_DOMAINS")?,
            domain_schedules: number(&json, "NUM_DOMAIN_SCHEDULES")?,
            timer_tick_ms: number::<u32>(&json, "TIMER_TICK_MS")?.max(1),
            root_cnode_size_bits: number(&json, "ROOT_CNODE_SIZE_BITS")?,
            paddr_top: number(&json, "PADDR_USER_DEVICE_TOP")?,
        })
    }
}

/// A number that the configuration must have, in the range of `T`.
fn number<T: TryFrom<u64>>(json: &Value, key: &str) -> Result<T, String> {
    let value = json.get(key).ok_or_else(|| format!("{key} is missing"))?;
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        },
        _ => None,
    };
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("{key} is {value}, which is no number in range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMP: &str = r#"{
        "SEL4_ARCH": "x86_64", "WORD_SIZE": "64", "VTX": true, "USER_IOMMU": true, "PRINTING": true,
        "ENABLE_SMP_SUPPORT": true, "MAX_NUM_NODES": "4", "NUM_DOMAINS": 1,
        "NUM_DOMAIN_SCHEDULES": "100", "TIMER_TICK_MS": "2", "ROOT_CNODE_SIZE_BITS": "19",
        "PADDR_USER_DEVICE_TOP": "0x800000000000"
    }"#;

    #[test]
    fn strings_and_numbers_are_read_alike() {
        let config = KernelConfig::parse(SMP).unwrap();
        assert_eq!(config.cores, 4);
        assert_eq!(config.domains, 1);
        assert_eq!(config.root_cnode_size_bits, 19);
        assert_eq!(config.paddr_top, 1 << 47);
        assert!(config.vtx && config.io_address_spaces && config.printing);
        assert!(!config.mcs);
    }

    #[test]
    fn a_uniprocessor_kernel_has_one_core_whatever_max_num_nodes_says() {
        let text = SMP.replace(
            r#""ENABLE_SMP_SUPPORT": true"#,
            r#""ENABLE_SMP_SUPPORT": false"#,
        );
        assert_eq!(KernelConfig::parse(&text).unwrap().cores, 1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, message) in [
            (
                r#""x86_64""#,
                r#""aarch64""#,
                "SEL4_ARCH is 'aarch64', only x86_64 is supported",
            ),
            (
                r#""MAX_NUM_NODES": "4""#,
                r#""MAX_NUM_NODES": "400""#,
                "MAX_NUM_NODES is \"400\"",
            ),
            (r#""NUM_DOMAINS": 1,"#, "", "NUM_DOMAINS is missing"),
            (r#""19""#, "[]", "ROOT_CNODE_SIZE_BITS is []"),
        ] {
            let error = KernelConfig::parse(&SMP.replace(from, to)).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
        assert!(KernelConfig::parse("[]").is_err());
        assert!(KernelConfig::parse("{").is_err());
    }
}
