// SPDX-License-Identifier: BSD-2-Clause
//! How long a network interface holds interrupts back, set by `SIOCETHTOOL`
//! (`linux/ethtool.h`).

use std::ffi::c_void;
use std::ptr;

use anyhow::{Context, Result, ensure};
use rustix::io;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl};
use rustix::net::{AddressFamily, SocketType, socket};

const SIOCETHTOOL: Opcode = 0x8946;
const GET: u32 = 0xe;
const SET: u32 = 0xf;
/// Bytes of an interface's name with its zero.
const NAME: usize = 16;

/// `struct ethtool_coalesce`: what is to be done, the delay of receive interrupts in microseconds,
/// and what does not matter here.
#[repr(C)]
struct Coalescing {
    command: u32,
    receive_microseconds: u32,
    others: [u32; 21],
}

/// `struct ifreq` with the member that this request uses.
#[repr(C)]
struct Request<'a> {
    name: [u8; NAME],
    data: &'a mut Coalescing,
    unused: [u64; 2],
}

const _: () = assert!(size_of::<Coalescing>() == 92 && size_of::<Request<'_>>() == 40);

/// Sets the delay of `interface`'s receive interrupts. 0 is the least that the device can.
pub fn set(interface: &str, microseconds: u32) -> Result<()> {
    let mut name = [0; NAME];
    ensure!(interface.len() < NAME, "{interface} is no interface's name");
    name[..interface.len()].copy_from_slice(interface.as_bytes());
    let mut data = Coalescing {
        command: GET,
        receive_microseconds: 0,
        others: [0; 21],
    };
    submit(name, &mut data).with_context(|| format!("cannot ask {interface}"))?;
    data.command = SET;
    data.receive_microseconds = microseconds;
    submit(name, &mut data).with_context(|| format!("cannot set {interface}"))
}

fn submit(name: [u8; NAME], data: &mut Coalescing) -> Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    let mut request = Request {
        name,
        data,
        unused: [0; 2],
    };
    // SAFETY: the request has the form that its code asks for, and its reference is to a structure
    // with the form that the command in it asks for.
    Ok(unsafe { ioctl(socket, Submit(&mut request)) }?)
}

struct Submit<'a, 'b>(&'a mut Request<'b>);

// SAFETY: Linux reads and writes what the pointer leads to, and the references keep it alive and
// ours.
unsafe impl Ioctl for Submit<'_, '_> {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        SIOCETHTOOL
    }

    fn as_ptr(&mut self) -> *mut c_void {
        ptr::from_mut(self.0).cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> io::Result<()> {
        Ok(())
    }
}
