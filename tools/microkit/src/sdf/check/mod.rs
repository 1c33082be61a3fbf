// SPDX-License-Identifier: BSD-2-Clause
//! What no element can see alone: what is used twice, overlaps, or breaks a rule between two of them.
//!
//! Each error stands at the later element of the file and has a label at the earlier one.

mod caps;
mod channels;
mod extents;
mod functions;
mod grants;
mod ids;
mod interrupts;
mod maps;
mod pds;
mod ports;
mod regions;
mod registers;
mod remapping;
mod setvars;
mod spaces;

use super::context::Context;
use super::system::Draft;

pub(super) fn all(context: &mut Context<'_>, draft: &Draft<'_>) {
    pds::check(context, draft);
    ids::check(context, draft);
    channels::check(context, draft);
    interrupts::check(context, draft);
    ports::check(context, draft);
    maps::check(context, draft);
    regions::check(context, draft);
    spaces::check(context, draft);
    functions::check(context, draft);
    grants::check(context, draft);
    registers::check(context, draft);
    remapping::check(context, draft);
    setvars::check(context, draft);
    caps::check(context, draft);
}
