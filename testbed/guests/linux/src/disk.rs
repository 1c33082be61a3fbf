// SPDX-License-Identifier: BSD-2-Clause
//! Random reads of a disk, past the page cache.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use rustix::fs::OFlags;

use crate::{clock, figure};

/// Bytes of a read, and what direct reads have to be aligned to in memory and on the disk.
const BLOCK: u64 = 4096;

/// Measures `rounds` reads: each by itself if `depth` is 1, else the rate of `depth` readers.
pub fn measure(name: &str, device: &Path, rounds: u32, depth: u32) -> Result<()> {
    let mut disk = open(device)?;
    let blocks = disk.seek(SeekFrom::End(0))? / BLOCK;
    ensure!(blocks > 0, "{} is empty", device.display());
    if depth == 1 {
        let mut reader = Reader::new(&disk, blocks, 1);
        return figure::rounds(name, rounds, || reader.read());
    }
    let each = rounds / depth.max(1);
    let started = clock::now();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..depth)
            .map(|number| {
                let mut reader = Reader::new(&disk, blocks, u64::from(number) + 1);
                scope.spawn(move || (0..each).try_for_each(|_| reader.read()))
            })
            .collect();
        readers
            .into_iter()
            .try_for_each(|reader| reader.join().map_err(|_| anyhow!("a reader panicked"))?)
    })?;
    let nanoseconds = clock::now().saturating_sub(started).max(1);
    let reads = f64::from(each * depth);
    figure::print(
        &format!("{name}-rate"),
        reads * 1e9 / nanoseconds as f64,
        "reads/s",
    );
    Ok(())
}

fn open(device: &Path) -> Result<File> {
    let direct = i32::try_from(OFlags::DIRECT.bits())?;
    OpenOptions::new()
        .read(true)
        .custom_flags(direct)
        .open(device)
        .with_context(|| format!("cannot open {}", device.display()))
}

/// Reads blocks in an order that is random and the same every time.
struct Reader<'a> {
    disk: &'a File,
    blocks: u64,
    state: u64,
    buffer: Box<Block>,
}

#[repr(align(4096))]
struct Block([u8; BLOCK as usize]);

impl<'a> Reader<'a> {
    /// `seed` must not be 0.
    fn new(disk: &'a File, blocks: u64, seed: u64) -> Self {
        Self {
            disk,
            blocks,
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            buffer: Box::new(Block([0; BLOCK as usize])),
        }
    }

    fn read(&mut self) -> Result<()> {
        // Marsaglia's xorshift.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let offset = self.state % self.blocks * BLOCK;
        self.disk
            .read_exact_at(&mut self.buffer.0, offset)
            .with_context(|| format!("cannot read at {offset:#x}"))
    }
}
