// SPDX-License-Identifier: BSD-2-Clause
//! The image tool: system description in, bootable image out.
