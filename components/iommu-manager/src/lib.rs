// SPDX-License-Identifier: BSD-2-Clause
//! The IOMMU manager without seL4: what it says about the remapping unit and about the grants of
//! the system description.
#![no_std]
#![forbid(unsafe_code)]

mod report;

pub use report::{Line, report};
