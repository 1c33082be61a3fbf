// SPDX-License-Identifier: BSD-2-Clause
//! QEMU: a q35 machine with an Intel IOMMU and the devices of its `machine.toml`.
//!
//! It is started in the image's folder: QEMU splits the module's argument at spaces and commas,
//! so that only a plain file name is safe there.

use std::ffi::OsString;
use std::path::Path;

use super::accelerator::Accelerator;
use super::backing::{Backing, Disk};
use super::hardware::{Igb, Nvme};
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
///
/// With a `shim`, that is what is booted, and the kernel is the first module.
pub fn arguments(
    machine: &Machine,
    accelerator: Accelerator,
    backing: &Backing,
    shim: Option<&Path>,
) -> Vec<OsString> {
    let hardware = &machine.hardware;
    let mut words = owned(&[
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
    ]);
    // KVM remaps interrupts only with the interrupt controllers split between it and QEMU.
    words.extend(owned(&["-machine", "q35,kernel-irqchip=split"]));
    if machine.virtual_time && accelerator == Accelerator::Tcg {
        words.extend(owned(&COUNTING));
    } else {
        words.extend(owned(&accelerator.arguments()));
    }
    words.extend(["-m".into(), format!("{}M", hardware.memory_mib)]);
    words.extend(["-smp".into(), machine.cpus.to_string()]);
    // The IOMMU must come before the devices that it is to know of.
    if let Some(options) = hardware.iommu.options() {
        words.extend(device(&["intel-iommu", options].join(",")));
    }
    words.extend(owned(&[
        "-chardev",
        "stdio,id=serial0,signal=off",
        "-serial",
        "chardev:serial0",
    ]));
    if let Some(igb) = &hardware.igb {
        words.extend(network(igb, backing));
    }
    if let Some(nvme) = &hardware.nvme {
        words.extend(storage(nvme, &backing.disks));
    }
    if hardware.edu {
        // By itself it would cut addresses off at 28 bits.
        words.extend(device("edu,bus=pcie.0,addr=05.0,dma_mask=0xffffffff"));
    }
    words.extend(hardware.qemu_args.iter().cloned());
    let mut arguments: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    let kernel = shim.unwrap_or(&machine.image.kernel);
    arguments.extend(["-kernel".into(), kernel.into()]);
    let mut modules = OsString::new();
    if shim.is_some() {
        modules.push(machine.image.kernel.file_name().unwrap_or_default());
        modules.push(",");
    }
    modules.push(machine.image.loader.file_name().unwrap_or_default());
    arguments.extend(["-initrd".into(), modules]);
    arguments
}

/// QEMU's arguments for an image of multiboot that runs on the machine itself, without seL4: time is
/// counted in instructions, and a write to port 0xf4 ends it.
pub fn bare_arguments(image: &Path) -> Vec<OsString> {
    let mut words = owned(&[
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
        "-machine",
        "q35",
        "-m",
        "64M",
        "-device",
        "isa-debug-exit,iobase=0xf4,iosize=1",
        "-chardev",
        "stdio,id=serial0,signal=off",
        "-serial",
        "chardev:serial0",
    ]);
    words.extend(owned(&COUNTING));
    let mut arguments: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    arguments.extend(["-kernel".into(), image.into()]);
    arguments
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn device(options: &str) -> [String; 2] {
    ["-device".to_owned(), options.to_owned()]
}

/// QEMU's user network: the guest gets 10.0.2.15 by DHCP, the host is 10.0.2.2.
fn network(igb: &Igb, backing: &Backing) -> Vec<String> {
    let mut netdev = "user,id=network".to_owned();
    if let Some(port) = &backing.port {
        let (outside, inside) = (port.number(), igb.forward);
        netdev += &format!(",hostfwd=tcp:127.0.0.1:{outside}-:{inside}");
    }
    let mut words = vec!["-netdev".to_owned(), netdev];
    words.extend(device("igb,netdev=network,bus=pcie.0,addr=03.0"));
    words
}

/// Every VF can have one interrupt and two queue pairs, one of them the admin queues. The PF keeps
/// some of both. Namespaces are detached: the PF manager says which VF sees which.
fn storage(nvme: &Nvme, disks: &[Disk]) -> Vec<String> {
    let vfs = u32::from(nvme.vfs);
    let (queues, interrupts) = (2 * vfs, vfs);
    let mut words = Vec::from(device("nvme-subsys,id=subsystem"));
    words.extend(device(&format!(
        "nvme,id=nvme,serial=postern,subsys=subsystem,bus=pcie.0,addr=04.0,sriov_max_vfs={vfs},\
         max_ioqpairs={},msix_qsize={},sriov_vq_flexible={queues},sriov_vi_flexible={interrupts}",
        queues + 8,
        interrupts + 13,
    )));
    for (disk, number) in disks.iter().zip(1..) {
        let file = disk.path();
        words.extend([
            "-drive".to_owned(),
            format!("file={file},if=none,id=disk{number},format=raw,cache=unsafe"),
        ]);
        words.extend(device(&format!(
            "nvme-ns,drive=disk{number},bus=nvme,nsid={number},shared=on,detached=on"
        )));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;
    use crate::workspace::Workspace;

    /// The command line of a machine with this `machine.toml`, and the port of its network.
    fn line(hardware: &str, accelerator: Accelerator) -> (String, Option<u16>) {
        line_of(&machine(hardware), accelerator)
    }

    fn machine(hardware: &str) -> Machine {
        Machine {
            name: "x".into(),
            image: Image {
                kernel: "/k/sel4_32.elf".into(),
                loader: "/i/a, b/loader.img".into(),
                report: "/r".into(),
            },
            cpus: 2,
            hardware: toml::from_str(hardware).unwrap(),
            virtual_time: false,
        }
    }

    fn line_of(machine: &Machine, accelerator: Accelerator) -> (String, Option<u16>) {
        let workspace = Workspace::find().unwrap();
        let backing = Backing::new(&workspace, &machine.hardware).unwrap();
        let words = arguments(machine, accelerator, &backing, None);
        let words = words.iter().map(|word| word.to_string_lossy().into_owned());
        let port = backing.port.as_ref().map(|port| port.number());
        (words.collect::<Vec<_>>().join(" "), port)
    }

    fn check(line: &str, parts: &[&str]) {
        for part in parts {
            assert!(line.contains(part), "`{part}` is not in `{line}`");
        }
    }

    #[test]
    fn the_machine_is_on_the_command_line() {
        let parts = [
            "-machine q35,kernel-irqchip=split -accel tcg",
            "-m 512M -smp 2",
            "-device intel-iommu,intremap=on,eim=on ",
            "-kernel /k/sel4_32.elf -initrd loader.img",
        ];
        check(&line("memory_mib = 512", Accelerator::Tcg).0, &parts);
    }

    #[test]
    fn a_shim_is_booted_before_the_kernel() {
        let machine = machine("");
        let backing = Backing::default();
        let words = arguments(&machine, Accelerator::Tcg, &backing, Some(Path::new("/s")));
        let end: Vec<_> = words[words.len() - 4..]
            .iter()
            .map(|w| w.to_str())
            .collect();
        let expected = ["-kernel", "/s", "-initrd", "sel4_32.elf,loader.img"];
        assert_eq!(end, expected.map(Some));
    }

    #[test]
    fn the_iommu_comes_before_all_other_devices() {
        let hardware = "edu = true\nqemu_args = ['-device', 'x']\n\
                        [igb]\n[nvme]\nnamespaces_mib = [1]\n";
        let (line, _) = line(hardware, Accelerator::Kvm);
        let first = line.split("-device ").nth(1).unwrap();
        assert!(first.starts_with("intel-iommu"), "{line}");
        check(&line, &["-accel kvm", "-device edu,", "-device x "]);
    }

    #[test]
    fn the_iommu_can_be_another_or_absent() {
        let (none, _) = line("iommu = false", Accelerator::Tcg);
        assert!(!none.contains("intel-iommu"), "{none}");
        let (other, _) = line("iommu = 'intremap=off'", Accelerator::Tcg);
        check(&other, &["-device intel-iommu,intremap=off "]);
    }

    #[test]
    fn the_network_is_reached_by_a_port() {
        let (line, port) = line("[igb]\nforward = 9", Accelerator::Tcg);
        let netdev = format!(
            "user,id=network,hostfwd=tcp:127.0.0.1:{}-:9 ",
            port.unwrap()
        );
        check(&line, &[&netdev, "igb,netdev=network,bus=pcie.0,addr=03.0"]);
    }

    #[test]
    fn each_namespace_has_a_disk() {
        let hardware = "[nvme]\nnamespaces_mib = [1, 2]\nvfs = 2";
        let (line, _) = line(hardware, Accelerator::Tcg);
        let parts = [
            "sriov_max_vfs=2,max_ioqpairs=12,msix_qsize=15,sriov_vq_flexible=4,sriov_vi_flexible=2",
            "drive=disk1,bus=nvme,nsid=1,shared=on,detached=on",
            "drive=disk2,bus=nvme,nsid=2,shared=on,detached=on",
        ];
        check(&line, &parts);
        assert_eq!(line.matches("-drive file=/proc/").count(), 2);
    }

    #[test]
    fn virtual_time_is_for_those_who_ask_and_where_it_can_be() {
        let asking = Machine {
            virtual_time: true,
            ..machine("")
        };
        let counts = |(line, _): (String, _)| line.contains("-icount shift=0,sleep=off");
        assert!(counts(line_of(&asking, Accelerator::Tcg)));
        assert!(!counts(line_of(&asking, Accelerator::Kvm)));
        assert!(!counts(line("", Accelerator::Tcg)));
    }

    #[test]
    fn a_bare_image_has_a_machine_without_an_iommu_and_its_exit() {
        let words = bare_arguments(Path::new("/g/guest-x"));
        let words = words.iter().map(|word| word.to_string_lossy().into_owned());
        let line = words.collect::<Vec<_>>().join(" ");
        let parts = [
            "isa-debug-exit,iobase=0xf4",
            "-icount",
            "-kernel /g/guest-x",
        ];
        check(&line, &parts);
        assert!(!line.contains("iommu"), "{line}");
    }

    #[test]
    fn nothing_of_the_users_configuration_gets_in() {
        let (line, _) = line("", Accelerator::Tcg);
        check(&line, &["-nodefaults", "-no-user-config"]);
    }
}
