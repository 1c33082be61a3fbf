// SPDX-License-Identifier: BSD-2-Clause
//! What a physical function's NVMe controller has to be told about a virtual function, by admin
//! commands that Linux passes through (`NVME_IOCTL_ADMIN_CMD` of `linux/nvme_ioctl.h`).

use std::ffi::c_void;
use std::fs::File;
use std::path::Path;
use std::ptr;

use anyhow::{Context, Result, ensure};
use rustix::io;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

/// Virtualization Management (NVMe 1.4, 5.22) and Namespace Attachment (5.13).
const VIRTUALIZATION: u8 = 0x1c;
const ATTACHMENT: u8 = 0x15;
/// Actions of the former: assign flexible resources to a secondary controller, put it online.
const ASSIGN: u32 = 8;
const ONLINE: u32 = 9;
/// Kinds of resources.
const QUEUES: u32 = 0 << 8;
const INTERRUPTS: u32 = 1 << 8;

/// `struct nvme_admin_cmd`.
#[repr(C)]
#[derive(Default)]
struct Admin {
    opcode: u8,
    flags: u8,
    reserved: u16,
    namespace: u32,
    cdw2: u32,
    cdw3: u32,
    metadata: u64,
    data: u64,
    metadata_length: u32,
    data_length: u32,
    cdw10: u32,
    cdw11: u32,
    cdw12_to_15: [u32; 4],
    timeout_ms: u32,
    result: u32,
}

const _: () = assert!(size_of::<Admin>() == 72);

/// Assigns an admin and an I/O queue and one interrupt to the secondary controller, puts it online
/// and attaches the namespace to it. Its function must be enabled.
pub fn online(device: &Path, controller: u16, namespace: u32) -> Result<()> {
    let file = File::open(device).with_context(|| format!("cannot open {}", device.display()))?;
    let manage = |what: u32, count: u32| Admin {
        opcode: VIRTUALIZATION,
        cdw10: u32::from(controller) << 16 | what,
        cdw11: count,
        ..Admin::default()
    };
    submit(&file, manage(ASSIGN | INTERRUPTS, 1)).context("interrupt")?;
    submit(&file, manage(ASSIGN | QUEUES, 2)).context("queues")?;
    submit(&file, manage(ONLINE, 0)).context("online")?;
    // A list of controller ids: their number, then each.
    let mut list = [0_u16; 2048];
    list[..2].copy_from_slice(&[1, controller]);
    let attach = Admin {
        opcode: ATTACHMENT,
        namespace,
        data: list.as_ptr() as u64,
        data_length: size_of_val(&list) as u32,
        ..Admin::default()
    };
    submit(&file, attach).context("namespace")
}

fn submit(file: &File, mut command: Admin) -> Result<()> {
    let opcode = command.opcode;
    // SAFETY: what the structure's address fields point to outlives the call, and Linux returns
    // when the command is complete.
    let status = unsafe { ioctl(file, Submit(&mut command)) }
        .with_context(|| format!("Linux refuses admin command {opcode:#x}"))?;
    ensure!(
        status == 0,
        "admin command {opcode:#x} ended with status {status:#x}"
    );
    Ok(())
}

/// The system call; its output is the command's status.
struct Submit<'a>(&'a mut Admin);

// SAFETY: the code belongs to a pointer to this structure, which Linux reads and writes, and the
// reference keeps it alive and ours.
unsafe impl Ioctl for Submit<'_> {
    type Output = IoctlOutput;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<Admin>(b'N', 0x41)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        ptr::from_mut(self.0).cast()
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _: *mut c_void) -> io::Result<Self::Output> {
        Ok(output)
    }
}
