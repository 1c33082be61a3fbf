// SPDX-License-Identifier: BSD-2-Clause
use super::*;

fn defines() -> Defines {
    [("A", 1), ("CONFIG_MAX_NUM_NODES", 4)]
        .map(|(name, value)| (name.into(), value))
        .into()
}

#[test]
fn conditions() {
    for (text, holds) in [
        ("", true),
        ("1", true),
        ("0", false),
        ("CONFIG_MAX_NUM_NODES > 1", true),
        ("CONFIG_MAX_NUM_NODES <= 1", false),
        ("CONFIG_MAX_NUM_NODES == 0x4", true),
        ("CONFIG_MAX_NUM_NODES != 4", false),
        ("defined(A)", true),
        ("defined A", true),
        ("!defined(A)", false),
        ("defined(B) || defined A && !(A < 1)", true),
        ("A && B", false),
        ("B", false),
        ("B >= 0", true),
    ] {
        assert_eq!(condition(text, &defines()), Ok(holds), "{text}");
    }
}

#[test]
fn conditions_that_are_none() {
    for text in [
        "1 +",
        "(1",
        "1)",
        "defined",
        "defined(A",
        "&& 1",
        "A B",
        "1 < ",
        "'a'",
        "1x",
    ] {
        assert!(condition(text, &defines()).is_err(), "{text}");
    }
}

#[test]
fn lines_of_branches_that_are_taken() {
    let text = "\
/* a comment
   over lines */ first // and one to the end
#define N 3
#ifdef A
yes
#if N > 2 && \\
defined(A)
yes again
#else
no
#define M 1
#endif
#else
#if this makes no sense
#endif
no
#endif
#ifndef M
last
#endif
";
    let mut defines = defines();
    let lines = active_lines(text, &mut defines).unwrap();
    let lines: Vec<_> = lines
        .iter()
        .map(|l| l.trim())
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(lines, ["first", "yes", "yes again", "last"]);
    assert_eq!(defines.get("N"), Some(&3));
}

#[test]
fn unbalanced_conditions() {
    for (text, message) in [
        ("#if 1\n", "#if without #endif"),
        ("#endif\n", "#endif without #if"),
        ("#else\n", "#else without #if"),
        ("#if 0\n#elif 1\n#endif\n", "#elif"),
        ("#if 1 1\n#endif\n", "cannot evaluate the condition `1 1`"),
    ] {
        assert_eq!(
            active_lines(text, &mut defines()),
            Err(message.into()),
            "{text}"
        );
    }
}
