// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's interface in numbers, taken from the kernel's own descriptions of it.
//!
//! System calls and invocation labels are numbered by their order in XML files, objects and
//! errors by C enumerations. All of them depend on the configuration; a program that is built
//! with the numbers of another configuration calls something else. So the numbers are taken from
//! the patched source under the configuration in [`crate::config`], and [`generate_rust`] insists
//! that all four kernels agree.

mod rust;

use std::path::Path;

use crate::config::{Config, Variant};
use crate::cpp::{self, Defines};
use crate::header::{Headers, interface};
use crate::source::Source;
use crate::{Error, Result};

/// Names and values, in the order of the description that they come from.
pub type Constants = Vec<(String, i64)>;

/// The interface of one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abi {
    /// System calls, named as in `syscall.xml` (`Call`, `VMEnter`); negative numbers.
    pub syscalls: Constants,
    /// Invocation labels, named as in the XML (`UntypedRetype`, `X86PageMap`).
    pub invocations: Constants,
    /// Object types: `seL4_X86_VCPUObject` is `X86_VCPU` here.
    pub object_types: Constants,
    /// Logarithms of object sizes in bytes: `seL4_X86_VCPUBits` is `X86_VCPU` here. A
    /// capability table has `Slot` plus the logarithm of its number of slots.
    pub size_bits: Constants,
    /// Labels of fault messages (`CapFault`, `VMFault`).
    pub faults: Constants,
    /// Labels of replies to invocations (`InvalidArgument`).
    pub errors: Constants,
    /// What else of the configuration programs depend on.
    pub config: Constants,
}

/// The invocation descriptions, in the order in which the kernel numbers them.
const INVOCATIONS: [&str; 3] = [
    "libsel4/include/interfaces/sel4.xml",
    "libsel4/sel4_arch_include/x86_64/interfaces/sel4arch.xml",
    "libsel4/arch_include/x86/interfaces/sel4arch.xml",
];
const SYSCALLS: &str = "include/api/syscall.xml";
const OBJECT_TYPES: [&str; 3] = [
    "include/api/objecttype.h",
    "include/arch/x86/arch/64/mode/api/objecttype.h",
    "include/arch/x86/arch/api/objecttype.h",
];
const SIZES: &str = "include/arch/x86/arch/64/mode/api/constants.h";
const FAULTS: &str = "include/arch/x86/arch/api/shared_types.bf";
const ERRORS: &str = "include/api/errors.h";

/// Options that programs see and that all kernels share.
const SHARED_OPTIONS: [&str; 5] = [
    "WORD_SIZE",
    "NUM_PRIORITIES",
    "ROOT_CNODE_SIZE_BITS",
    "RETYPE_FAN_OUT_LIMIT",
    "MAX_NUM_BOOTINFO_UNTYPED_CAPS",
];
/// Options of which programs see the largest value of all kernels.
const LARGEST_OPTIONS: [&str; 3] = ["MAX_NUM_NODES", "NUM_DOMAINS", "NUM_DOMAIN_SCHEDULES"];

impl Abi {
    /// The interface of the kernel that `source` becomes under `config`.
    pub fn of(source: &Source, config: &Config) -> Result<Self> {
        let defines = cpp::defines(config);
        let mut invocations = Vec::new();
        // Label 0 is the kernel's InvalidInvocation.
        let mut label = 0;
        for file in INVOCATIONS {
            for name in invocation_names(source, file, &defines)? {
                label += 1;
                invocations.push((name, label));
            }
        }

        let mut headers = Headers::new(source, defines);
        let mut object_types = Vec::new();
        for file in OBJECT_TYPES {
            object_types.extend(headers.enumerators(file)?);
        }
        // Counts are no types.
        object_types.retain(|(name, _)| !name.ends_with("Count"));
        let mut size_bits = headers.numbers(SIZES)?;
        size_bits.retain(|(name, _)| name.starts_with("seL4_") && name.ends_with("Bits"));
        size_bits.retain(|(name, _)| name != "seL4_WordBits");
        let faults = headers.tags(FAULTS, "seL4_Fault")?;
        let mut errors = headers.enumerators(ERRORS)?;
        errors.retain(|(name, _)| name != "seL4_NumErrors");
        for (constants, suffix) in [
            (&mut object_types, "Object"),
            (&mut size_bits, "Bits"),
            (&mut errors, ""),
        ] {
            for (name, _) in constants {
                let short = name.strip_prefix("seL4_").unwrap_or(name);
                *name = short.strip_suffix(suffix).unwrap_or(short).to_owned();
            }
        }

        let mut options = Vec::new();
        for name in SHARED_OPTIONS {
            options.push((name.to_owned(), option(config, name)?));
        }
        for name in LARGEST_OPTIONS {
            let values = Variant::ALL.map(|variant| option(&Config::of(variant), name));
            let largest = values
                .into_iter()
                .collect::<Result<Vec<_>>>()?
                .into_iter()
                .max();
            options.push((name.to_owned(), largest.unwrap_or(1)));
        }
        options.extend(interrupts(&mut headers)?);

        let syscalls = syscalls(source)?;
        Ok(Self {
            syscalls,
            invocations,
            object_types,
            size_bits,
            faults,
            errors,
            config: options,
        })
    }

    /// The interface that all four kernels have; an error if there is none.
    pub fn common(source: &Source) -> Result<Self> {
        let [first, others @ ..] = Variant::ALL;
        let abi = Self::of(source, &Config::of(first))?;
        for other in others {
            let theirs = Self::of(source, &Config::of(other))?;
            if let Some(what) = abi.difference(&theirs) {
                return Err(Error::AbiDiffers {
                    first: first.name(),
                    second: other.name(),
                    what,
                });
            }
        }
        Ok(abi)
    }

    /// Describes the first constant in which two interfaces differ.
    fn difference(&self, other: &Self) -> Option<String> {
        let ours = self
            .groups()
            .into_iter()
            .flat_map(|(group, list)| prefixed(group, list));
        let theirs = other
            .groups()
            .into_iter()
            .flat_map(|(group, list)| prefixed(group, list));
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.collect(), theirs.collect());
        let pair = ours
            .iter()
            .zip(&theirs)
            .find(|(ours, theirs)| ours != theirs);
        match pair {
            Some((ours, theirs)) => Some(format!("{ours} and {theirs}")),
            None if ours.len() != theirs.len() => Some("the number of constants".into()),
            None => None,
        }
    }

    /// The groups of constants under the names of their Rust modules.
    fn groups(&self) -> [(&'static str, &Constants); 7] {
        [
            ("syscall_id", &self.syscalls),
            ("invocation_label", &self.invocations),
            ("object_type", &self.object_types),
            ("object_size_bits", &self.size_bits),
            ("fault_label", &self.faults),
            ("error", &self.errors),
            ("config", &self.config),
        ]
    }
}

/// Writes `abi.rs`, the common interface as Rust modules, into `folder`. For a build script, to
/// which it returns the files and folders whose change asks for another run.
///
/// The modules are `syscall_id` (`isize`), and with `u64` constants `invocation_label`,
/// `object_type`, `object_size_bits`, `fault_label`, `error` and `config`.
pub fn generate_rust(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let abi = Abi::common(&Source::patched()?)?;
    let path = folder.join("abi.rs");
    std::fs::write(&path, rust::modules(&abi)).map_err(Error::io(&path))?;
    Ok(crate::source::inputs())
}

fn prefixed(group: &str, constants: &Constants) -> Vec<String> {
    constants
        .iter()
        .map(|(name, value)| format!("{group}::{name} = {value}"))
        .collect()
}

fn option(config: &Config, name: &str) -> Result<i64> {
    i64::try_from(config.number(name))
        .map_err(|_| interface("autoconf.h", format!("{name} is too large")))
}

/// The methods of `file` that exist under the configuration, in order.
fn invocation_names(source: &Source, file: &str, defines: &Defines) -> Result<Vec<String>> {
    let document = parse_xml(source, file)?;
    let mut names = Vec::new();
    for method in document
        .descendants()
        .filter(|node| node.has_tag_name("method"))
    {
        let missing = || interface(file, "a method has no id".into());
        let name = method.attribute("id").ok_or_else(missing)?;
        let condition = method.attribute("condition").unwrap_or_default();
        if cpp::condition(condition, defines).map_err(|what| interface(file, what))? {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// All system calls: their numbers do not depend on the configuration.
fn syscalls(source: &Source) -> Result<Constants> {
    let document = parse_xml(source, SYSCALLS)?;
    let calls = document
        .descendants()
        .filter(|node| node.has_tag_name("syscall"));
    let numbered = calls.zip(1..).map(|(call, number)| {
        let missing = || interface(SYSCALLS, "a syscall has no name".into());
        Ok((
            call.attribute("name").ok_or_else(missing)?.to_owned(),
            -number,
        ))
    });
    numbered.collect()
}

/// The largest interrupt number that programs may ask for, and the CPU's vector of number 0.
fn interrupts(headers: &mut Headers<'_>) -> Result<Constants> {
    const FILE: &str = "include/plat/pc99/plat/machine.h";
    headers.enumerators(FILE)?;
    let first = headers.value(FILE, "int_irq_user_min")?;
    let last = headers.value(FILE, "int_irq_user_max")?;
    Ok(vec![
        ("MAX_IRQ".into(), last - first),
        ("IRQ_VECTOR_OFFSET".into(), first),
    ])
}

fn parse_xml<'a>(source: &'a Source, file: &str) -> Result<roxmltree::Document<'a>> {
    roxmltree::Document::parse(source.text(file)?).map_err(|e| interface(file, e.to_string()))
}
