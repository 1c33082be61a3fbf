// SPDX-License-Identifier: BSD-2-Clause
//! How QEMU executes the guest: by KVM, if this machine's KVM can run a hypervisor as its guest,
//! else by translation (TCG). What works is found by trying: `/dev/kvm` may be there and fail.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::logged;
use crate::setup::qemu::PROGRAM;
use crate::workspace::Workspace;

/// Names the accelerator, without a trial.
const OVERRIDE: &str = "POSTERN_ACCELERATOR";
/// How long the trial may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What QEMU exits with when the probe says yes: `2 * 0x10 + 1`.
const YES: i32 = 0x21;

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The CPU itself.
    Kvm,
    /// QEMU's translator. It has no VT-x.
    Tcg,
}

impl Accelerator {
    /// QEMU's arguments for it.
    pub fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg", "-cpu", "max"],
        }
    }

    /// Its name, with what a reader of a log wants to know.
    pub fn description(self) -> &'static str {
        match self {
            Self::Kvm => "KVM with nested VT-x",
            Self::Tcg => "TCG (translation; no VT-x)",
        }
    }

    /// Finds out what works here.
    pub fn choose(workspace: &Workspace) -> Result<Self> {
        match std::env::var(OVERRIDE).as_deref() {
            Ok("kvm") => return Ok(Self::Kvm),
            Ok("tcg") => return Ok(Self::Tcg),
            Ok("") | Err(_) => {}
            Ok(other) => bail!("{OVERRIDE}={other}: it can be kvm or tcg"),
        }
        // Where KVM cannot even be opened there is nothing to try.
        let device = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/kvm");
        let kvm = device.is_ok() && kvm_runs_hypervisors(workspace)?;
        Ok(if kvm { Self::Kvm } else { Self::Tcg })
    }
}

/// Boots the probe under KVM.
fn kvm_runs_hypervisors(workspace: &Workspace) -> Result<bool> {
    let folder = workspace.folder("probe")?;
    let source = folder.join("probe.S");
    let probe = folder.join("probe.elf");
    std::fs::write(&source, include_str!("probe.S")).context("cannot write the probe")?;
    let mut assemble = Command::new("gcc");
    assemble.args([
        "-m32",
        "-nostdlib",
        "-static",
        "-Wl,-Ttext=0x100000,--build-id=none",
        "-o",
    ]);
    assemble.arg(&probe).arg(&source);
    logged(&mut assemble, &workspace.log("probe")?, |_| {}).context("cannot build the probe")?;
    let mut qemu = Command::new(PROGRAM);
    qemu.args([
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
    ])
    .args(["-machine", "q35,kernel-irqchip=split"])
    .args(Accelerator::Kvm.arguments())
    .args(["-device", "intel-iommu,intremap=on,eim=on"])
    .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel"])
    .arg(&probe)
    .stdin(Stdio::null())
    .stdout(Stdio::null())
    .stderr(Stdio::null());
    let mut child = qemu
        .spawn()
        .with_context(|| format!("cannot start {PROGRAM}"))?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().context("cannot wait for the probe")? {
            return Ok(status.code() == Some(YES));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().context("cannot end the probe")?;
    child.wait().context("cannot wait for the probe")?;
    Ok(false)
}
