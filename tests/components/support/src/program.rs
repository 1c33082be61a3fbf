// SPDX-License-Identifier: BSD-2-Clause
//! The protection domain that runs a system's tests.

use sel4_microkit::{ChannelSet, Child, Handler, MessageInfo, Never};

/// Declares the protection domain of a system's tests: functions without parameters that return
/// [`sel4_test::TestResult`], by their paths. The last segment is the test's name.
///
/// ```ignore
/// test_protection_domain! {
///     system: "arithmetic",
///     tests: [integers::two_and_two, fractions::half_of_one],
/// }
/// ```
///
/// With `heap_size: bytes,` after the system's name the tests may allocate.
#[macro_export]
macro_rules! test_protection_domain {
    (
        system: $system:literal,
        $(heap_size: $heap:expr,)?
        tests: [$($test:path),+ $(,)?] $(,)?
    ) => {
        const SUITE: sel4_test::Suite<()> = sel4_test::Suite {
            system: $system,
            tests: &[
                $(sel4_test::Test {
                    name: $crate::last_segment(stringify!($test)),
                    run: |_| $test(),
                }),+
            ],
        };

        #[sel4_microkit::protection_domain$((heap_size = $heap))?]
        fn init() -> $crate::Done {
            SUITE.run_in_system(&mut ());
            $crate::Done
        }
    };
}

/// What is left of the tests' protection domain: others may still notify it, and fault.
#[doc(hidden)]
pub struct Done;

impl Handler for Done {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        Ok(())
    }

    fn fault(&mut self, _: Child, _: MessageInfo) -> Result<Option<MessageInfo>, Never> {
        Ok(None)
    }
}

/// What follows the last colon or blank of a path as `stringify!` writes it.
#[doc(hidden)]
pub const fn last_segment(path: &'static str) -> &'static str {
    let mut rest = path;
    let mut at = 0;
    while at < path.len() {
        let (head, tail) = path.split_at(at + 1);
        if matches!(head.as_bytes()[at], b':' | b' ') {
            rest = tail;
        }
        at += 1;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::last_segment;

    #[test]
    fn last_segments() {
        assert_eq!(last_segment("a"), "a");
        assert_eq!(last_segment("crate::m::a_b"), "a_b");
        assert_eq!(last_segment("m :: a_b"), "a_b");
    }
}
