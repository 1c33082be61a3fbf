// SPDX-License-Identifier: BSD-2-Clause
//! Links the program for seL4.

fn main() {
    sel4_link::programs();
}
