// SPDX-License-Identifier: BSD-2-Clause
//! The configurations of the kernel, from one table.
//!
//! The names are the kernel's own (its `Kconfig` files describe them) without `CONFIG_`.

use std::fmt::Write;

/// One of the four kernels that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// One core; prints, asserts, and offers the debugging system calls.
    Debug,
    /// One core; silent.
    Release,
    /// Up to [`MAX_NUM_NODES`] cores; prints, asserts, and offers the debugging system calls.
    SmpDebug,
    /// Up to [`MAX_NUM_NODES`] cores; silent.
    SmpRelease,
}

/// The most cores that an SMP kernel starts.
pub const MAX_NUM_NODES: u64 = 4;

/// End of the physical addresses that can be device memory (`plat_mode/machine/hardware.h`).
pub const PADDR_USER_DEVICE_TOP: u64 = 1 << 47;

impl Variant {
    /// All variants.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Release, Self::SmpDebug, Self::SmpRelease];

    /// The name, which is also that of the SDK's folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
            Self::SmpDebug => "smp-debug",
            Self::SmpRelease => "smp-release",
        }
    }

    /// The variant with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }

    /// Does it print, assert and debug?
    pub const fn is_debug(self) -> bool {
        matches!(self, Self::Debug | Self::SmpDebug)
    }

    /// Does it run on several cores?
    pub const fn is_smp(self) -> bool {
        matches!(self, Self::SmpDebug | Self::SmpRelease)
    }
}

/// The setting of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Not set.
    Off,
    /// Set, to 1.
    On,
    /// A number.
    Number(u64),
}

impl Setting {
    const fn when(condition: bool) -> Self {
        if condition { Self::On } else { Self::Off }
    }

    /// The value that the C preprocessor sees, if it is defined at all.
    pub const fn value(self) -> Option<u64> {
        match self {
            Self::Off => None,
            Self::On => Some(1),
            Self::Number(number) => Some(number),
        }
    }
}

/// The configuration of one kernel: options without `CONFIG_` and their settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which kernel this is for.
    pub variant: Variant,
    /// The options, those that are off included where somebody could ask for them.
    pub options: Vec<(&'static str, Setting)>,
}

impl Config {
    /// The configuration of `variant`.
    pub fn of(variant: Variant) -> Self {
        use Setting::{Number, Off, On};
        let debug = Setting::when(variant.is_debug());
        let smp = variant.is_smp();
        let options = vec![
            // The machine.
            ("ARCH_X86", On),
            ("ARCH_X86_64", On),
            ("PLAT_PC99", On),
            ("KERNEL_MASTER", On),
            ("WORD_SIZE", Number(64)),
            ("CACHE_LN_SZ", Number(64)),
            ("IRQ_IOAPIC", On),
            ("MAX_NUM_IOAPIC", Number(1)),
            // With our patch, XAPIC stands for either: the x2APIC wherever the CPU has one.
            ("XAPIC", On),
            ("SYSCALL", On),
            ("FSGSBASE_MSR", On),
            ("HAVE_FPU", On),
            ("FXSAVE", On),
            ("XSAVE_SIZE", Number(512)),
            ("FPU_MAX_RESTORES_SINCE_SWITCH", Number(64)),
            // 1 GiB pages would need a CPU that has them; nothing of ours maps any.
            ("HUGE_PAGE", Off),
            // The kernel would stop on a CPU without PCID and INVPCID.
            ("SUPPORT_PCID", Off),
            ("MULTIBOOT_GRAPHICS_MODE_NONE", On),
            // Virtualisation. DMA remapping belongs to a user-level manager.
            ("VTX", On),
            ("MAX_VPIDS", Number(64)),
            ("IOMMU", Off),
            ("MAX_RMRR_ENTRIES", Number(32)),
            // Sizes and limits.
            ("ROOT_CNODE_SIZE_BITS", Number(19)),
            // As many as fit into the one page of the boot information.
            ("MAX_NUM_BOOTINFO_UNTYPED_CAPS", Number(320)),
            ("RETYPE_FAN_OUT_LIMIT", Number(256)),
            ("MAX_NUM_WORK_UNITS_PER_PREEMPTION", Number(100)),
            ("KERNEL_STACK_BITS", Number(12)),
            // Scheduling. Domains and several cores exclude each other in this kernel.
            ("NUM_PRIORITIES", Number(256)),
            ("TIMER_TICK_MS", Number(2)),
            ("TIME_SLICE", Number(5)),
            ("MAX_NUM_NODES", Number(if smp { MAX_NUM_NODES } else { 1 })),
            ("NUM_DOMAINS", Number(if smp { 1 } else { 16 })),
            ("NUM_DOMAIN_SCHEDULES", Number(if smp { 1 } else { 100 })),
            ("FASTPATH", On),
            // What only a debugging kernel has.
            ("DEBUG_BUILD", debug),
            ("PRINTING", debug),
            ("IRQ_REPORTING", debug),
            ("COLOUR_PRINTING", Off),
            ("HARDWARE_DEBUG_API", Off),
            ("DANGEROUS_CODE_INJECTION", Off),
            ("NO_BENCHMARKS", On),
        ];
        Self { variant, options }
    }

    /// The setting of `option`; options that the table does not know are off.
    pub fn get(&self, option: &str) -> Setting {
        let found = self.options.iter().find(|(name, _)| *name == option);
        found.map_or(Setting::Off, |(_, setting)| *setting)
    }

    /// The number that `option` stands for: 0 if it is off.
    pub fn number(&self, option: &str) -> u64 {
        self.get(option).value().unwrap_or(0)
    }

    /// The kernel's `autoconf.h`.
    pub fn autoconf_h(&self) -> String {
        let mut text = format!(
            "/* Configuration of the kernel {}, made from kernel/src/config.rs. */\n\
             #pragma once\n",
            self.variant.name()
        );
        for (name, setting) in &self.options {
            if let Some(value) = setting.value() {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "#define CONFIG_{name} {value}");
            }
        }
        text
    }

    /// The SDK's `gen_config.json`: the keys and kinds of value that Microkit's tool reads.
    /// Numbers are strings there.
    pub fn gen_config_json(&self) -> String {
        let mut json = serde_json::Map::new();
        json.insert("SEL4_ARCH".into(), "x86_64".into());
        json.insert("PLAT".into(), "pc99".into());
        json.insert("KERNEL_MCS".into(), false.into());
        json.insert("ENABLE_SMP_SUPPORT".into(), self.variant.is_smp().into());
        // A user-level manager owns the IOMMU; Microkit has no key for that.
        json.insert("USER_IOMMU".into(), true.into());
        json.insert(
            "PADDR_USER_DEVICE_TOP".into(),
            PADDR_USER_DEVICE_TOP.to_string().into(),
        );
        for (name, setting) in &self.options {
            let value = match setting {
                Setting::Off => false.into(),
                Setting::On => true.into(),
                Setting::Number(number) => number.to_string().into(),
            };
            json.insert((*name).into(), value);
        }
        format!("{:#}\n", serde_json::Value::Object(json))
    }
}

#[cfg(test)]
mod tests;
