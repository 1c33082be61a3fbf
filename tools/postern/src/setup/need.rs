// SPDX-License-Identifier: BSD-2-Clause
//! What the commands need of a Debian machine, and which of it is missing.

use super::host::Host;
use super::qemu;

/// What a command is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Build the kernels and images.
    Building,
    /// Run the tests on the host.
    HostTests,
    /// Boot in QEMU.
    Qemu,
    /// Boot in Bochs, which is built on this machine.
    Bochs,
    /// Boot a Linux, whose kernel is Debian's.
    Linux,
}

/// How to see that something is there.
#[derive(Clone, Copy)]
enum Sign {
    Program(&'static str),
    File(&'static str),
    Answer(&'static [&'static str]),
    GoodQemu,
}

struct Need {
    what: For,
    sign: Sign,
    packages: &'static [&'static str],
}

const fn need(what: For, sign: Sign, packages: &'static [&'static str]) -> Need {
    Need {
        what,
        sign,
        packages,
    }
}

/// Everything, and the Debian packages that bring it.
const NEEDS: &[Need] = &[
    need(For::Building, Sign::Program("gcc"), &["gcc", "libc6-dev"]),
    need(For::Building, Sign::Program("make"), &["make"]),
    need(For::Building, Sign::Program("objcopy"), &["binutils"]),
    need(
        For::Building,
        // The distribution's Python, whatever other one comes first in PATH.
        Sign::Answer(&["/usr/bin/python3", "-c", "import ply.yacc"]),
        &["python3", "python3-ply"],
    ),
    // Kernel modules come compressed, and the tests compress some.
    need(For::HostTests, Sign::Program("xz"), &["xz-utils"]),
    need(For::Qemu, Sign::GoodQemu, &["qemu-system-x86"]),
    need(For::Bochs, Sign::Program("g++"), &["g++"]),
    need(For::Bochs, Sign::Program("make"), &["make"]),
    need(For::Bochs, Sign::Program("xz"), &["xz-utils"]),
    need(
        For::Bochs,
        Sign::File("/usr/share/bochs/BIOS-bochs-latest"),
        &["bochsbios"],
    ),
    need(
        For::Bochs,
        Sign::File("/usr/share/vgabios/vgabios.bin"),
        &["vgabios"],
    ),
    need(For::Bochs, Sign::Program("grub-mkrescue"), &["grub-common"]),
    need(
        For::Bochs,
        Sign::File("/usr/lib/grub/i386-pc/multiboot.mod"),
        &["grub-pc-bin"],
    ),
    need(For::Bochs, Sign::Program("xorriso"), &["xorriso"]),
    need(For::Bochs, Sign::Program("mformat"), &["mtools"]),
    need(For::Linux, Sign::Program("dpkg-deb"), &["dpkg"]),
    need(For::Linux, Sign::Program("xz"), &["xz-utils"]),
    // Programs for Linux are linked statically.
    need(
        For::Linux,
        Sign::File("/usr/lib/x86_64-linux-gnu/libc.a"),
        &["libc6-dev"],
    ),
];

/// The Debian packages that are missing for `uses`, each once.
pub fn missing(host: &dyn Host, uses: &[For]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for need in NEEDS.iter().filter(|need| uses.contains(&need.what)) {
        let there = match need.sign {
            Sign::Program(name) => host.has_program(name),
            Sign::File(path) => host.has_file(path),
            Sign::Answer(command) => host.ask(command).is_some(),
            Sign::GoodQemu => qemu::check(host).is_ok(),
        };
        for package in need.packages.iter().filter(|_| !there) {
            if !packages.contains(package) {
                packages.push(*package);
            }
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::host::FakeHost;

    fn equipped() -> FakeHost {
        FakeHost {
            programs: vec![
                "gcc",
                "make",
                "objcopy",
                "g++",
                "xz",
                "grub-mkrescue",
                "xorriso",
                "mformat",
                "dpkg-deb",
            ],
            files: vec![
                "/usr/share/bochs/BIOS-bochs-latest",
                "/usr/share/vgabios/vgabios.bin",
                "/usr/lib/grub/i386-pc/multiboot.mod",
                "/usr/lib/x86_64-linux-gnu/libc.a",
            ],
            answers: vec![
                ("/usr/bin/python3 -c import ply.yacc", ""),
                (
                    "qemu-system-x86_64 --version",
                    "QEMU emulator version 10.0.2 (Debian)\n",
                ),
                ("qemu-system-x86_64 -device igb,help", "igb options:\n"),
            ],
        }
    }

    const ALL: [For; 5] = [
        For::Building,
        For::HostTests,
        For::Qemu,
        For::Bochs,
        For::Linux,
    ];

    #[test]
    fn an_equipped_host_misses_nothing() {
        assert_eq!(missing(&equipped(), &ALL), [""; 0]);
    }

    #[test]
    fn a_bare_host_misses_everything_once() {
        let found = missing(&FakeHost::default(), &ALL);
        let mut sorted = found.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), found.len(), "{found:?}");
        for package in [
            "gcc",
            "python3-ply",
            "qemu-system-x86",
            "grub-pc-bin",
            "g++",
        ] {
            assert!(found.contains(&package), "{package} not in {found:?}");
        }
    }

    #[test]
    fn tests_on_the_host_do_not_rely_on_what_emulators_bring() {
        let mut host = equipped();
        host.programs.retain(|program| *program != "xz");
        assert_eq!(missing(&host, &[For::HostTests]), ["xz-utils"]);
    }

    #[test]
    fn running_in_qemu_asks_for_nothing_of_bochs() {
        let found = missing(&FakeHost::default(), &[For::Building, For::Qemu]);
        for package in ["g++", "grub-pc-bin", "xorriso", "bochsbios"] {
            assert!(!found.contains(&package), "{package} in {found:?}");
        }
    }

    #[test]
    fn a_python_without_ply_and_an_old_qemu_do_not_count() {
        let mut host = equipped();
        host.answers = vec![
            (
                "qemu-system-x86_64 --version",
                "QEMU emulator version 7.2.11 (Debian)\n",
            ),
            ("qemu-system-x86_64 -device igb,help", ""),
        ];
        let found = missing(&host, &ALL);
        assert_eq!(found, ["python3", "python3-ply", "qemu-system-x86"]);
    }
}
