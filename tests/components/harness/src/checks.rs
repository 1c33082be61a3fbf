// SPDX-License-Identifier: BSD-2-Clause
//! Checks: macros that return from the test where `assert!` would panic.

/// Fails the test unless the condition holds.
#[macro_export]
macro_rules! check {
    ($condition:expr $(,)?) => {
        $crate::check!($condition, "{}", stringify!($condition))
    };
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            $crate::fail!($($message)+);
        }
    };
}

/// Fails the test unless both sides are equal; a message tells what was compared.
#[macro_export]
macro_rules! check_eq {
    ($left:expr, $right:expr $(,)?) => {
        $crate::check_eq!($left, $right, "{}", stringify!($left))
    };
    ($left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) => {
                if *left != *right {
                    $crate::fail!(
                        "{}: found {left:?}, expected {right:?}",
                        format_args!($($message)+)
                    );
                }
            }
        }
    };
}

/// Fails the test unless the value matches the pattern.
#[macro_export]
macro_rules! check_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {
        match $value {
            $pattern $(if $guard)? => (),
            ref other => $crate::fail!(
                "{}: found {other:?}, expected {}",
                stringify!($value),
                stringify!($pattern $(if $guard)?)
            ),
        }
    };
}

/// Fails the test.
#[macro_export]
macro_rules! fail {
    ($($message:tt)+) => {
        return Err($crate::Failure::failed(file!(), line!(), format_args!($($message)+)))
    };
}

/// Ends the test, which cannot be made here, with the reason.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {
        return Err($crate::Failure::skipped(format_args!($($reason)+)))
    };
}

#[cfg(test)]
mod tests {
    use crate::TestResult;

    fn message(result: TestResult) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn what_holds_goes_on() {
        fn test() -> TestResult {
            check!(true);
            check!(1 < 2, "{}", unreachable_text());
            check_eq!(1 + 1, 2);
            check_matches!(Some(3), Some(x) if x > 2);
            Ok(())
        }
        fn unreachable_text() -> &'static str {
            panic!("the message of a check that holds is not made")
        }
        assert_eq!(test(), Ok(()));
    }

    #[test]
    fn what_fails_returns_with_place_and_values() {
        fn conditions() -> TestResult {
            let one = 1;
            check!(one == 2);
            Ok(())
        }
        fn own_words() -> TestResult {
            check!(false, "after {} rounds", 5);
            Ok(())
        }
        fn values() -> TestResult {
            check_eq!([1, 2][0], 3, "word {}", 0);
            Ok(())
        }
        fn patterns() -> TestResult {
            check_matches!(Some(1), None);
            Ok(())
        }
        let file = file!();
        assert!(message(conditions()).starts_with(&format!("FAILED: one == 2 ({file}:")));
        assert!(message(own_words()).starts_with("FAILED: after 5 rounds ("));
        assert!(message(values()).starts_with("FAILED: word 0: found 1, expected 3 ("));
        assert!(message(patterns()).starts_with("FAILED: Some(1): found Some(1), expected None"));
    }

    #[test]
    fn a_skip_has_its_reason() {
        fn test() -> TestResult {
            skip!("no {}", "second core")
        }
        assert_eq!(message(test()), "skipped: no second core");
    }
}
