// SPDX-License-Identifier: BSD-2-Clause
//! Where test systems are booted.

use std::time::Duration;

use sel4_kernel::config::Variant;

use super::manifest::Manifest;
use crate::cli::Emulator;

/// An emulator with a number of CPUs, and the kernel for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// QEMU with one CPU.
    Qemu1,
    /// QEMU with two CPUs.
    Qemu2,
    /// Bochs with one CPU.
    Bochs1,
    /// Bochs with two CPUs, for those that ask for it: it is slow.
    Bochs2,
    /// QEMU with the VT-x shim, for those that ask for it.
    Shim1,
    /// The same with two CPUs.
    Shim2,
}

impl Environment {
    /// All of them; the slow ones first, so that they do not end up alone at the end.
    pub const ALL: [Self; 6] = [
        Self::Bochs2,
        Self::Shim2,
        Self::Bochs1,
        Self::Shim1,
        Self::Qemu2,
        Self::Qemu1,
    ];

    /// The name in a test's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qemu1 => "qemu-1cpu",
            Self::Qemu2 => "qemu-2cpu",
            Self::Bochs1 => "bochs",
            Self::Bochs2 => "bochs-2cpu",
            Self::Shim1 => "shim",
            Self::Shim2 => "shim-2cpu",
        }
    }

    /// The emulator.
    pub const fn emulator(self) -> Emulator {
        match self {
            Self::Qemu1 | Self::Qemu2 => Emulator::Qemu,
            Self::Bochs1 | Self::Bochs2 => Emulator::Bochs,
            Self::Shim1 | Self::Shim2 => Emulator::Shim,
        }
    }

    /// The kernel.
    pub const fn variant(self) -> Variant {
        match self {
            Self::Qemu1 | Self::Bochs1 | Self::Shim1 => Variant::Debug,
            Self::Qemu2 | Self::Bochs2 | Self::Shim2 => Variant::SmpDebug,
        }
    }

    /// Number of CPUs.
    pub const fn cpus(self) -> u32 {
        match self {
            Self::Qemu1 | Self::Bochs1 | Self::Shim1 => 1,
            Self::Qemu2 | Self::Bochs2 | Self::Shim2 => 2,
        }
    }

    /// Does a system with this manifest run here, or say why not?
    pub fn is_for(self, manifest: &Manifest) -> bool {
        match self {
            Self::Qemu1 | Self::Qemu2 | Self::Bochs1 => true,
            Self::Bochs2 => manifest.bochs_smp,
            Self::Shim1 => manifest.shim,
            Self::Shim2 => manifest.shim && manifest.bochs_smp,
        }
    }

    /// How long a boot of a system with this manifest may take here.
    pub fn patience(self, manifest: &Manifest) -> Duration {
        let factor = match self.emulator() {
            Emulator::Qemu => 1,
            Emulator::Bochs | Emulator::Shim => 4,
        };
        Duration::from_secs(manifest.timeout.saturating_mul(factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cpus_get_the_kernel_for_several() {
        for environment in Environment::ALL {
            assert_eq!(
                environment.variant().is_smp(),
                environment.cpus() > 1,
                "{environment:?}"
            );
        }
    }

    #[test]
    fn slow_places_are_for_those_who_ask() {
        let usual = Manifest::default();
        let asking = Manifest {
            bochs_smp: true,
            ..Manifest::default()
        };
        let virtualising = Manifest {
            shim: true,
            ..asking.clone()
        };
        let count = |manifest| {
            Environment::ALL
                .iter()
                .filter(|e| e.is_for(manifest))
                .count()
        };
        assert_eq!((count(&usual), count(&asking)), (3, 4));
        assert_eq!(count(&virtualising), 6);
    }

    #[test]
    fn bochs_gets_more_time() {
        let manifest = Manifest {
            timeout: 10,
            ..Manifest::default()
        };
        assert_eq!(Environment::Qemu1.patience(&manifest).as_secs(), 10);
        assert_eq!(Environment::Bochs1.patience(&manifest).as_secs(), 40);
    }
}
