// SPDX-License-Identifier: BSD-2-Clause
//! Variables that `system.xml` sets in a protection domain's program.

/// Declares a symbol for the image tool to write to and gives its value, `&'static T`.
///
/// ```ignore
/// let base = *var!(timer_base: usize = 0);
/// ```
///
/// The variables of `setvar` and its like have 8 bytes. The default holds when `system.xml` sets
/// nothing. A symbol may be declared at one place of a program only.
#[macro_export]
macro_rules! var {
    ($(#[$attrs:meta])* $symbol:ident: $ty:ty = $default:expr) => {{
        $(#[$attrs])*
        #[unsafe(no_mangle)]
        #[unsafe(link_section = ".rodata.patched")]
        #[allow(non_upper_case_globals)]
        static $symbol: $crate::_private::Patched<$ty> = $crate::_private::Patched::new($default);

        $symbol.get()
    }};
}

/// Declares a symbol for the address of a memory region (`setvar_vaddr`) and gives it as
/// `NonNull<T>`, or `NonNull<[T]>` in the forms with `n`.
///
/// ```ignore
/// let registers = memory_region_symbol!(hpet_vaddr: *mut u32);
/// let frames = memory_region_symbol!(frames_vaddr: *mut [u8], n = FRAMES_SIZE);
/// ```
///
/// With `bytes = B` the size is checked against the type's.
///
/// # Panics
///
/// When the image tool set no address.
#[macro_export]
macro_rules! memory_region_symbol {
    ($(#[$attrs:meta])* $symbol:ident: *mut [$ty:ty], n = $n:expr, bytes = $bytes:expr $(,)?) => {{
        assert!($bytes == $n * core::mem::size_of::<$ty>());
        $crate::memory_region_symbol!($(#[$attrs])* $symbol: *mut [$ty], n = $n)
    }};
    ($(#[$attrs:meta])* $symbol:ident: *mut [$ty:ty], n = $n:expr $(,)?) => {{
        core::ptr::NonNull::slice_from_raw_parts(
            $crate::memory_region_symbol!($(#[$attrs])* $symbol: *mut $ty),
            $n,
        )
    }};
    ($(#[$attrs:meta])* $symbol:ident: *mut $ty:ty, bytes = $bytes:expr $(,)?) => {{
        assert!($bytes == core::mem::size_of::<$ty>());
        $crate::memory_region_symbol!($(#[$attrs])* $symbol: *mut $ty)
    }};
    ($(#[$attrs:meta])* $symbol:ident: *mut $ty:ty $(,)?) => {{
        core::ptr::NonNull::new(*$crate::var!($(#[$attrs])* $symbol: usize = 0) as *mut $ty)
            .unwrap_or_else(|| panic!("{} is not set by system.xml", stringify!($symbol)))
    }};
}

#[cfg(test)]
mod tests {
    #[test]
    fn defaults_hold_where_nothing_is_set() {
        assert_eq!(*var!(test_var: usize = 0x5000), 0x5000);
    }

    #[test]
    #[should_panic(expected = "test_region is not set by system.xml")]
    fn a_region_must_be_set() {
        memory_region_symbol!(test_region: *mut u32);
    }
}
