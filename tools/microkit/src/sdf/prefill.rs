// SPDX-License-Identifier: BSD-2-Clause
//! What a memory region holds when the system starts: a file, a text, or a part of the boot information.

use std::path::{Path, PathBuf};

use super::attrs::{Attr, Attrs};
use super::context::{Context, Parsed};
use super::element::Element;
use super::instruction;
use super::text::quote;
use crate::model::{BootinfoKind, Prefill};

const BOOTINFO: &[(&str, BootinfoKind)] = &[
    ("x86_vbe", BootinfoKind::Vbe),
    ("x86_mbmmap", BootinfoKind::MemoryMap),
    ("x86_acpi_rsdp", BootinfoKind::AcpiRsdp),
    ("x86_framebuffer", BootinfoKind::FrameBuffer),
    ("x86_tsc_freq", BootinfoKind::TscFrequency),
    ("fdt", BootinfoKind::Fdt),
];

const FORM: &str = "write <?postern text=\"…\"?> to fill the region with a text";

/// At most one of `prefill_path`, `prefill_bootinfo` and an instruction with a text.
pub(super) fn parse(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    element: Element<'_>,
) -> Parsed<Option<Prefill>> {
    let text = text(context, element);
    let filled = filled(context, attrs);
    match (text?, filled?) {
        (Some(text), Some(_)) => {
            let about = element.describe();
            let message = format!("{about}: it has both a text and a prefill attribute");
            let help = "a region is filled by one thing: remove the other";
            Err(context.error(text.span, message, help))
        }
        (Some(text), None) => Ok(Some(Prefill::Text(text.value.into()))),
        (None, filled) => Ok(filled),
    }
}

/// The text, just as it stands there.
fn text<'a>(context: &mut Context<'_>, element: Element<'a>) -> Parsed<Option<Attr<'a>>> {
    let mut found: Parsed<Option<Attr<'a>>> = Ok(None);
    for instruction in instruction::all(context, element, FORM) {
        let text = instruction.and_then(|instruction| {
            let attrs = instruction.attrs(context, &["text"]);
            attrs.text(context, "text")
        });
        found = match (found, text) {
            (Ok(Some(first)), Ok(text)) => {
                let message = format!("{}: more than one <?postern text?>", element.describe());
                let earlier = (first.span, "the first");
                Err(context.conflict(text.span, earlier, message, "remove one"))
            }
            (found, text) => found.and(text.map(Some)),
        };
    }
    found
}

fn filled(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<Option<Prefill>> {
    let path = attrs.optional_text(context, "prefill_path");
    let bootinfo = attrs.optional_text(context, "prefill_bootinfo");
    match (path?, bootinfo?) {
        (None, None) => Ok(None),
        (Some(_), Some(bootinfo)) => {
            let message = format!(
                "{}: it has both prefill_path and prefill_bootinfo",
                attrs.element.describe()
            );
            let help = "a region is filled by a file or by the boot information: remove one";
            Err(context.error(bootinfo.span, message, help))
        }
        (Some(path), None) => file(context, attrs, &path).map(Some),
        (None, Some(_)) => {
            let kind = attrs.choice(context, "prefill_bootinfo", BOOTINFO, BootinfoKind::Vbe)?;
            Ok(Some(Prefill::Bootinfo(kind)))
        }
    }
}

/// The file as it lies in the search path. It is read by the builder.
fn file(context: &mut Context<'_>, attrs: &Attrs<'_>, path: &Attr<'_>) -> Parsed<Prefill> {
    let about = attrs.element.describe();
    let value = quote(path.value);
    let error = |context: &mut Context<'_>, what: &str, help: String| {
        let message = format!("{about}: prefill file {value} {what}");
        Err(context.error(path.span.clone(), message, help))
    };
    let Some(found) = find(context.search, path.value) else {
        let places: Vec<_> = context
            .search
            .iter()
            .map(|dir| dir.display().to_string())
            .collect();
        let help = format!("put it in the search path ({})", places.join(", "));
        return error(context, "does not exist", help);
    };
    let metadata = match std::fs::metadata(&found) {
        Ok(metadata) => metadata,
        Err(reason) => return error(context, "cannot be read", reason.to_string()),
    };
    if !metadata.is_file() {
        return error(
            context,
            "is no file",
            format!("'{}' is not", found.display()),
        );
    }
    if metadata.len() == 0 {
        return error(
            context,
            "is empty",
            "there is nothing to fill the region with".into(),
        );
    }
    Ok(Prefill::File {
        path: found,
        len: metadata.len(),
    })
}

/// The first match along the search path; an absolute path is its own match.
fn find(search: &[PathBuf], path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    if path.is_absolute() {
        return path.exists().then(|| path.into());
    }
    search
        .iter()
        .map(|dir| dir.join(path))
        .find(|path| path.exists())
}
