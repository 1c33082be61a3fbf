// SPDX-License-Identifier: BSD-2-Clause
//! `<program_image>`. The file itself is looked for and read by the builder.

use super::context::Context;
use super::element::Element;
use crate::model::ProgramImage;

/// Empty paths stand in for those that are missing.
pub(super) fn parse(context: &mut Context<'_>, element: Element<'_>) -> ProgramImage {
    let attrs = element.attrs(context, &["path", "path_for_symbols"]);
    element.no_children(context);
    let path = attrs.text(context, "path");
    let symbols = attrs.optional_text(context, "path_for_symbols");
    ProgramImage {
        path: path.map(|path| path.value.into()).unwrap_or_default(),
        path_for_symbols: symbols.ok().flatten().map(|path| path.value.into()),
        span: element.span(),
    }
}
