// SPDX-License-Identifier: BSD-2-Clause
//! The little that has to be known of a system description before the image tool reads it: the
//! names of its protection domains and of their programs. The image tool checks the rest.

use std::path::Path;

use anyhow::{Context, Result};

/// Names in a system description, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Protection domains with their program images.
    pub domains: Vec<(String, String)>,
}

impl Description {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the system description {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let options = roxmltree::ParsingOptions {
            allow_dtd: true,
            ..Default::default()
        };
        let document = roxmltree::Document::parse_with_options(text, options)
            .context("this is no XML that could be a system description")?;
        let domains = document
            .descendants()
            .filter(|node| node.has_tag_name("protection_domain"));
        let program = |domain: roxmltree::Node| {
            let image = domain
                .children()
                .find(|child| child.has_tag_name("program_image"))?;
            image.attribute("path").map(str::to_owned)
        };
        let names = domains.filter_map(|domain| {
            Some((
                domain.attribute("name")?.to_owned(),
                program(domain).unwrap_or_default(),
            ))
        });
        Ok(Self {
            domains: names.collect(),
        })
    }

    /// Names of the programs, each once.
    pub fn programs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .domains
            .iter()
            .map(|(_, program)| program.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| !name.is_empty());
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_found_and_programs_come_once() {
        let text = r#"<?xml version="1.0"?>
            <system>
              <protection_domain name="parent"><program_image path="a"/>
                <protection_domain name="child" id="1"><program_image path="b"/></protection_domain>
              </protection_domain>
              <protection_domain name="other"><program_image path="a"/></protection_domain>
            </system>"#;
        let found = Description::parse(text).unwrap();
        let names: Vec<&str> = found
            .domains
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["parent", "child", "other"]);
        assert_eq!(found.programs(), ["a", "b"]);
    }

    #[test]
    fn what_the_image_tool_will_complain_about_is_left_to_it() {
        let text = r#"<system><protection_domain/><protection_domain name="x"/></system>"#;
        let found = Description::parse(text).unwrap();
        assert_eq!(found.domains, [("x".to_owned(), String::new())]);
        assert!(found.programs().is_empty());
    }

    #[test]
    fn what_is_no_xml_is_an_error() {
        assert!(Description::parse("").is_err());
        assert!(Description::parse("\u{7f}ELF").is_err());
    }
}
