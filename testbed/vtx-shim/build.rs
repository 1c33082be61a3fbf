// SPDX-License-Identifier: BSD-2-Clause
//! Links the shim to where it is to be.

fn main() {
    sel4_link::programs();
    // Between what the hypervisor and its programs are loaded to, and the boot loader's modules.
    println!("cargo:rustc-link-arg-bins=-Wl,--image-base=0x8000000");
}
