// SPDX-License-Identifier: BSD-2-Clause
//! MSI-X (§6.1.4, §7.7.2): a table of messages in a BAR, and their pending bits.

use vmm_base::{Message, Width};

use crate::ConfigSpace;
use crate::capability::MSI_X;
use crate::config::BuildError;

/// Most vectors that a function can have here; the specification allows 2048.
pub const MAX_VECTORS: usize = 64;

const ENTRY_BYTES: u64 = 16;
const PENDING_BYTES: u64 = 8;
/// Message control, at offset 2 of the capability.
const CONTROL: u16 = 2;
const ENABLE: u32 = 1 << 15;
const MASK_ALL: u32 = 1 << 14;
const ENTRY_MASKED: u32 = 1;

/// A place in a BAR of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The number of the BAR.
    pub bar: u8,
    /// Bytes from its start, a multiple of 8.
    pub offset: u32,
}

/// The table, as the guest's driver filled it, and which messages wait to be sent.
#[derive(Debug, Clone)]
pub struct MsiX {
    capability: u16,
    table: Location,
    pending_bits: Location,
    vectors: u16,
    messages: [Message; MAX_VECTORS],
    masked: u64,
    pending: u64,
}

impl MsiX {
    /// Gives a function the capability, with so many vectors, all of them masked.
    ///
    /// # Errors
    ///
    /// [`BuildError::MessageTable`] unless there are 1 to [`MAX_VECTORS`] vectors, whose table and
    /// pending bits lie in BARs of the function; [`BuildError::NoRoom`].
    pub fn new(
        config: &mut ConfigSpace,
        vectors: u16,
        table: Location,
        pending_bits: Location,
    ) -> Result<Self, BuildError> {
        let table_bytes = u64::from(vectors) * ENTRY_BYTES;
        for (place, bytes) in [(table, table_bytes), (pending_bits, PENDING_BYTES)] {
            let size = config.bar(place.bar).map_or(0, |bar| bar.size);
            let fits = u64::from(place.offset) + bytes <= size && place.offset.is_multiple_of(8);
            if !fits {
                return Err(BuildError::MessageTable(place.bar));
            }
        }
        let start = |place: Location| u64::from(place.offset);
        let apart = start(table) + table_bytes <= start(pending_bits)
            || start(pending_bits) + PENDING_BYTES <= start(table);
        let possible = (1..=MAX_VECTORS).contains(&usize::from(vectors));
        if !possible || table.bar == pending_bits.bar && !apart {
            return Err(BuildError::MessageTable(table.bar));
        }
        let mut body = [0; 10];
        body[..2].copy_from_slice(&(vectors - 1).to_le_bytes());
        for (bytes, place) in body[2..].chunks_exact_mut(4).zip([table, pending_bits]) {
            bytes.copy_from_slice(&(place.offset | u32::from(place.bar)).to_le_bytes());
        }
        let control = ((ENABLE | MASK_ALL) as u16).to_le_bytes();
        let capability = config.add_capability(MSI_X, &body, &control)?;
        Ok(Self {
            capability,
            table,
            pending_bits,
            vectors,
            messages: [Message::default(); MAX_VECTORS],
            masked: u64::MAX,
            pending: 0,
        })
    }

    /// Entries of the table.
    pub fn vectors(&self) -> u16 {
        self.vectors
    }

    /// Does the guest use it? Until it does, what is raised is lost.
    pub fn is_enabled(&self, config: &ConfigSpace) -> bool {
        self.control(config) & ENABLE != 0
    }

    /// The message of a vector, and whether the guest has masked it by itself.
    pub fn entry(&self, vector: u16) -> Option<(Message, bool)> {
        let message = self.messages.get(self.index(vector)?)?;
        Some((*message, self.masked >> vector & 1 != 0))
    }

    /// The device wants to send the message of this vector. One that does not exist is none.
    pub fn raise(&mut self, vector: u16) {
        if self.index(vector).is_some() {
            self.pending |= 1 << vector;
        }
    }

    /// The next message to be sent. Those that are masked wait, as do all while the function must
    /// not master the bus.
    pub fn take_message(&mut self, config: &ConfigSpace) -> Option<Message> {
        if self.pending == 0 {
            return None;
        }
        let control = self.control(config);
        if control & ENABLE == 0 {
            self.pending = 0;
            return None;
        }
        let ready = self.pending & !self.masked;
        if ready == 0 || control & MASK_ALL != 0 || !config.bus_master() {
            return None;
        }
        let vector = ready.trailing_zeros();
        self.pending &= !(1 << vector);
        self.messages.get(vector as usize).copied()
    }

    /// The guest reads a BAR; `None` if neither table nor pending bits are there. They have accesses
    /// of 4 and of 8 bytes, aligned; others read as all ones.
    pub fn read(&self, bar: u8, offset: u64, width: Width) -> Option<u64> {
        let (word, high) = match self.find(bar, offset)? {
            Place::Entry(vector, half) => (self.entry_word(vector, half), offset & 4 != 0),
            Place::Pending => (self.pending, offset & 4 != 0),
        };
        Some(match width {
            Width::Qword if offset.is_multiple_of(8) => word,
            Width::Dword if offset.is_multiple_of(4) && high => word >> 32,
            Width::Dword if offset.is_multiple_of(4) => word & width.mask(),
            _ => width.mask(),
        })
    }

    /// The guest writes a BAR; `None` if neither table nor pending bits are there.
    pub fn write(&mut self, bar: u8, offset: u64, width: Width, value: u64) -> Option<()> {
        let Place::Entry(vector, half) = self.find(bar, offset)? else {
            return Some(());
        };
        let low = u64::from(u32::MAX);
        let old = self.entry_word(vector, half);
        let word = match width {
            Width::Qword if offset.is_multiple_of(8) => value,
            Width::Dword if offset.is_multiple_of(8) => old & !low | value & low,
            Width::Dword if offset.is_multiple_of(4) => old & low | value << 32,
            _ => return Some(()),
        };
        self.set_entry_word(vector, half, word);
        Some(())
    }

    /// The state after a reset of the function. The bits in configuration space are not its own.
    pub fn reset(&mut self) {
        self.messages = [Message::default(); MAX_VECTORS];
        self.masked = u64::MAX;
        self.pending = 0;
    }

    fn control(&self, config: &ConfigSpace) -> u32 {
        config.read(self.capability + CONTROL, Width::Word)
    }

    fn index(&self, vector: u16) -> Option<usize> {
        (vector < self.vectors).then_some(vector.into())
    }

    fn find(&self, bar: u8, offset: u64) -> Option<Place> {
        let inside = |place: Location, bytes: u64| {
            let offset = offset.checked_sub(place.offset.into())?;
            (bar == place.bar && offset < bytes).then_some(offset)
        };
        if let Some(offset) = inside(self.table, u64::from(self.vectors) * ENTRY_BYTES) {
            let vector = (offset / ENTRY_BYTES) as usize;
            return Some(Place::Entry(vector, offset & 8 != 0));
        }
        inside(self.pending_bits, PENDING_BYTES).map(|_| Place::Pending)
    }

    /// Half of an entry: the address, or data and vector control.
    fn entry_word(&self, vector: usize, control: bool) -> u64 {
        let message = self.messages.get(vector).copied().unwrap_or_default();
        match control {
            false => message.address,
            true => (self.masked >> vector & 1) << 32 | u64::from(message.data),
        }
    }

    fn set_entry_word(&mut self, vector: usize, control: bool, word: u64) {
        let Some(message) = self.messages.get_mut(vector) else {
            return;
        };
        if !control {
            // A message is an aligned write of 4 bytes.
            message.address = word & !0b11;
            return;
        }
        message.data = word as u32;
        self.masked &= !(1 << vector);
        self.masked |= u64::from((word >> 32) as u32 & ENTRY_MASKED) << vector;
    }
}

/// What an offset in a BAR is.
enum Place {
    /// Half of the entry of a vector, the second one if true.
    Entry(usize, bool),
    Pending,
}
