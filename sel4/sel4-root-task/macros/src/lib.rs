// SPDX-License-Identifier: BSD-2-Clause
//! The attribute macro of sel4-root-task.
