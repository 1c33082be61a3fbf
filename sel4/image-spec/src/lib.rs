// SPDX-License-Identifier: BSD-2-Clause
//! What the image tool tells the initial task to build.
#![no_std]
