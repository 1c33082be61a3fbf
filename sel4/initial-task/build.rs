// SPDX-License-Identifier: BSD-2-Clause
//! Links for seL4.

fn main() {
    sel4_link::programs();
}
