// SPDX-License-Identifier: BSD-2-Clause
//! Base address registers (§7.5.1.2.1): what they are, how large, where they are to be.

use crate::{Bdf, Error, Header, PciConfig, Result, command, set_command};

const FIRST_BAR: u16 = 0x10;
const IO: u32 = 1;
const TYPE: u32 = 0b110;
const TYPE_32: u32 = 0b000;
const TYPE_64: u32 = 0b100;
const PREFETCHABLE: u32 = 1 << 3;
const BELOW_4G: u64 = 1 << 32;

/// What a BAR decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    /// I/O ports.
    Io,
    /// Memory below 4 GiB.
    Memory32,
    /// Memory anywhere; takes the next BAR's place too.
    Memory64,
}

impl BarKind {
    /// The end of what its address bits reach.
    const fn limit(self) -> u64 {
        match self {
            Self::Io => 1 << 16,
            Self::Memory32 => BELOW_4G,
            Self::Memory64 => 1 << 63,
        }
    }
}

/// One BAR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its number, 0 to 5.
    pub index: u8,
    /// What it decodes.
    pub kind: BarKind,
    /// Reads have no side effects.
    pub prefetchable: bool,
    /// Bytes: a power of two.
    pub size: u64,
    /// Where it is: a multiple of its size; 0 if it has not been placed.
    pub address: u64,
}

impl Bar {
    /// Whether it can be at `address`: a multiple of its size, not 0, and all of it within reach.
    pub fn can_be_at(&self, address: u64) -> bool {
        let end = address.checked_add(self.size);
        let reachable = end.is_some_and(|end| end <= self.kind.limit());
        address != 0 && address.is_multiple_of(self.size) && reachable
    }
}

/// The BARs of a function, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bars([Option<Bar>; 6]);

impl Bars {
    /// The BAR with this number, if the function has it.
    pub fn get(&self, index: u8) -> Option<&Bar> {
        self.0.get(usize::from(index))?.as_ref()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Bar> {
        self.0.iter().flatten()
    }

    /// The memory BAR with this number.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchBar`], for `function`.
    pub fn memory(&self, function: Bdf, index: u8) -> Result<&Bar> {
        let bar = self.get(index).filter(|bar| bar.kind != BarKind::Io);
        bar.ok_or(Error::NoSuchBar(function, index))
    }
}

/// Sizes the BARs of `function`. It decodes nothing meanwhile; everything is then as before.
///
/// # Errors
///
/// [`Error::Absent`], [`Error::BadBar`].
pub fn probe_bars(config: &mut impl PciConfig, function: Bdf) -> Result<Bars> {
    let header = Header::read(config, function).ok_or(Error::Absent(function))?;
    let before = command(config, function);
    let quiet = before.with_io(false).with_memory(false);
    set_command(config, function, quiet);
    let bars = probe(config, function, FIRST_BAR, header.bars());
    set_command(config, function, before);
    bars
}

/// Sizes `count` BARs at `offset`: those of a header or those of virtual functions. The caller
/// has made sure that they decode nothing meanwhile.
///
/// # Errors
///
/// [`Error::BadBar`].
pub fn probe(config: &mut impl PciConfig, function: Bdf, offset: u16, count: u8) -> Result<Bars> {
    let mut bars = Bars::default();
    let mut index = 0;
    while index < count.min(6) {
        let bar = probe_one(config, function, offset, index, count.min(6))?;
        bars.0[usize::from(index)] = bar;
        let wide = bar.is_some_and(|bar| bar.kind == BarKind::Memory64);
        index += if wide { 2 } else { 1 };
    }
    Ok(bars)
}

/// What reads back from a register after all ones were written. It is then as before.
fn writable(config: &mut impl PciConfig, function: Bdf, at: u16) -> u32 {
    let before = config.read32(function, at);
    config.write32(function, at, u32::MAX);
    let mask = config.read32(function, at);
    config.write32(function, at, before);
    mask
}

fn probe_one(
    config: &mut impl PciConfig,
    function: Bdf,
    offset: u16,
    index: u8,
    count: u8,
) -> Result<Option<Bar>> {
    let bad = Err(Error::BadBar(function, index));
    let at = offset + 4 * u16::from(index);
    let low = config.read32(function, at);
    let mask = writable(config, function, at);
    if low == 0 && mask == 0 {
        return Ok(None);
    }
    let (kind, flags) = match (low & IO != 0, low & TYPE) {
        (true, _) => (BarKind::Io, 0b11),
        (false, TYPE_32) => (BarKind::Memory32, 0b1111),
        (false, TYPE_64) if index + 1 < count => (BarKind::Memory64, 0b1111),
        _ => return bad,
    };
    let (mut wide_mask, mut address) = (u64::from(mask & !flags), u64::from(low & !flags));
    match kind {
        BarKind::Memory64 => {
            address |= u64::from(config.read32(function, at + 4)) << 32;
            wide_mask |= u64::from(writable(config, function, at + 4)) << 32;
        }
        BarKind::Memory32 => wide_mask |= !(BELOW_4G - 1),
        // Ports have 16 bits, whether or not the upper ones can be written.
        BarKind::Io => wide_mask |= !0xffff,
    }
    // The writable bits are those above the size, all of them.
    let size = wide_mask & wide_mask.wrapping_neg();
    if size == 0
        || size >= kind.limit()
        || wide_mask != !(size - 1)
        || !address.is_multiple_of(size)
    {
        return bad;
    }
    let prefetchable = kind != BarKind::Io && low & PREFETCHABLE != 0;
    Ok(Some(Bar {
        index,
        kind,
        prefetchable,
        size,
        address,
    }))
}

/// Places a BAR of `function`. Both halves of a 64-bit BAR are written, the upper one first.
///
/// # Errors
///
/// [`Error::BarAddress`]: nothing was written.
pub fn place(config: &mut impl PciConfig, function: Bdf, bar: &Bar, address: u64) -> Result<()> {
    write_address(config, function, FIRST_BAR, bar, address)
}

/// As [`place`] for registers that begin at `offset`.
///
/// # Errors
///
/// [`Error::BarAddress`]: nothing was written.
pub fn write_address(
    config: &mut impl PciConfig,
    function: Bdf,
    offset: u16,
    bar: &Bar,
    address: u64,
) -> Result<()> {
    if !bar.can_be_at(address) {
        return Err(Error::BarAddress(function, bar.index, address));
    }
    let at = offset + 4 * u16::from(bar.index);
    if bar.kind == BarKind::Memory64 {
        config.write32(function, at + 4, (address >> 32) as u32);
    }
    config.write32(function, at, address as u32);
    Ok(())
}

#[cfg(test)]
mod tests;
