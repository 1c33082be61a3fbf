// SPDX-License-Identifier: BSD-2-Clause
//! Registers by name: a driver declares each once, with its offset, and cannot access it with the
//! wrong width.

use core::marker::PhantomData;

use crate::Mmio;

/// A register of width `T` (`u32` or `u64`) at a fixed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register<T> {
    offset: usize,
    width: PhantomData<T>,
}

impl<T> Register<T> {
    /// The register at `offset` bytes from the start of the region.
    pub const fn at(offset: usize) -> Self {
        let width = PhantomData;
        Self { offset, width }
    }

    /// Bytes from the start of the region.
    pub const fn offset(self) -> usize {
        self.offset
    }
}

/// What a register can be as wide as.
pub trait Width: Sized {
    /// Reads in one access.
    fn read(mmio: &impl Mmio, offset: usize) -> Self;
    /// Writes in one access.
    fn write(self, mmio: &mut impl Mmio, offset: usize);
}

impl Width for u32 {
    fn read(mmio: &impl Mmio, offset: usize) -> Self {
        mmio.read32(offset)
    }
    fn write(self, mmio: &mut impl Mmio, offset: usize) {
        mmio.write32(offset, self);
    }
}

impl Width for u64 {
    fn read(mmio: &impl Mmio, offset: usize) -> Self {
        mmio.read64(offset)
    }
    fn write(self, mmio: &mut impl Mmio, offset: usize) {
        mmio.write64(offset, self);
    }
}

/// Access by name.
pub trait Registers: Mmio + Sized {
    /// Reads a register.
    fn get<T: Width>(&self, register: Register<T>) -> T {
        T::read(self, register.offset)
    }
    /// Writes a register.
    fn set<T: Width>(&mut self, register: Register<T>, value: T) {
        value.write(self, register.offset);
    }
}

impl<M: Mmio> Registers for M {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FakeMmio;

    #[test]
    fn a_register_is_accessed_in_its_own_width() {
        let (narrow, wide) = (Register::<u32>::at(4), Register::<u64>::at(8));
        let mut mmio = FakeMmio::<16>::new();
        mmio.set(narrow, 7);
        mmio.set(wide, 1 << 40);
        assert_eq!((mmio.get(narrow), mmio.get(wide)), (7, 1 << 40));
        let widths = mmio.log().iter().map(|write| (write.offset, write.width));
        assert!(widths.eq([(narrow.offset(), 4), (wide.offset(), 8)]));
    }
}
