// SPDX-License-Identifier: BSD-2-Clause
//! Bits of the device status: virtio 1.2 §2.1.

/// The driver is ready.
pub const DRIVER_OK: u8 = 1 << 2;
/// The features are agreed on.
pub const FEATURES_OK: u8 = 1 << 3;
/// The device has stopped, since the driver broke a rule.
pub const NEEDS_RESET: u8 = 1 << 6;
/// What a driver can set.
pub const BY_DRIVER: u8 = 0b1000_1111;
