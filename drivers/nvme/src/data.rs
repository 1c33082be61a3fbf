// SPDX-License-Identifier: BSD-2-Clause
//! What Identify fills the data page with (§5.15.2). All of it is the controller's word only.

/// A data page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(pub(crate) [u32; 1024]);

impl Default for Data {
    fn default() -> Self {
        Self([0; 1024])
    }
}

impl From<[u32; 1024]> for Data {
    fn from(words: [u32; 1024]) -> Self {
        Self(words)
    }
}

impl Data {
    /// The double word at byte `offset`, a multiple of 4; 0 outside.
    pub fn u32(&self, offset: usize) -> u32 {
        self.0.get(offset / 4).copied().unwrap_or(0)
    }

    /// The word at byte `offset`, a multiple of 2; 0 outside.
    pub fn u16(&self, offset: usize) -> u16 {
        (self.u32(offset) >> (8 * (offset & 2))) as u16
    }

    /// The byte at `offset`; 0 outside.
    pub fn u8(&self, offset: usize) -> u8 {
        (self.u32(offset) >> (8 * (offset & 3))) as u8
    }

    /// The quad word at byte `offset`, a multiple of 4; 0 outside.
    pub fn u64(&self, offset: usize) -> u64 {
        u64::from(self.u32(offset)) | u64::from(self.u32(offset.saturating_add(4))) << 32
    }
}

/// A controller (§5.15.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its number in its subsystem.
    pub id: u16,
    /// It can attach namespaces.
    pub manages_namespaces: bool,
    /// It can share out its resources.
    pub manages_virtual_functions: bool,
    /// The highest namespace number there can be.
    pub namespaces: u32,
}

impl Controller {
    /// From a data page.
    pub fn decode(data: &Data) -> Self {
        let commands = data.u16(256);
        Self {
            id: data.u16(78),
            manages_namespaces: commands & 1 << 3 != 0,
            manages_virtual_functions: commands & 1 << 7 != 0,
            namespaces: data.u32(516),
        }
    }
}

/// What a primary controller can share out (§5.15.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Its number.
    pub id: u16,
    /// Queue pairs that can be shared out.
    pub queues: u32,
    /// How many of them one secondary controller can have.
    pub queues_each: u16,
    /// Interrupt vectors that can be shared out.
    pub interrupts: u32,
    /// How many of them one secondary controller can have.
    pub interrupts_each: u16,
    /// Of the two, how many the primary controller has kept for itself.
    pub kept: (u16, u16),
}

impl Primary {
    /// From a data page.
    pub fn decode(data: &Data) -> Self {
        Self {
            id: data.u16(0),
            queues: data.u32(32),
            queues_each: data.u16(44),
            interrupts: data.u32(64),
            interrupts_each: data.u16(76),
            kept: (data.u16(40), data.u16(72)),
        }
    }
}

/// A secondary controller (§5.15.2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secondary {
    /// Its number.
    pub id: u16,
    /// That of its primary controller.
    pub primary: u16,
    /// It can be used.
    pub online: bool,
    /// Its virtual function, counted from 1; 0 for none.
    pub function: u16,
    /// Queue pairs that it was assigned.
    pub queues: u16,
    /// Interrupt vectors that it was assigned.
    pub interrupts: u16,
}

impl Secondary {
    /// The secondary controllers of a data page: 127 at most.
    pub fn decode(data: &Data) -> impl Iterator<Item = Self> {
        let count = (data.u32(0) & 0xff).min(127) as usize;
        (1..=count).map(|n| 32 * n).map(|at| Self {
            id: data.u16(at),
            primary: data.u16(at + 2),
            online: data.u32(at + 4) & 1 != 0,
            function: data.u16(at + 8),
            queues: data.u16(at + 10),
            interrupts: data.u16(at + 12),
        })
    }
}

/// Controllers that a namespace is attached to (§5.15.2.6).
#[derive(Clone, Copy, Debug)]
pub struct ControllerList<'a>(pub &'a Data);

impl ControllerList<'_> {
    /// Their numbers: 2047 at most.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        let count = usize::from(self.0.u16(0)).min(2047);
        (1..=count).map(|n| self.0.u16(2 * n))
    }
}

/// Namespaces that exist (§5.15.2.4).
#[derive(Clone, Copy, Debug)]
pub struct NamespaceList<'a>(pub &'a Data);

impl NamespaceList<'_> {
    /// Their numbers, up to the first zero: 1024 at most.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.0.iter().copied().take_while(|id| *id != 0)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn lists_end_where_the_page_ends() {
        let full = Data([u32::MAX; 1024]);
        assert_eq!(Secondary::decode(&full).count(), 127);
        assert_eq!(ControllerList(&full).iter().count(), 2047);
        assert_eq!(NamespaceList(&full).iter().count(), 1024);
        let empty = Data::default();
        assert_eq!(Secondary::decode(&empty).count(), 0);
        assert_eq!(ControllerList(&empty).iter().count(), 0);
        assert_eq!(NamespaceList(&empty).iter().count(), 0);
        let mut some = Data::default();
        some.0[..2].copy_from_slice(&[0x0007_0002, 0x0000_0009]);
        assert_eq!(ControllerList(&some).iter().collect::<Vec<_>>(), [7, 9]);
    }

    #[test]
    fn numbers_of_every_width_are_little_endian() {
        let mut page = Data::default();
        page.0[1..3].copy_from_slice(&[0x0403_0201, 0x0807_0605]);
        assert_eq!(page.u64(4), 0x0807_0605_0403_0201);
        assert_eq!((page.u32(8), page.u16(6)), (0x0807_0605, 0x0403));
        assert_eq!([4, 5, 6, 7].map(|at| page.u8(at)), [1, 2, 3, 4]);
        assert_eq!((page.u64(4096), page.u8(usize::MAX)), (0, 0));
    }

    #[test]
    fn fields_are_where_the_specification_has_them() {
        let mut page = Data::default();
        page.0[78 / 4] = 0x0005_0000;
        page.0[64] = 0x1aa;
        page.0[129] = 256;
        let controller = Controller::decode(&page);
        assert_eq!((controller.id, controller.namespaces), (5, 256));
        assert!(controller.manages_namespaces && controller.manages_virtual_functions);

        let mut page = Data::default();
        page.0[8] = 8;
        page.0[10] = 0x0009_0001;
        page.0[11] = 2;
        page.0[16] = 4;
        page.0[18] = 0x000d_0003;
        page.0[19] = 1;
        let primary = Primary::decode(&page);
        assert_eq!((primary.queues, primary.queues_each), (8, 2));
        assert_eq!((primary.interrupts, primary.interrupts_each), (4, 1));
        assert_eq!(primary.kept, (1, 3));

        let mut page = Data::default();
        page.0[0] = 1;
        page.0[8..12].copy_from_slice(&[0x0000_0003, 1, 0x0002_0001, 1]);
        let expected = Secondary {
            id: 3,
            primary: 0,
            online: true,
            function: 1,
            queues: 2,
            interrupts: 1,
        };
        assert!(Secondary::decode(&page).eq([expected]));
    }
}
