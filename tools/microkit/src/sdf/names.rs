// SPDX-License-Identifier: BSD-2-Clause
//! The names that a description defines, so that references to them need no order.

use std::collections::HashMap;

use super::attrs::Attr;
use super::context::{Context, Parsed, Reported};
use super::text::{nearest, quote};
use crate::model::Span;

/// The names of one kind of element, each with the index of its element.
pub(super) struct Names<'a> {
    kind: &'static str,
    map: HashMap<&'a str, (usize, Span)>,
    /// In the order of the file, for suggestions that do not change from run to run.
    order: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            map: HashMap::new(),
            order: Vec::new(),
        }
    }

    /// Adds a name. Where it exists already, gives the place of the element that has it.
    pub fn define(&mut self, name: &'a str, index: usize, span: Span) -> Result<(), Span> {
        if let Some((_, first)) = self.map.get(name) {
            return Err(first.clone());
        }
        self.map.insert(name, (index, span));
        self.order.push(name);
        Ok(())
    }

    /// The index of the element that a reference names.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.map.get(name).map(|(index, _)| *index)
    }

    /// Message and help for a name that does not exist.
    fn unknown(&self, about: &str, name: &str) -> (String, String) {
        let kind = self.kind;
        let message = format!("{about}: there is no {kind} {}", quote(name));
        let help = match nearest(name, self.order.iter().copied()) {
            Some(near) => format!("did you mean {}?", quote(near)),
            None => format!("add <{kind} name=\"…\"> or correct the name"),
        };
        (message, help)
    }
}

/// Which names a reference goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ProtectionDomain,
    MemoryRegion,
}

impl Context<'_> {
    /// The index of the element that the attribute of `about` names.
    pub fn resolve(&mut self, kind: Kind, attr: &Attr<'_>, about: &str) -> Parsed<usize> {
        let names = match kind {
            Kind::ProtectionDomain => &self.pds,
            Kind::MemoryRegion => &self.regions,
        };
        if let Some(index) = names.find(attr.value) {
            return Ok(index);
        }
        if self.is_full() {
            return Err(Reported);
        }
        let (message, help) = names.unknown(about, attr.value);
        Err(self.error(attr.span.clone(), message, help))
    }

    /// The kernel's number of the domain that the attribute of `about` names.
    pub fn resolve_domain(&mut self, attr: &Attr<'_>, about: &str) -> Parsed<u8> {
        let known = &self.domains;
        if let Some((_, number)) = known.iter().find(|(name, _)| *name == attr.value) {
            return Ok(*number);
        }
        let help = match nearest(attr.value, known.iter().map(|(name, _)| *name)) {
            Some(near) => format!("did you mean {}?", quote(near)),
            None => "name one of the <domain> elements in <domains>".into(),
        };
        let message = format!("{about}: there is no domain {}", quote(attr.value));
        Err(self.error(attr.span.clone(), message, help))
    }
}
