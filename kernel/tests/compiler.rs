// SPDX-License-Identifier: BSD-2-Clause
//! The generated interface against the kernels as they are built: the C compiler sees the
//! kernel's own headers, those that its build generated included, and compares every constant.
//!
//! And what no guest in an emulator can show of the kernel's code: the compiler evaluates it.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use sel4_kernel::abi::{Abi, Constants};
use sel4_kernel::config::{Config, Variant};
use sel4_kernel::source::Source;
use sel4_kernel::{Built, Dirs, build, build_without};

/// The headers that define the interface.
const HEADERS: &str = "\
#include <config.h>
#include <types.h>
#include <api/types.h>
#include <api/errors.h>
#include <arch/api/syscall.h>
#include <arch/api/invocation.h>
#include <object/structures.h>
#include <plat/machine.h>
";

/// What the kernel's Makefile defines for every file.
const DEFINES: [&str; 7] = [
    "-DHAVE_AUTOCONF",
    "-DARCH_X86",
    "-DX86_64",
    "-DCONFIG_X86_64=y",
    "-D__KERNEL_64__",
    "-DKERNEL_64=y",
    "-D__X86_64__=y",
];

/// The kernel in the folders that everybody else uses, so that it is built once.
fn built(variant: Variant) -> Built {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let dirs = Dirs {
        work: target.join("kernel"),
        sdk: target.join("sdk"),
    };
    // As `make test WITHOUT_PATCH=...` says it to everybody.
    let without = std::env::var("POSTERN_WITHOUT_PATCH").unwrap_or_default();
    let numbers = without.split(',').map(str::trim).filter(|n| !n.is_empty());
    let numbers: Vec<String> = numbers.map(str::to_owned).collect();
    let built = if numbers.is_empty() {
        build(variant, &dirs, &mut ())
    } else {
        build_without(&numbers, variant, &dirs, &mut ())
    };
    built.unwrap_or_else(|error| panic!("{error}"))
}

/// Numbers of system calls are counted without gaps, but not every kernel has every call.
fn has_syscall(variant: Variant, name: &str) -> bool {
    match name {
        "DebugRun" => false,
        _ if name.starts_with("Benchmark") => false,
        _ if name.starts_with("Debug") => variant.is_debug(),
        _ => true,
    }
}

/// An assertion for each constant, and that the kernel has no more of them.
fn assertions(abi: &Abi, variant: Variant) -> String {
    let mut c = String::new();
    let mut equal = |group: &str, name: &str, expression: String, value: i64| {
        writeln!(
            c,
            "_Static_assert(({expression}) == {value}, \"{group} {name}\");"
        )
        .unwrap();
    };
    let groups: [(&str, &Constants, &str, &str); 6] = [
        ("syscall", &abi.syscalls, "Sys", ""),
        ("invocation", &abi.invocations, "", ""),
        ("object", &abi.object_types, "seL4_", "Object"),
        ("size", &abi.size_bits, "seL4_", "Bits"),
        ("fault", &abi.faults, "seL4_Fault_", ""),
        ("error", &abi.errors, "seL4_", ""),
    ];
    for (group, constants, prefix, suffix) in groups {
        assert!(!constants.is_empty(), "no {group}");
        for (name, value) in constants {
            if group == "syscall" && !has_syscall(variant, name) {
                continue;
            }
            // The only object whose name has no suffix.
            let suffix = if name == "X86_4K" { "" } else { suffix };
            equal(group, name, format!("{prefix}{name}{suffix}"), *value);
        }
    }
    let count = |constants: &Constants| i64::try_from(constants.len()).unwrap();
    equal(
        "invocation",
        "count",
        "nArchInvocationLabels - 1".into(),
        count(&abi.invocations),
    );
    equal(
        "object",
        "count",
        "seL4_ObjectTypeCount".into(),
        count(&abi.object_types),
    );
    equal(
        "error",
        "count",
        "seL4_NumErrors".into(),
        count(&abi.errors),
    );
    for (name, value) in &abi.config {
        let expression = match name.as_str() {
            "MAX_IRQ" => "irq_user_max - irq_user_min".into(),
            "IRQ_VECTOR_OFFSET" => "int_irq_user_min".into(),
            // Programs see the largest value of all kernels.
            "MAX_NUM_NODES" | "NUM_DOMAINS" | "NUM_DOMAIN_SCHEDULES" => continue,
            option => format!("CONFIG_{option}"),
        };
        equal("config", name, expression, *value);
    }
    c
}

/// Compiles the assertions; returns what the compiler says if one fails.
fn compile(built: &Built, name: &str, assertions: &str) -> Result<(), String> {
    compile_file(built, name, &format!("{HEADERS}{assertions}"))
}

/// Compiles a file; returns what the compiler says if that fails.
fn compile_file(built: &Built, name: &str, text: &str) -> Result<(), String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    let mut gcc = Command::new("gcc");
    gcc.args(["-std=gnu11", "-O2", "-S", "-o", "/dev/null"])
        .args(["-ffreestanding", "-nostdinc", "-w"])
        .args(DEFINES);
    let include = built.source.join("include");
    for folder in [
        "",
        "64",
        "arch/x86",
        "arch/x86/arch/64",
        "plat/pc99",
        "plat/pc99/plat/64",
    ] {
        gcc.arg("-I").arg(include.join(folder));
    }
    for folder in ["", "64", "plat/64"] {
        gcc.arg("-I").arg(built.generated.join(folder));
    }
    let output = gcc.arg(&file).output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// One test for each kernel would build them at the same time; they share the cores anyway.
#[test]
fn the_compiler_sees_the_same_numbers_in_every_kernel() {
    let abi = Abi::common(&Source::patched().unwrap()).unwrap();
    for variant in Variant::ALL {
        let file = format!("abi-{}.c", variant.name());
        let result = compile(&built(variant), &file, &assertions(&abi, variant));
        assert_eq!(result, Ok(()), "{}", variant.name());
    }
}

#[test]
fn a_wrong_number_is_noticed() {
    let built = built(Variant::Debug);
    let source = Source::patched().unwrap();
    let abi = Abi::of(&source, &Config::of(Variant::Debug)).unwrap();
    let mut wrong = abi.clone();
    wrong.invocations[7].1 += 1;
    let message = compile(&built, "abi-wrong.c", &assertions(&wrong, Variant::Debug)).unwrap_err();
    assert!(message.contains("invocation TCBSetIPCBuffer"), "{message}");
    let mut missing = abi;
    missing.object_types.pop();
    let message = compile(
        &built,
        "abi-missing.c",
        &assertions(&missing, Variant::Debug),
    )
    .unwrap_err();
    assert!(message.contains("object count"), "{message}");
}

/// The kernel is compiled as one file, which is preprocessed already: with something behind it.
fn behind_the_kernel(built: &Built, name: &str, text: &str) -> Result<(), String> {
    let kernel = built.generated.join("kernel_final.c");
    let text = format!("#include \"{}\"\n{text}\n", kernel.display());
    compile_file(built, name, &text)
}

/// Emulators have no caches, so no guest sees which memory type its pages have. Where the compiler
/// cannot remove a call of `wrong`, it is an error.
#[test]
fn memory_types_of_guests_are_obeyed() {
    let built = built(Variant::Debug);
    let check = |pairs: &[(&str, &str)]| {
        let mut text = String::from(
            "void wrong(void) __attribute__((error(\"another memory type\")));\n\
             void check(void) {\n",
        );
        for (wanted, given) in pairs {
            let got = format!("eptCacheFromVmAttr((vm_attributes_t){{{{{wanted}}}}})");
            writeln!(text, "if ({got} != {given}) wrong();").unwrap();
        }
        behind_the_kernel(&built, "memory-type.c", &(text + "}"))
    };
    let good = [
        ("EPTUncacheable", "EPTUncacheable"),
        ("EPTWriteCombining", "EPTWriteCombining"),
        ("EPTWriteThrough", "EPTWriteThrough"),
        ("EPTWriteBack", "EPTWriteBack"),
        // There is none with this number.
        ("2", "EPTWriteBack"),
    ];
    assert_eq!(check(&good), Ok(()));
    let message = check(&[("EPTUncacheable", "EPTWriteBack")]).unwrap_err();
    assert!(message.contains("another memory type"), "{message}");
}

/// A guest reaches behind the first entries of its topmost table only where the processor has more
/// than 40 bits of physical addresses, and Bochs has not.
#[test]
fn a_guest_without_memory_has_a_whole_page_of_it() {
    let text = "_Static_assert(sizeof null_ept_space == 4096, \"a part of a page\");";
    let built = built(Variant::Debug);
    assert_eq!(behind_the_kernel(&built, "null-ept.c", text), Ok(()));
}
