// SPDX-License-Identifier: BSD-2-Clause
//! Takes the numbers of the kernel's interface from its patched source.

use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let out_dir = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    match sel4_kernel::abi::generate_rust(Path::new(&out_dir)) {
        Ok(inputs) => {
            for input in inputs {
                println!("cargo:rerun-if-changed={}", input.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: the kernel's interface cannot be generated: {error}");
            ExitCode::FAILURE
        }
    }
}
