// SPDX-License-Identifier: BSD-2-Clause
//! The little that has to be known of a system description before the image tool reads it: the
//! names of its protection domains and of their programs, who owns virtual functions, and which files
//! fill memory. The image tool checks the rest.

use std::path::Path;

use anyhow::{Context, Result};

/// Names in a system description, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Protection domains with their program images.
    pub domains: Vec<(String, String)>,
    /// Protection domains that virtual functions belong to, once for each function.
    pub owners: Vec<String>,
    /// Files that fill memory regions.
    pub files: Vec<String>,
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
        let spaces = document
            .descendants()
            .filter(|node| node.has_tag_name("io_address_space"));
        let owners = spaces.flat_map(|space| space.children()).filter_map(owner);
        let files = document
            .descendants()
            .filter(|node| node.has_tag_name("memory_region"))
            .filter_map(|node| node.attribute("prefill_path").map(str::to_owned));
        Ok(Self {
            domains: names.collect(),
            owners: owners.collect(),
            files: files.collect(),
        })
    }

    /// Of nothing but these files.
    pub fn of_files(files: impl IntoIterator<Item = String>) -> Self {
        Self {
            domains: Vec::new(),
            owners: Vec::new(),
            files: files.into_iter().collect(),
        }
    }

    /// The protection domains with this program.
    pub fn running(&self, program: &str) -> impl Iterator<Item = &str> {
        let domains = self.domains.iter();
        let running = domains.filter(move |(_, image)| image == program);
        running.map(|(name, _)| name.as_str())
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

/// Who the function of `<?postern owner="..." ...?>` belongs to.
fn owner(node: roxmltree::Node<'_, '_>) -> Option<String> {
    let instruction = node.pi().filter(|pi| pi.target == "postern")?;
    let words = instruction.value?.split_ascii_whitespace();
    let value = words
        .filter_map(|word| word.split_once('='))
        .find(|(key, _)| *key == "owner")?
        .1;
    let quotes = |c| c == '"' || c == '\'';
    Some(value.trim_matches(quotes).to_owned())
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
        assert!(found.owners.is_empty());
        assert!(found.programs().is_empty());
    }

    #[test]
    fn owners_of_virtual_functions_are_found() {
        let text = r#"<system>
              <protection_domain name="a"><?postern restart="1"?></protection_domain>
              <io_address_space name="x"><?postern owner="a" function="00:03.0" vf="0"?>
                <iomap/></io_address_space>
              <io_address_space name="y"><?postern vf='1'
                owner='b'?></io_address_space>
              <io_address_space name="z"/>
            </system>"#;
        assert_eq!(Description::parse(text).unwrap().owners, ["a", "b"]);
    }

    #[test]
    fn files_are_found() {
        let text = r#"<system><memory_region name="a" prefill_path="linux/vmlinuz"/>
            <memory_region name="b" size="0x1000"/></system>"#;
        assert_eq!(Description::parse(text).unwrap().files, ["linux/vmlinuz"]);
    }

    #[test]
    fn what_is_no_xml_is_an_error() {
        assert!(Description::parse("").is_err());
        assert!(Description::parse("\u{7f}ELF").is_err());
    }
}
