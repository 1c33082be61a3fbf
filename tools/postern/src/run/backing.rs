// SPDX-License-Identifier: BSD-2-Clause
//! What stands behind a machine's devices on the host: disks, and a port that leads into its
//! network. All of it is gone when this process is, however that ends, and machines that run at
//! the same time share none of it.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::{Context, Result};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::hardware::Hardware;
use crate::workspace::Workspace;

/// What QEMU is to use. It may be dropped when QEMU has ended.
#[derive(Debug, Default)]
pub struct Backing {
    /// The port, if the machine has a network.
    pub port: Option<Port>,
    /// A disk for each NVMe namespace.
    pub disks: Vec<Disk>,
}

/// A TCP port of this host that is nobody else's.
#[derive(Debug)]
pub struct Port {
    /// A bound socket that does not listen: QEMU, which allows its address to be reused as this
    /// socket does, can bind the same port; nobody who asks for any free port gets it.
    _reserved: OwnedFd,
    number: u16,
}

/// A file without a name, full of zeros, which takes up what is written to it.
#[derive(Debug)]
pub struct Disk(File);

impl Backing {
    /// Makes what `hardware` needs.
    pub fn new(workspace: &Workspace, hardware: &Hardware) -> Result<Self> {
        let port = hardware.igb.as_ref().map(|_| Port::reserve()).transpose()?;
        let sizes = hardware.nvme.iter().flat_map(|nvme| &nvme.namespaces_mib);
        let disks = sizes.map(|mib| Disk::new(workspace, u64::from(*mib) << 20));
        Ok(Self {
            port,
            disks: disks.collect::<Result<_>>()?,
        })
    }
}

impl Port {
    fn reserve() -> Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .context("cannot make a socket")?;
        sockopt::set_socket_reuseaddr(&socket, true).context("cannot share a port with QEMU")?;
        rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
            .context("this host has no free port")?;
        let address = rustix::net::getsockname(&socket).context("cannot tell a port's number")?;
        let address = SocketAddr::try_from(address).context("cannot tell a port's number")?;
        Ok(Self {
            _reserved: socket,
            number: address.port(),
        })
    }

    /// Its number, on 127.0.0.1.
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl Disk {
    fn new(workspace: &Workspace, bytes: u64) -> Result<Self> {
        let folder = workspace.folder("tmp")?;
        let file = tempfile::tempfile_in(&folder)
            .with_context(|| format!("cannot make a disk in {}", folder.display()))?;
        file.set_len(bytes).context("cannot make a disk")?;
        Ok(Self(file))
    }

    /// A path by which another process can open it as long as this one has it.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_reserved_port_can_be_listened_on_and_differs_from_others() {
        let ports: Vec<Port> = (0..20).map(|_| Port::reserve().unwrap()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, numbers[0])).unwrap();
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, numbers[0])).unwrap();
        client.write_all(b"x").unwrap();
        let mut byte = [0];
        listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"x");
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
    }

    #[test]
    fn disks_are_empty_sparse_and_nameless() {
        let workspace = Workspace::find().unwrap();
        let disk = Disk::new(&workspace, 64 << 20).unwrap();
        let file = File::options()
            .read(true)
            .write(true)
            .open(disk.path())
            .unwrap();
        let data = file.metadata().unwrap();
        assert_eq!((data.len(), data.nlink()), (64 << 20, 0));
        assert!(data.blocks() < 64, "{} blocks", data.blocks());
    }

    #[test]
    fn a_machine_gets_what_its_devices_need() {
        let workspace = Workspace::find().unwrap();
        let bare = Backing::new(&workspace, &Hardware::default()).unwrap();
        assert!(bare.port.is_none() && bare.disks.is_empty());
        let hardware: Hardware = toml::from_str("[igb]\n[nvme]\nnamespaces_mib = [1, 2]").unwrap();
        let full = Backing::new(&workspace, &hardware).unwrap();
        assert!(full.port.is_some());
        assert_eq!(full.disks.len(), 2);
    }
}
