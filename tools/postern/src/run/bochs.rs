// SPDX-License-Identifier: BSD-2-Clause
//! Bochs: its configuration file, and the disc that it boots.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::machine::Machine;
use crate::command::logged;
use crate::image::Image;
use crate::workspace::Workspace;

/// GRUB leaves the text mode alone: the kernel's multiboot header asks for no other.
const GRUB_CONFIG: &str = "set timeout=0\nset gfxpayload=text\n\
    menuentry postern {\n  multiboot /boot/kernel\n  module /boot/loader.img\n}\n";

/// For a Linux without anything beneath it. When it starts, the TSC (MSR 0x10) is told on the serial
/// port: what firmware and loader took.
const LINUX_CONFIG: &str = "set timeout=0\nset gfxpayload=text\nserial --unit=0\n\
    terminal_output serial\nmenuentry linux {\n  linux /boot/kernel console=ttyS0 quiet\n  \
    initrd /boot/loader.img\n  rdmsr -v start 0x10\n  echo \"GRUB: started at $start\"\n}\n";
/// Where a bzImage has its magic number.
const LINUX_MAGIC: (usize, &[u8]) = (0x202, b"HdrS");

/// Emulated instructions per microsecond of virtual time.
const MIPS: u32 = 100;

/// Makes the disc and the configuration; returns the configuration file.
pub fn prepare(workspace: &Workspace, machine: &Machine) -> Result<PathBuf> {
    let folder = workspace.folder(&format!("bochs/{}", machine.name))?;
    let iso = folder.join("boot.iso");
    make_iso(workspace, &machine.image, &folder, &iso)?;
    let config = folder.join("bochsrc");
    let text = bochsrc(
        machine,
        &iso,
        &workspace.log(&format!("{}-bochs", machine.name))?,
    );
    fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
    Ok(config)
}

/// The configuration. The serial port is the terminal on Bochs' standard input.
fn bochsrc(machine: &Machine, iso: &Path, log: &Path) -> String {
    let cpus = machine.cpus;
    let memory = machine.hardware.memory_mib;
    let iso = iso.display();
    let log = log.display();
    let ips = MIPS * 1_000_000;
    format!(
        "config_interface: textconfig\n\
         display_library: nogui\n\
         cpu: model=corei7_icelake_u, count={cpus}, ips={ips}, reset_on_triple_fault=0\n\
         memory: guest={memory}, host={memory}\n\
         romimage: file=/usr/share/bochs/BIOS-bochs-latest\n\
         vgaromimage: file=/usr/share/vgabios/vgabios.bin\n\
         pci: enabled=1, chipset=i440fx\n\
         ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n\
         ata0-master: type=cdrom, path=\"{iso}\", status=inserted\n\
         boot: cdrom\n\
         com1: enabled=1, mode=term, dev=/dev/stdin\n\
         clock: sync=none, time0=utc\n\
         mouse: enabled=0\n\
         log: \"{log}\"\n\
         panic: action=fatal\n\
         error: action=report\n\
         info: action=ignore\n\
         debug: action=ignore\n"
    )
}

fn make_iso(workspace: &Workspace, image: &Image, folder: &Path, iso: &Path) -> Result<()> {
    let tree = folder.join("tree");
    let boot = tree.join("boot");
    fs::create_dir_all(boot.join("grub"))
        .with_context(|| format!("cannot make {}", boot.display()))?;
    for (from, name) in [(&image.kernel, "kernel"), (&image.loader, "loader.img")] {
        fs::copy(from, boot.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let config = boot.join("grub/grub.cfg");
    let is_linux = is_linux(&image.kernel)?;
    let text = if is_linux { LINUX_CONFIG } else { GRUB_CONFIG };
    fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut command = Command::new("grub-mkrescue");
    // Only what is needed to find the disc: a smaller disc is read sooner by the emulated drive.
    command.args([
        "-d",
        "/usr/lib/grub/i386-pc",
        "--locales=",
        "--fonts=",
        "--themes=",
    ]);
    let modules = if is_linux {
        "linux serial terminal rdmsr echo"
    } else {
        "multiboot"
    };
    command.arg(format!(
        "--install-modules={modules} biosdisk iso9660 normal configfile"
    ));
    command.arg("-o").arg(iso).arg(&tree);
    logged(
        &mut command,
        &workspace.log(&format!("{name}-iso"))?,
        |_| {},
    )
    .context("cannot make the disc that Bochs boots")
}

fn is_linux(kernel: &Path) -> Result<bool> {
    let (at, magic) = LINUX_MAGIC;
    let file = fs::read(kernel).with_context(|| format!("cannot read {}", kernel.display()))?;
    Ok(file.get(at..).is_some_and(|rest| rest.starts_with(magic)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::hardware::Hardware;

    #[test]
    fn the_machine_is_in_the_configuration() {
        let image = Image {
            kernel: "k".into(),
            loader: "l".into(),
            report: "r".into(),
        };
        let machine = Machine {
            name: "x".into(),
            image,
            cpus: 2,
            hardware: Hardware {
                memory_mib: 256,
                ..Hardware::default()
            },
            virtual_time: false,
        };
        let text = bochsrc(&machine, Path::new("/a b/boot.iso"), Path::new("/log"));
        for line in [
            "cpu: model=corei7_icelake_u, count=2, ips=100000000, reset_on_triple_fault=0",
            "memory: guest=256, host=256",
            "ata0-master: type=cdrom, path=\"/a b/boot.iso\", status=inserted",
            "log: \"/log\"",
            "panic: action=fatal",
        ] {
            assert!(
                text.lines().any(|l| l == line),
                "no line `{line}` in\n{text}"
            );
        }
    }
}
