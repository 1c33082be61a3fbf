// SPDX-License-Identifier: BSD-2-Clause
//! What the image tool tells a protection domain about itself, by writing into its file.

use core::str::Utf8Error;

use sel4_runtime::{Patched, patched};

/// Number of channels, children and I/O port ranges, each: ids are 0 to 61.
pub(crate) const MAX_IDS: usize = 62;

const NAME_BYTES: usize = 64;

type Name = [u8; NAME_BYTES];

macro_rules! symbols {
    ($($(#[$attr:meta])* $name:ident: $ty:ty = $default:expr;)*) => {
        $(
            $(#[$attr])*
            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".rodata.patched")]
            #[allow(non_upper_case_globals)]
            static $name: Patched<$ty> = Patched::new($default);
        )*
    };
}

symbols! {
    /// This PD's name, filled up with zero bytes.
    microkit_name: Name = [0; NAME_BYTES];
    /// Not 0 in a passive PD.
    microkit_passive: u8 = 0;
    /// Bit i is set when channel i is an interrupt.
    microkit_irqs: u64 = 0;
    /// Bit i is set when channel i can be notified.
    microkit_notifications: u64 = 0;
    /// Bit i is set when channel i can be called.
    microkit_pps: u64 = 0;
    /// Bit i is set when there is an I/O port range i. The crate `sel4-vcpu` asks the kernel.
    microkit_ioports: u64 = 0;
    /// Entry of each child's program, 0 where there is none.
    postern_child_entry: [u64; MAX_IDS] = [0; MAX_IDS];
    /// Name of each child.
    postern_child_names: [Name; MAX_IDS] = [[0; NAME_BYTES]; MAX_IDS];
    /// Name of the PD at the other end of each channel.
    postern_peers: [Name; MAX_IDS] = [[0; NAME_BYTES]; MAX_IDS];
}

/// Whether this protection domain is passive. The kernel has no MCS scheduling, so the PD runs as
/// any other.
pub fn pd_is_passive() -> bool {
    *microkit_passive.get() != 0
}

/// The name of this protection domain.
///
/// # Errors
///
/// When the bytes are no UTF-8, which the image tool does not produce.
pub fn pd_name() -> Result<&'static str, Utf8Error> {
    core::str::from_utf8(pd_name_bytes())
}

/// The name of this protection domain as bytes.
pub fn pd_name_bytes() -> &'static [u8] {
    let name = microkit_name.get();
    let end = name.iter().position(|byte| *byte == 0);
    &name[..end.unwrap_or(NAME_BYTES)]
}

pub(crate) fn irqs() -> u64 {
    *microkit_irqs.get()
}

pub(crate) fn notifications() -> u64 {
    *microkit_notifications.get()
}

pub(crate) fn pps() -> u64 {
    *microkit_pps.get()
}

pub(crate) fn child_entry(child: usize) -> u64 {
    postern_child_entry.get().get(child).copied().unwrap_or(0)
}

pub(crate) fn child_name(child: usize) -> Option<&'static str> {
    name_of(postern_child_names.get(), child)
}

pub(crate) fn peer(channel: usize) -> Option<&'static str> {
    name_of(postern_peers.get(), channel)
}

fn name_of(names: &'static [Name; MAX_IDS], id: usize) -> Option<&'static str> {
    names
        .get(id)
        .map(|name| patched::text(name))
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_the_image_tool_writes() {
        assert_eq!(size_of_val(&microkit_name), 64);
        assert_eq!(size_of_val(&microkit_passive), 1);
        assert_eq!(size_of_val(&microkit_ioports), 8);
        assert_eq!(size_of_val(&postern_child_entry), 62 * 8);
        assert_eq!(size_of_val(&postern_peers), 62 * 64);
        assert_eq!(size_of_val(&postern_child_names), 62 * 64);
    }

    #[test]
    fn unpatched_values_mean_nothing_is_there() {
        assert_eq!(pd_name(), Ok(""));
        assert!(!pd_is_passive());
        assert_eq!(irqs() | notifications() | pps() | microkit_ioports.get(), 0);
        assert_eq!(child_entry(0), 0);
        assert_eq!(child_entry(MAX_IDS), 0);
        assert_eq!((child_name(3), peer(61), peer(62)), (None, None, None));
    }

    #[test]
    fn names_are_found_by_id() {
        static NAMES: Patched<[Name; MAX_IDS]> = Patched::new({
            let mut names = [[0; NAME_BYTES]; MAX_IDS];
            names[61] = [b'x'; NAME_BYTES];
            names[5][0] = b'a';
            names
        });
        assert_eq!(name_of(NAMES.get(), 5), Some("a"));
        assert_eq!(name_of(NAMES.get(), 61), Some("x".repeat(64).as_str()));
        assert_eq!(name_of(NAMES.get(), 6), None);
    }
}
