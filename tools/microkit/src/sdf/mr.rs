// SPDX-License-Identifier: BSD-2-Clause
//! `<memory_region>`.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::element::Element;
use super::limits::{PAGE_LARGE, PAGE_SMALL, USER_TOP};
use super::number::Limit;
use super::prefill;
use super::text::quote;
use crate::model::{MemoryRegion, PageSize, Prefill};

const ATTRIBUTES: &[&str] = &[
    "name",
    "size",
    "page_size",
    "phys_addr",
    "prefill_path",
    "prefill_bootinfo",
];

const SIZE: Limit = Limit::new(
    1,
    USER_TOP,
    "a region is mapped in whole, so that it is no larger than an address space",
);

/// A memory region with stand-ins for what could not be parsed.
pub(super) struct MrDraft {
    pub model: MemoryRegion,
    /// In bytes; without it, no extent of the region may be compared.
    pub size: Parsed<u64>,
    /// As written; `None` leaves the choice to the tool.
    pub page_size: Parsed<Option<PageSize>>,
    pub phys_addr: Parsed<Option<u64>>,
    /// Whether what fills it has a length that is known.
    pub has_length: Parsed<bool>,
}

impl MrDraft {
    /// Bytes of the pages that addresses must be aligned to, if they are known.
    pub fn alignment(&self) -> Parsed<u64> {
        let page_size = self.page_size?;
        Ok(page_size.unwrap_or(PageSize::Small).bytes())
    }
}

/// Makes the name known, so that elements before this one can refer to it.
pub(super) fn declare<'a>(context: &mut Context<'a>, element: Element<'a>, index: usize) {
    let Some(name) = element
        .node
        .attribute("name")
        .filter(|name| !name.is_empty())
    else {
        return;
    };
    if let Err(first) = context.regions.define(name, index, element.span()) {
        let message = format!("memory_region {}: the name is taken", quote(name));
        let help = "give each memory region a name of its own";
        context.conflict(
            element.span(),
            (first, "the first of this name"),
            message,
            help,
        );
    }
}

pub(super) fn parse(context: &mut Context<'_>, element: Element<'_>) -> MrDraft {
    let attrs = element.attrs(context, ATTRIBUTES);
    element.no_children(context);
    let name = attrs.text(context, "name");
    let page_size = page_size(context, &attrs);
    let prefill = prefill::parse(context, &attrs, element);
    let size = size(
        context,
        &attrs,
        page_size,
        prefill.as_ref().map(Option::as_ref),
    );
    let phys_addr = phys_addr(context, &attrs, page_size, size);
    let has_length = match &prefill {
        Ok(prefill) => Ok(prefill.as_ref().and_then(Prefill::length).is_some()),
        Err(reported) => Err(*reported),
    };
    MrDraft {
        model: MemoryRegion {
            name: name.map(|name| name.value.into()).unwrap_or_default(),
            size: size.unwrap_or(PAGE_SMALL),
            page_size: page_size.ok().flatten().unwrap_or(PageSize::Small),
            phys_addr: phys_addr.ok().flatten(),
            prefill: prefill.ok().flatten(),
            span: element.span(),
        },
        size,
        page_size,
        phys_addr,
        has_length,
    }
}

fn page_size(context: &mut Context<'_>, attrs: &Attrs<'_>) -> Parsed<Option<PageSize>> {
    match attrs.optional_number(context, "page_size", Limit::ANY)? {
        None => Ok(None),
        Some(PAGE_SMALL) => Ok(Some(PageSize::Small)),
        Some(PAGE_LARGE) => Ok(Some(PageSize::Large)),
        Some(other) => {
            let message = format!(
                "{}: there are no pages of {other:#x} bytes",
                attrs.element.describe()
            );
            let help = "page_size is 0x1000 or 0x200000; without it the tool chooses";
            Err(context.error(attrs.span_of("page_size"), message, help))
        }
    }
}

/// The size as written, or that of what fills the region.
fn size(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    page_size: Parsed<Option<PageSize>>,
    prefill: Result<Option<&Prefill>, &super::context::Reported>,
) -> Parsed<u64> {
    let size = attrs.optional_number(context, "size", SIZE)?;
    let page = page_size?.unwrap_or(PageSize::Small).bytes();
    let prefill = prefill.map_err(|reported| *reported)?;
    let about = attrs.element.describe();
    let Some(size) = size else {
        return match prefill {
            Some(prefill) => {
                let length = prefill.length().unwrap_or(page);
                length.checked_next_multiple_of(page).ok_or_else(|| {
                    let message = format!("{about}: the prefill file is too large");
                    context.error(attrs.span_of("prefill_path"), message, SIZE.why)
                })
            }
            None => attrs.number(context, "size", SIZE),
        };
    };
    if size % page != 0 {
        let message =
            format!("{about}: size {size:#x} is not a multiple of the page size {page:#x}");
        let help = format!("write {:#x}", size.next_multiple_of(page));
        return Err(context.error(attrs.span_of("size"), message, help));
    }
    if let Some(prefill) = prefill
        && let Some(length) = prefill.length().filter(|length| *length > size)
    {
        let what = match prefill {
            Prefill::Text(_) => "text",
            _ => "prefill file",
        };
        let message = format!("{about}: the {what} has {length:#x} bytes, the region {size:#x}");
        let help = format!("leave the size away to get that of the {what}");
        return Err(context.error(attrs.span_of("size"), message, help));
    }
    Ok(size)
}

fn phys_addr(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    page_size: Parsed<Option<PageSize>>,
    size: Parsed<u64>,
) -> Parsed<Option<u64>> {
    let top = context.config.paddr_top;
    let limit = Limit::new(
        0,
        top.saturating_sub(1),
        "the kernel maps physical addresses up to there",
    );
    let Some(start) = attrs.optional_number(context, "phys_addr", limit)? else {
        return Ok(None);
    };
    let about = attrs.element.describe();
    let page = page_size?.unwrap_or(PageSize::Small).bytes();
    if start % page != 0 {
        let message =
            format!("{about}: phys_addr {start:#x} is not a multiple of the page size {page:#x}");
        let help = format!("the page around it starts at {:#x}", start - start % page);
        return Err(context.error(attrs.span_of("phys_addr"), message, help));
    }
    if start.checked_add(size?).is_none_or(|end| end > top) {
        let message = format!(
            "{about}: it ends beyond the last physical address, {:#x}",
            limit.max
        );
        let help = "correct phys_addr or size";
        return Err(context.error(attrs.span_of("phys_addr"), message, help));
    }
    Ok(Some(start))
}
