// SPDX-License-Identifier: BSD-2-Clause
//! The seL4 kernel: its source, our patches, its configurations, how it is built.
