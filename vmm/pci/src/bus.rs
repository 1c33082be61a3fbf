// SPDX-License-Identifier: BSD-2-Clause
//! The bus: finds the function that an access means.

use core::ops::Range;

use alloc::vec::Vec;

use vmm_base::{Gpa, Message, Width};

use crate::bar::bars;
use crate::config::BuildError;
use crate::decode::{Decoder, Window};
use crate::host_bridge::host_bridge;
use crate::{ConfigSpace, Function};

/// Devices on the bus, the host bridge included.
pub const DEVICES: u8 = 32;
/// Bytes of the enhanced configuration window of one bus (§7.2.2).
pub const ECAM_BYTES: u64 = 1 << 20;

const HOST_BRIDGE: u8 = 0;

/// Bus 0 with its host bridge and up to 31 functions of one type, which may be an enumeration or
/// `Box<dyn Function>`.
#[derive(Debug, Clone)]
pub struct Bus<F> {
    host_bridge: ConfigSpace,
    functions: Vec<(u8, F)>,
    decoder: Decoder,
    moves: u32,
    pub(crate) config_address: u32,
}

impl<F: Function> Bus<F> {
    /// A bus with these addresses for the functions' memory.
    pub fn new(addresses: Range<u64>) -> Self {
        Self {
            host_bridge: host_bridge(),
            functions: Vec::new(),
            decoder: Decoder::new(addresses),
            moves: 0,
            config_address: 0,
        }
    }

    /// Puts a function on the bus, as device 1 to 31, and gives addresses to its BARs, as firmware
    /// does; they are not decoded before the guest turns that on.
    ///
    /// # Errors
    ///
    /// [`BuildError::DeviceTaken`], [`BuildError::WindowFull`].
    pub fn add(&mut self, device: u8, mut function: F) -> Result<(), BuildError> {
        let place = match self.functions.binary_search_by_key(&device, |(at, _)| *at) {
            Err(place) if device != HOST_BRIDGE && device < DEVICES => place,
            _ => return Err(BuildError::DeviceTaken(device)),
        };
        for number in 0..crate::bar::BARS {
            if let Some(bar) = function.config().bar(number) {
                let free = self.free_address(&function, bar.size);
                let address = free.ok_or(BuildError::WindowFull(bar.size))?;
                function.config_mut().place_bar(number, address);
            }
        }
        self.functions.insert(place, (device, function));
        self.decoder.reserve(self.functions.len());
        self.find_windows();
        Ok(())
    }

    /// The function that is this device.
    pub fn function(&self, device: u8) -> Option<&F> {
        let mut functions = self.functions.iter();
        functions.find_map(|(at, function)| (*at == device).then_some(function))
    }

    /// The function that is this device, to be changed.
    pub fn function_mut(&mut self, device: u8) -> Option<&mut F> {
        let mut functions = self.functions.iter_mut();
        functions.find_map(|(at, function)| (*at == device).then_some(function))
    }

    /// All functions with the numbers of their devices, in that order.
    pub fn functions_mut(&mut self) -> impl Iterator<Item = (u8, &mut F)> {
        let functions = self.functions.iter_mut();
        functions.map(|(device, function)| (*device, function))
    }

    /// A read of configuration space; all ones where there is no function (§2.3.2).
    pub fn read_config(&mut self, device: u8, offset: u16, width: Width) -> u32 {
        if device == HOST_BRIDGE {
            return self.host_bridge.read(offset, width);
        }
        match self.function_mut(device) {
            Some(function) => function.read_config(offset, width),
            None => width.mask() as u32,
        }
    }

    /// A write of configuration space.
    pub fn write_config(&mut self, device: u8, offset: u16, width: Width, value: u32) {
        if device == HOST_BRIDGE {
            self.host_bridge.write(offset, width, value);
        } else if let Some(function) = self.function_mut(device) {
            function.write_config(offset, width, value);
            // Not only the header's registers move windows: a reset of the function does, too.
            self.find_windows();
        }
    }

    /// A read in the enhanced configuration window; `offset` counts from its start.
    pub fn read_ecam(&mut self, offset: u64, width: Width) -> u64 {
        let Some((device, register)) = ecam_register(offset, width) else {
            return width.mask();
        };
        if width != Width::Qword {
            return self.read_config(device, register, width).into();
        }
        let low = self.read_config(device, register, Width::Dword);
        let high = self.read_config(device, register + 4, Width::Dword);
        u64::from(high) << 32 | u64::from(low)
    }

    /// A write in the enhanced configuration window.
    pub fn write_ecam(&mut self, offset: u64, width: Width, value: u64) {
        let Some((device, register)) = ecam_register(offset, width) else {
            return;
        };
        if width != Width::Qword {
            self.write_config(device, register, width, value as u32);
            return;
        }
        self.write_config(device, register, Width::Dword, value as u32);
        self.write_config(device, register + 4, Width::Dword, (value >> 32) as u32);
    }

    /// A read of what base addresses decode; `None` if none decodes all of it.
    pub fn read_memory(&mut self, at: Gpa, width: Width) -> Option<u64> {
        let (device, bar, offset) = self.decode(at, width)?;
        let function = self.function_mut(device)?;
        Some(function.read_bar(bar, offset, width))
    }

    /// A write of what base addresses decode; `None` if none decodes all of it.
    pub fn write_memory(&mut self, at: Gpa, width: Width, value: u64) -> Option<()> {
        let (device, bar, offset) = self.decode(at, width)?;
        let function = self.function_mut(device)?;
        function.write_bar(bar, offset, width, value);
        Some(())
    }

    /// The device, its BAR and the offset in it that an access means.
    pub fn decode(&self, at: Gpa, width: Width) -> Option<(u8, u8, u64)> {
        let (window, offset) = self.decoder.find(at, width)?;
        Some((window.device, window.bar, offset))
    }

    /// What is decoded now.
    pub fn windows(&self) -> &[Window] {
        self.decoder.windows()
    }

    /// How often [`windows`](Self::windows) has changed: who maps BARs straight into the guest looks
    /// again when this has.
    pub fn moves(&self) -> u32 {
        self.moves
    }

    /// The next message that a function wants to send, until there is none.
    pub fn take_message(&mut self) -> Option<Message> {
        let mut functions = self.functions.iter_mut();
        functions.find_map(|(_, function)| function.take_message())
    }

    /// Lets each function do a part of what it has left to do. Returns whether one has more.
    pub fn work(&mut self) -> bool {
        let mut more = false;
        for (_, function) in &mut self.functions {
            more |= function.work();
        }
        more
    }

    fn find_windows(&mut self) {
        let functions = self.functions.iter();
        let changed = self
            .decoder
            .rebuild(functions.map(|(device, function)| (*device, function)));
        self.moves = self.moves.wrapping_add(changed.into());
    }

    /// The lowest address that no register holds, for a BAR of this size of a function that is not
    /// on the bus yet.
    fn free_address(&self, new: &F, size: u64) -> Option<u64> {
        let addresses = self.decoder.addresses();
        let others = self.functions.iter().map(|(_, function)| function);
        let taken = || others.clone().chain([new]).flat_map(extents);
        let mut address = addresses.start.checked_next_multiple_of(size)?;
        // Each step passes one taken range at least.
        while let Some(after) = taken()
            .filter(|range| range.start < address.saturating_add(size) && address < range.end)
            .map(|range| range.end)
            .max()
        {
            address = after.checked_next_multiple_of(size)?;
        }
        (address.checked_add(size)? <= addresses.end).then_some(address)
    }
}

/// What the registers of a function hold, decoded or not.
fn extents<F: Function>(function: &F) -> impl Iterator<Item = Range<u64>> + '_ {
    bars(function).filter_map(|(number, bar)| {
        let start = function.config().bar_address(number)?;
        Some(start..start.checked_add(bar.size)?)
    })
}

/// The device and the register, if the access is to function 0 of a device and naturally aligned.
fn ecam_register(offset: u64, width: Width) -> Option<(u8, u16)> {
    let is_here = offset < ECAM_BYTES && offset >> 12 & 7 == 0;
    let is_aligned = offset.is_multiple_of(width.bytes() as u64);
    (is_here && is_aligned).then_some(((offset >> 15) as u8, offset as u16 & 0xfff))
}
