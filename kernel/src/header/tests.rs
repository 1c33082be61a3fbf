// SPDX-License-Identifier: BSD-2-Clause
use super::*;

fn source(text: &str) -> Source {
    let mut source = Source::default();
    source.replace("h", text.to_owned());
    source
}

#[test]
fn enumerators_continue_from_the_last_and_from_other_files() {
    let source = source(
        "#define BASE 0x20\nenum e;\ntypedef enum _a { a, b = BASE + 2, c, } a_t;\n\
         enum { d = c - BASE + 1, LONG(x) };\nenum f { g = -1, h };\n",
    );
    let found = Headers::new(&source, Defines::new())
        .enumerators("h")
        .unwrap();
    let expected = [
        ("a", 0),
        ("b", 34),
        ("c", 35),
        ("d", 4),
        ("g", -1),
        ("h", 0),
    ];
    assert_eq!(
        found,
        expected.map(|(name, value)| (name.to_owned(), value))
    );
}

#[test]
fn tags_of_one_union() {
    let source = source(
        "tagged_union other t {\n tag No 9\n}\ntagged_union seL4_Fault t {\n -- a comment\n \
         tag One 1\n#ifdef X\n tag Two 2\n#endif\n tag Three 3\n}\ntag No 4\n",
    );
    let found = Headers::new(&source, Defines::new())
        .tags("h", "seL4_Fault")
        .unwrap();
    assert_eq!(found, [("One".to_owned(), 1), ("Three".to_owned(), 3)]);
}

#[test]
fn what_is_missing_is_named() {
    let source = source("enum { a = unknown };\n");
    let mut headers = Headers::new(&source, Defines::new());
    for (error, message) in [
        (
            headers.enumerators("h").unwrap_err(),
            "h: the value of `a = unknown` is unknown",
        ),
        (
            headers.enumerators("g").unwrap_err(),
            "the kernel's source has no file g",
        ),
        (
            headers.tags("h", "u").unwrap_err(),
            "h: no tagged_union u was found",
        ),
        (
            headers.value("h", "z").unwrap_err(),
            "h: there is no number z",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}
