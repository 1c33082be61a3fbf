// SPDX-License-Identifier: BSD-2-Clause
//! Intel VT-d (Intel Virtualization Technology for Directed I/O, rev. 4.1).
#![no_std]
