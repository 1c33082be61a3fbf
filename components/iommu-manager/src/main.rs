// SPDX-License-Identifier: BSD-2-Clause
//! The IOMMU manager.
fn main() {}
