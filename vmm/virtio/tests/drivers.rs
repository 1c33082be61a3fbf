// SPDX-License-Identifier: BSD-2-Clause
//! The devices under drivers that others wrote: those of the crate `virtio-drivers`.

mod guest;

use std::collections::VecDeque;

use virtio_drivers::Error;
use virtio_drivers::device::blk::VirtIOBlk;
use virtio_drivers::device::console::VirtIOConsole;
use virtio_drivers::device::net::{TxBuffer, VirtIONet};
use virtio_drivers::device::rng::VirtIORng;
use vmm_base::{Gpa, GuestRam};
use vmm_virtio::devices::block::{Block, MemoryMedium};
use vmm_virtio::devices::console::{Console, Terminal};
use vmm_virtio::devices::entropy::{Entropy, Source};
use vmm_virtio::devices::net::{LONGEST_FRAME, Net, Network};

use guest::{Guest, Transport, Vector, plug};

/// A terminal that keeps what it is shown.
#[derive(Debug, Default)]
struct Screen {
    shown: Vec<u8>,
    flushed: usize,
    keys: VecDeque<u8>,
}

impl Terminal for Screen {
    fn write(&mut self, bytes: &[u8]) {
        self.shown.extend(bytes);
    }

    fn flush(&mut self) {
        self.flushed = self.shown.len();
    }

    fn read(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.keys.len());
        for (byte, key) in into.iter_mut().zip(self.keys.drain(..count)) {
            *byte = key;
        }
        count
    }
}

#[test]
fn a_console_shows_and_takes_bytes() {
    let (device, transport) = plug(Console::new(Screen::default()));
    let mut console = VirtIOConsole::<Guest, _>::new(transport).expect("a console");
    assert!(device.borrow().is_up());
    console.send(b'$').expect("sent");
    console.send_bytes(&[b'x'; 1000]).expect("sent");
    let screen = |device: &guest::Shared<Console<Screen>>| {
        let device = device.borrow();
        let terminal = device.device().terminal();
        (terminal.shown.len(), terminal.flushed)
    };
    assert_eq!(screen(&device), (1001, 1001));
    Transport::interrupts(&device);

    assert_eq!(console.recv(true), Ok(None));
    let keys = b"more than one buffer takes\r".repeat(300);
    (device.borrow_mut().device_mut().terminal_mut()).keys = keys.iter().copied().collect();
    device.borrow_mut().serve();
    let mut got = Vec::new();
    assert_eq!(Transport::interrupts(&device), [Vector::Queue(0)]);
    while let Ok(Some(key)) = console.recv(true) {
        got.push(key);
        device.borrow_mut().serve();
    }
    assert_eq!(got, keys);
    drop(console);
    assert!(!device.borrow().is_up());
    assert!(device.borrow_mut().take_violation().is_none());
}

/// Memory for a disk; a multiple of 8 bytes, never freed.
fn memory(bytes: usize) -> GuestRam<'static> {
    GuestRam::of(Vec::leak(vec![0; bytes / 8]))
}

#[test]
fn a_disk_reads_and_writes() {
    let memory = memory(64 * 512);
    for sector in 0..64_u8 {
        let at = Gpa(512 * u64::from(sector));
        memory.write(at, &[sector; 512]).expect("inside");
    }
    let (device, transport) = plug(Block::new(MemoryMedium::new(memory, false), "a disk"));
    let mut block = VirtIOBlk::<Guest, _>::new(transport).expect("a disk");
    assert_eq!((block.capacity(), block.readonly()), (64, false));
    let mut sectors = [0; 1024];
    block.read_blocks(7, &mut sectors).expect("read");
    assert!(sectors[..512].iter().all(|byte| *byte == 7));
    assert!(sectors[512..].iter().all(|byte| *byte == 8));
    assert_eq!(Transport::interrupts(&device), [Vector::Queue(0)]);
    block.write_blocks(62, &[0xab; 1024]).expect("written");
    block.flush().expect("flushed");
    block.read_blocks(62, &mut sectors).expect("read");
    assert_eq!(sectors, [0xab; 1024]);
    for (first, length) in [(63, 1024), (64, 512), (usize::MAX / 512, 512)] {
        assert_eq!(
            block.read_blocks(first, &mut sectors[..length]),
            Err(Error::IoError)
        );
        assert_eq!(
            block.write_blocks(first, &sectors[..length]),
            Err(Error::IoError)
        );
    }
    let mut name = [0; 20];
    assert_eq!(block.device_id(&mut name), Ok(6));
    assert_eq!(&name[..7], b"a disk\0");
    assert!(device.borrow_mut().take_violation().is_none());
}

#[test]
fn a_disk_that_is_read_only_stays_as_it_is() {
    let memory = memory(4096 + 104);
    memory.write(Gpa(0), &[5; 4096 + 104]).expect("inside");
    let medium = MemoryMedium::new(memory, true);
    let (_, transport) = plug(Block::new(medium, "a name that is much too long"));
    let mut block = VirtIOBlk::<Guest, _>::new(transport).expect("a disk");
    assert_eq!((block.capacity(), block.readonly()), (8, true));
    assert_eq!(block.write_blocks(0, &[1; 512]), Err(Error::IoError));
    let mut sector = [0; 512];
    block.read_blocks(0, &mut sector).expect("read");
    assert_eq!(sector, [5; 512]);
    let mut name = [0; 20];
    assert_eq!(block.device_id(&mut name), Ok(20));
    assert_eq!(&name, b"a name that is much ");
}

/// A network that keeps what was sent, and delivers what is put into it.
#[derive(Debug, Default)]
struct Wire {
    sent: Vec<Vec<u8>>,
    coming: VecDeque<Vec<u8>>,
}

impl Network for Wire {
    fn send(&mut self, frame: &[u8]) {
        self.sent.push(frame.to_vec());
    }

    fn flush(&mut self) {}

    fn receive(&mut self, into: &mut [u8; LONGEST_FRAME]) -> Option<usize> {
        let frame = self.coming.pop_front()?;
        into[..frame.len()].copy_from_slice(&frame);
        Some(frame.len())
    }
}

#[test]
fn an_adapter_sends_and_receives() {
    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];
    let (device, transport) = plug(Net::new(MAC, Wire::default()));
    let mut net = VirtIONet::<Guest, _, 16>::new(transport, 2048).expect("an adapter");
    assert_eq!(net.mac_address(), MAC);
    let frame = |length: usize| (0..length).map(|byte| byte as u8).collect::<Vec<_>>();
    for length in [14, 60, 1514, LONGEST_FRAME] {
        net.send(TxBuffer::from(&frame(length))).expect("sent");
    }
    // Too long: lost.
    net.send(TxBuffer::from(&frame(LONGEST_FRAME + 1)))
        .expect("taken");
    let lengths = [14, 60, 1514, LONGEST_FRAME];
    assert_eq!(device.borrow().device().network().sent, lengths.map(frame));
    Transport::interrupts(&device);

    assert!(!net.can_recv());
    for length in 14..214 {
        (device.borrow_mut().device_mut().network_mut().coming).push_back(frame(length));
    }
    device.borrow_mut().serve();
    assert_eq!(Transport::interrupts(&device), [Vector::Queue(0)]);
    for length in 14..214 {
        let buffer = net.receive().expect("a frame");
        assert_eq!(buffer.packet(), frame(length));
        net.recycle_rx_buffer(buffer).expect("given back");
        device.borrow_mut().serve();
    }
    assert!(!net.can_recv());
    assert!(device.borrow_mut().take_violation().is_none());
}

/// Counts.
#[derive(Debug)]
struct Numbers(u8);

impl Source for Numbers {
    fn fill(&mut self, into: &mut [u8]) -> usize {
        for byte in into.iter_mut() {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        into.len()
    }
}

#[test]
fn random_numbers_come_from_the_source() {
    let (device, transport) = plug(Entropy::new(Numbers(0)));
    let mut rng = VirtIORng::<Guest, _>::new(transport).expect("a source");
    let mut bytes = [0; 32];
    assert_eq!(rng.request_entropy(&mut bytes), Ok(32));
    assert_eq!(bytes, std::array::from_fn(|index| index as u8 + 1));
    assert_eq!(Transport::interrupts(&device), [Vector::Queue(0)]);
    let mut many = [0; 1000];
    assert_eq!(rng.request_entropy(&mut many), Ok(64), "a portion");
    assert_eq!(many[63], 96);
}

#[test]
fn drivers_come_and_go() {
    let (device, transport) = plug(Console::new(Screen::default()));
    drop(transport);
    for round in 1..20 {
        let transport = Transport::new(device.clone());
        let mut console = VirtIOConsole::<Guest, _>::new(transport).expect("a console");
        console.send(b'x').expect("sent");
        assert_eq!(device.borrow().device().terminal().shown.len(), round);
    }
}
