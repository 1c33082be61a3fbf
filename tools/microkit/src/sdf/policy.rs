// SPDX-License-Identifier: BSD-2-Clause
//! The instructions in a protection domain: `<?postern restart="N"?>`, what the monitor does when it
//! faults; `<?postern symbol="S" value="N"?>`, the value of a variable; and one for each physical
//! function that it shares out.

use super::context::{Context, Parsed, Reported};
use super::element::Element;
use super::function;
use super::instruction::{self, Instruction};
use super::limits::RESTARTS;
use super::setvar;
use super::text::quote;
use crate::model::{PhysicalFunction, SetVar, Span};

const FORM: &str = "write <?postern restart=\"N\"?> to have the monitor start it again at most N \
                    times, <?postern symbol=\"S\" value=\"N\"?> to give its variable S the value N, \
                    or <?postern function=\"BUS:DEVICE.FUNCTION\" …?> if it shares out a \
                    device's virtual functions";

/// Physical functions that grants can name.
const FUNCTIONS_MAX: usize = 256;

/// What the instructions of a protection domain say.
#[derive(Default)]
pub(super) struct Policy {
    /// How often the protection domain may be restarted, 0 without an instruction.
    pub restarts: u32,
    /// The variables with a value of their own.
    pub setvars: Vec<SetVar>,
    pub functions: Vec<PhysicalFunction>,
    /// There is an instruction on a function that is not in `functions` for its errors.
    pub broken_functions: bool,
}

pub(super) fn parse(context: &mut Context<'_>, element: Element<'_>) -> Policy {
    let mut policy = Policy::default();
    let mut first = None;
    for instruction in instruction::all(context, element, FORM) {
        let Ok(instruction) = instruction else {
            policy.broken_functions = true;
            continue;
        };
        if instruction.has_any(function::ATTRIBUTES) {
            match function::parse(context, instruction) {
                Ok(function) if policy.functions.len() == FUNCTIONS_MAX => {
                    let message = format!(
                        "{}: it shares out more than {FUNCTIONS_MAX} physical functions",
                        element.describe()
                    );
                    let help = "the table of VF grants has room for no more: remove some";
                    context.error(function.span, message, help);
                    policy.broken_functions = true;
                    break;
                }
                Ok(function) => policy.functions.push(function),
                Err(Reported) => policy.broken_functions = true,
            }
        } else if instruction.has_any(setvar::ATTRIBUTES) {
            policy
                .setvars
                .extend(setvar::instruction(context, instruction));
        } else {
            let span = instruction.span.clone();
            if let Ok(restarts) = restarts(context, instruction, first.as_ref()) {
                policy.restarts = restarts;
            }
            first.get_or_insert(span);
        }
    }
    policy
}

/// The number of restarts. `first` is the place of an earlier instruction.
fn restarts(
    context: &mut Context<'_>,
    instruction: Instruction<'_>,
    first: Option<&Span>,
) -> Parsed<u32> {
    let (element, span) = (instruction.element, instruction.span.clone());
    if let Some(first) = first {
        let message = format!("{}: more than one <?postern restart?>", element.describe());
        let earlier = (first.clone(), "the first");
        return Err(context.conflict(span, earlier, message, "remove one"));
    }
    if let Some(parent) = parent(element) {
        let message = format!("{}: the monitor does not restart it", element.describe());
        let name = quote(parent);
        let help = format!("its parent {name} gets its faults and decides: remove this");
        return Err(context.error(span, message, help));
    }
    let known = [&["restart"], setvar::ATTRIBUTES, function::ATTRIBUTES].concat();
    let attrs = instruction.attrs(context, &known);
    match attrs.optional_number(context, "restart", RESTARTS)? {
        Some(restarts) => Ok(restarts as u32),
        // There is some other attribute, which has been reported.
        None => Err(Reported),
    }
}

/// Name of the protection domain that one stands in.
fn parent(element: Element<'_>) -> Option<&str> {
    let parent = element.node.parent_element()?;
    let is_pd = parent.has_tag_name("protection_domain");
    is_pd.then(|| parent.attribute("name").unwrap_or_default())
}
