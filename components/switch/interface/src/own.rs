// SPDX-License-Identifier: BSD-2-Clause
//! The link of this protection domain.

use core::fmt;
use core::ptr::NonNull;

use sel4_microkit::{Channel, pd_name};

use crate::{Link, Mac, Notify, Region, Table, TableError};

impl Notify for Channel {
    fn notify(&self) {
        Channel::notify(self);
    }
}

/// What `system.xml` says of the link.
#[derive(Debug)]
pub struct Settings {
    /// Where the region is.
    pub region: usize,
    /// The channel.
    pub channel: usize,
    /// Where the table is.
    pub table: usize,
    /// Its bytes.
    pub table_size: usize,
}

/// Why there is no link.
#[derive(Debug)]
pub enum NoLink {
    /// The table is wrong.
    Table(TableError<'static>),
    /// This protection domain is not in it.
    Name,
}

impl fmt::Display for NoLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(error) => error.fmt(f),
            Self::Name => write!(f, "'{}' is not in the table of addresses", name()),
        }
    }
}

impl core::error::Error for NoLink {}

/// The link of this protection domain to the switch, its address, and the channel by which frames are
/// announced: the memory region that `system.xml` gives by `setvar_vaddr="switch_region"`, the table
/// of addresses by `setvar_vaddr="switch_table" setvar_prefill_size="switch_table_size"`, the channel
/// by `setvar_id="switch_channel"`. `Ok(None)` if there is no region. To be used at one place of a
/// program only.
#[macro_export]
macro_rules! own_link {
    () => {
        $crate::_private::connect(&$crate::_private::Settings {
            region: *$crate::_private::var!(switch_region: usize = 0),
            channel: *$crate::_private::var!(switch_channel: usize = 0),
            table: *$crate::_private::var!(switch_table: usize = 0),
            table_size: *$crate::_private::var!(switch_table_size: usize = 0),
        })
    };
}

/// A link over a channel.
pub type ChannelLink = Link<'static, Channel>;

/// What [`own_link!`] calls.
///
/// # Errors
///
/// If the table does not say which address this protection domain has.
pub fn connect(settings: &Settings) -> Result<Option<(ChannelLink, Mac, Channel)>, NoLink> {
    let Some(region) = NonNull::new(settings.region as *mut Region) else {
        return Ok(None);
    };
    // SAFETY: the image tool wrote the address and the length of a region that it mapped for good
    // and that nobody can write.
    let table = unsafe { table(settings.table, settings.table_size) };
    let table = Table::parse(table).map_err(NoLink::Table)?;
    let mac = table.find(name()).ok_or(NoLink::Name)?;
    // SAFETY: the image tool wrote the address of a region that it mapped for good, and system.xml
    // makes it that of the switch, which uses it as a `Region` too.
    let region = unsafe { Region::from_ptr(region) };
    let channel = Channel::new(settings.channel);
    Ok(Some((Link::new(region, channel), mac, channel)))
}

/// The bytes of a table; none if there is no table.
///
/// # Safety
///
/// If there is one, it is mapped for good, and nobody writes it.
pub unsafe fn table(at: usize, size: usize) -> &'static [u8] {
    match NonNull::new(at as *mut u8) {
        // SAFETY: the caller says so.
        Some(at) => unsafe { NonNull::slice_from_raw_parts(at, size).as_ref() },
        None => &[],
    }
}

fn name() -> &'static str {
    pd_name().unwrap_or_default()
}
