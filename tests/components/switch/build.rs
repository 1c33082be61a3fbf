// SPDX-License-Identifier: BSD-2-Clause
//! Links the programs for seL4.

fn main() {
    sel4_link::programs();
}
