// SPDX-License-Identifier: BSD-2-Clause
//! Linker arguments of programs on seL4.
//!
//! A program for seL4 is built for the host's own target, and linked without anything of the host:
//! static, at a fixed address, with no start files and no libraries. Its build script calls
//! [`programs`] from `main` and does nothing else; its `Cargo.toml` has `sel4-link.workspace = true` among the build dependencies, and
//! `test = false` and `bench = false` for each `[[bin]]`, since a test harness needs the host.

/// The arguments, in the spelling of the compiler driver that cargo links with.
pub const ARGUMENTS: [&str; 7] = [
    "-nostartfiles",
    "-nostdlib",
    "-static",
    "-no-pie",
    // Pages of 4 KiB are what the image tool places.
    "-Wl,-z,max-page-size=4096",
    // Nothing makes relocated data read-only at run time.
    "-Wl,-z,norelro",
    "-Wl,--build-id=none",
];

/// Makes cargo link every binary of the calling package as a program on seL4.
pub fn programs() {
    for argument in ARGUMENTS {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
