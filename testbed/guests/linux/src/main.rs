// SPDX-License-Identifier: BSD-2-Clause
//! Measures network and disk inside a Linux guest, and prints lines `figure NAME VALUE UNIT`.
//!
//! Postern links it statically and puts it into the guest's initramfs; it uses nothing but Linux'
//! system calls, `/proc` and `/dev`.

mod clock;
mod coalescing;
mod disk;
mod echo;
mod figure;
mod flood;
mod idle;
mod interrupts;
mod nvme;
mod ping;
mod stream;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// The command line. `NAME` begins the names of all figures that a command prints.
#[derive(Debug, Parser)]
enum Command {
    /// Answer every datagram with itself.
    EchoServer {
        /// UDP port.
        port: u16,
    },
    /// Measure round trips of datagrams of 64 bytes.
    Echo {
        /// Begins the figures' names.
        name: String,
        /// The server.
        server: SocketAddrV4,
        /// How many are measured.
        rounds: u32,
    },
    /// Count datagrams, and answer those that ask how many have come.
    FloodServer {
        /// UDP port.
        port: u16,
    },
    /// Measure how many datagrams of 64 bytes get through.
    Flood {
        /// Begins the figures' names.
        name: String,
        /// The server.
        server: SocketAddrV4,
        /// How many are sent.
        count: u32,
    },
    /// Measure round trips of ICMP echoes of 64 bytes.
    Ping {
        /// Begins the figures' names.
        name: String,
        /// Who answers.
        address: Ipv4Addr,
        /// How many are measured.
        rounds: u32,
    },
    /// Send back, or swallow and count, what comes over TCP.
    StreamServer {
        /// TCP port.
        port: u16,
        /// Swallow, and answer the end of a stream with its length.
        #[arg(long)]
        sink: bool,
    },
    /// Measure how fast a sink takes streams.
    Stream {
        /// Begins the figures' names.
        name: String,
        /// The sink.
        server: SocketAddrV4,
        /// Length of each.
        mebibytes: u32,
    },
    /// Set how long an interface holds receive interrupts back.
    Coalesce {
        /// The interface.
        interface: String,
        /// The delay. 0 is the least that the device can.
        microseconds: u32,
    },
    /// Measure random reads of 4 KiB.
    Read {
        /// Begins the figures' names.
        name: String,
        /// The disk.
        device: PathBuf,
        /// How many are measured.
        rounds: u32,
        /// How many readers there are at a time.
        #[arg(long, default_value_t = 1)]
        depth: u32,
    },
    /// Print how many ticks of the TSC it took until now.
    Start,
    /// Give an NVMe virtual function its resources and a namespace, and put it online.
    NvmeOnline {
        /// Character device of the physical function's controller.
        device: PathBuf,
        /// The virtual function's controller id.
        controller: u16,
        /// The namespace to attach.
        namespace: u32,
    },
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::EchoServer { port } => echo::serve(port),
        Command::Echo {
            name,
            server,
            rounds,
        } => echo::measure(&name, server, rounds),
        Command::FloodServer { port } => flood::serve(port),
        Command::Flood {
            name,
            server,
            count,
        } => flood::measure(&name, server, count),
        Command::Ping {
            name,
            address,
            rounds,
        } => ping::measure(&name, address, rounds),
        Command::StreamServer { port, sink } => stream::serve(port, sink),
        Command::Stream {
            name,
            server,
            mebibytes,
        } => stream::measure(&name, server, mebibytes),
        Command::Coalesce {
            interface,
            microseconds,
        } => coalescing::set(&interface, microseconds),
        Command::Read {
            name,
            device,
            rounds,
            depth,
        } => disk::measure(&name, &device, rounds, depth),
        Command::Start => {
            figure::print("start", clock::ticks() as f64, "ticks");
            Ok(())
        }
        Command::NvmeOnline {
            device,
            controller,
            namespace,
        } => nvme::online(&device, controller, namespace),
    }
}
