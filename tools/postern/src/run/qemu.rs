// SPDX-License-Identifier: BSD-2-Clause
//! QEMU: a q35 machine with an Intel IOMMU.
//!
//! It is started in the image's folder: QEMU splits the module's argument at spaces and commas,
//! so that only a plain file name is safe there.

use std::ffi::OsString;

use super::accelerator::Accelerator;
use super::machine::Machine;

/// TCG that counts instructions. One takes a nanosecond; while all CPUs wait, time goes on to the
/// next event at once. QEMU 10.0 ends with 'Bad icount read' when an x2APIC's register is accessed
/// then, so there is none.
const COUNTING: [&str; 8] = [
    "-accel",
    "tcg",
    "-cpu",
    "max,-x2apic",
    "-icount",
    "shift=0,sleep=off",
    "-rtc",
    "clock=vm",
];

/// QEMU's arguments. The serial port is on its standard input and output.
pub fn arguments(machine: &Machine, accelerator: Accelerator) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
    add(&[
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
    ]);
    // KVM remaps interrupts only with the interrupt controllers split between it and QEMU.
    add(&["-machine", "q35,kernel-irqchip=split"]);
    if machine.virtual_time && accelerator == Accelerator::Tcg {
        add(&COUNTING);
    } else {
        add(&accelerator.arguments());
    }
    add(&[
        "-m",
        &format!("{}M", machine.memory_mib),
        "-smp",
        &machine.cpus.to_string(),
    ]);
    // The IOMMU must come before the devices that it is to know of. Extended interrupt mode
    // goes with the kernel's x2APIC.
    add(&["-device", "intel-iommu,intremap=on,eim=on"]);
    add(&[
        "-chardev",
        "stdio,id=serial0,signal=off",
        "-serial",
        "chardev:serial0",
    ]);
    add(&machine
        .qemu_args
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>());
    arguments.extend(["-kernel".into(), machine.image.kernel.clone().into()]);
    let module = machine.image.loader.file_name().unwrap_or_default();
    arguments.extend(["-initrd".into(), module.to_owned()]);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;

    fn machine() -> Machine {
        Machine {
            name: "x".into(),
            image: Image {
                kernel: "/k/sel4_32.elf".into(),
                loader: "/i/a, b/loader.img".into(),
                report: "/r".into(),
            },
            cpus: 2,
            memory_mib: 512,
            qemu_args: vec!["-device".into(), "edu".into()],
            virtual_time: false,
        }
    }

    fn line(accelerator: Accelerator) -> String {
        line_of(&machine(), accelerator)
    }

    fn line_of(machine: &Machine, accelerator: Accelerator) -> String {
        let words = arguments(machine, accelerator);
        words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_machine_is_on_the_command_line() {
        let line = line(Accelerator::Tcg);
        for part in [
            "-machine q35,kernel-irqchip=split -accel tcg",
            "-m 512M -smp 2",
            "-kernel /k/sel4_32.elf -initrd loader.img",
        ] {
            assert!(line.contains(part), "`{part}` is not in `{line}`");
        }
    }

    #[test]
    fn the_iommu_comes_before_the_devices() {
        let line = line(Accelerator::Kvm);
        let position = |part| {
            line.find(part)
                .unwrap_or_else(|| panic!("no {part} in {line}"))
        };
        assert!(position("intel-iommu") < position("-device edu"));
        assert!(line.contains("-accel kvm"));
    }

    #[test]
    fn virtual_time_is_for_those_who_ask_and_where_it_can_be() {
        let asking = Machine {
            virtual_time: true,
            ..machine()
        };
        let counts = |line: String| line.contains("-icount shift=0,sleep=off");
        assert!(counts(line_of(&asking, Accelerator::Tcg)));
        assert!(!counts(line_of(&asking, Accelerator::Kvm)));
        assert!(!counts(line(Accelerator::Tcg)));
    }

    #[test]
    fn nothing_of_the_users_configuration_gets_in() {
        let line = line(Accelerator::Tcg);
        assert!(
            line.contains("-nodefaults") && line.contains("-no-user-config"),
            "{line}"
        );
    }
}
