// SPDX-License-Identifier: BSD-2-Clause
//! Requests to a disk that the usual drivers do not make.

use vmm_base::{Gpa, GuestRam};
use vmm_virtio::Violation;
use vmm_virtio::devices::block::{Block, MemoryMedium};

use crate::registers::{Device, VERSION_1};

const NEXT: u16 = 1;
const WRITE: u16 = 2;

/// Where header, data and status are.
const HEADER: u64 = 0x8000;
const DATA: u64 = 0x9000;
const STATUS: u64 = 0xf000;

const SECTORS: u64 = 16;

type Disk = Device<Block<MemoryMedium<'static>>>;

/// A disk whose sectors have their numbers in them.
fn disk() -> Disk {
    let memory = GuestRam::of(Vec::leak(vec![0; 64 * SECTORS as usize]));
    for sector in 0..SECTORS {
        let number = [sector as u8 + 1; 512];
        memory.write(Gpa(512 * sector), &number).expect("inside");
    }
    let mut disk = Device::new(Block::new(MemoryMedium::new(memory, false), "disk"));
    disk.start(VERSION_1);
    disk
}

/// Writes a header.
fn header(disk: &Disk, kind: u32, sector: u64) {
    let header = u128::from(kind) | u128::from(sector) << 64;
    disk.ram()
        .write(Gpa(HEADER), &header.to_le_bytes())
        .expect("inside");
    disk.ram().write(Gpa(STATUS), &[0xee]).expect("inside");
}

/// Makes a request of these buffers and the byte for the status; tells the status, and how much was
/// written.
fn request(disk: &mut Disk, buffers: &[(u64, u32, u16)]) -> (u8, u32) {
    for (index, (at, length, flags)) in buffers.iter().enumerate() {
        disk.describe(0, index as u64, *at, *length, flags | NEXT);
    }
    disk.describe(0, buffers.len() as u64, STATUS, 1, WRITE);
    disk.offer(0, 0);
    disk.notify(0);
    let [status] = disk.ram().get(Gpa(STATUS)).expect("inside");
    (status, disk.used(0).expect("it came back").1)
}

#[test]
fn buffers_may_have_any_lengths() {
    let mut disk = disk();
    header(&disk, 0, 3);
    let parts = [
        (HEADER, 1, 0),
        (HEADER + 1, 14, 0),
        (HEADER + 15, 1, 0),
        (DATA, 1, WRITE),
        (DATA + 1, 1000, WRITE),
        (DATA + 1001, 23, WRITE),
    ];
    assert_eq!(request(&mut disk, &parts), (0, 1025));
    let data: [u8; 1024] = disk.ram().get(Gpa(DATA)).expect("inside");
    assert!(data[..512].iter().all(|byte| *byte == 4));
    assert!(data[512..].iter().all(|byte| *byte == 5));
    // Header and data to be written in one buffer.
    header(&disk, 1, 0);
    disk.ram()
        .write(Gpa(HEADER + 16), &[0xab; 512])
        .expect("inside");
    assert_eq!(request(&mut disk, &[(HEADER, 16 + 512, 0)]), (0, 1));
    header(&disk, 0, 0);
    assert_eq!(
        request(&mut disk, &[(HEADER, 16, 0), (DATA, 512, WRITE)]),
        (0, 513)
    );
    assert_eq!(disk.ram().get(Gpa(DATA)), Ok([0xab; 512]));
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_written() {
    let mut disk = disk();
    let data = disk.ram().get::<512>(Gpa(DATA)).expect("inside");
    for (kind, sector, length, status) in [
        (0, SECTORS, 512, 1),
        (0, SECTORS - 1, 1024, 1),
        (0, u64::MAX, 512, 1),
        (0, 1 << 55, 512, 1),
        (0, 0, 511, 1),
        (0, 0, 0x40_0000, 1),
        (2, 0, 512, 2),
        (11, 0, 512, 2),
        (u32::MAX, 0, 512, 2),
    ] {
        header(&disk, kind, sector);
        if length <= 0x1000 {
            let written = request(&mut disk, &[(HEADER, 16, 0), (DATA, length, WRITE)]);
            assert_eq!(written, (status, 0), "{kind} {sector} {length}");
        }
        assert_eq!(disk.ram().get(Gpa(DATA)), Ok(data));
    }
    // The longest that is served is about 1 MiB; the same buffer may be named again and again.
    header(&disk, 1, 0);
    let long = vec![(DATA, 0x5000, 0); 100];
    assert_eq!(
        request(&mut disk, &[&[(HEADER, 16, 0)], &long[..]].concat()),
        (1, 1)
    );
}

#[test]
fn requests_without_data_are_requests() {
    let mut disk = disk();
    for (kind, written) in [(0, 1), (1, 1), (4, 1), (8, 1)] {
        header(&disk, kind, 0);
        assert_eq!(
            request(&mut disk, &[(HEADER, 16, 0)]),
            (0, written),
            "{kind}"
        );
    }
    header(&disk, 8, 0);
    assert_eq!(
        request(&mut disk, &[(HEADER, 16, 0), (DATA, 3, WRITE)]),
        (0, 4)
    );
    assert_eq!(disk.ram().get(Gpa(DATA)), Ok(*b"dis\0"));
}

#[test]
fn requests_without_a_header_or_a_status_stop_the_device() {
    for (length, flags, violation) in [
        (
            15,
            0,
            Violation::BufferLength {
                length: 15,
                needed: 16,
            },
        ),
        (
            16,
            0,
            Violation::BufferLength {
                length: 0,
                needed: 1,
            },
        ),
        (
            512,
            WRITE,
            Violation::BufferLength {
                length: 0,
                needed: 16,
            },
        ),
    ] {
        let mut disk = disk();
        header(&disk, 0, 0);
        disk.describe(0, 0, HEADER, length, flags);
        disk.offer(0, 0);
        disk.notify(0);
        assert_eq!(disk.function.take_violation(), Some(violation));
        assert_eq!(disk.used(0), None);
        assert!(!disk.function.is_up());
    }
}
