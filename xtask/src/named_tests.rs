//! Documents that promise something name the tests that prove it. A name that leads nowhere is a promise that nobody keeps.
//!
//! It is about the tables whose last column is headed `tests`. What stands there in backticks is the name of a test, alone or behind its
//! crate and modules (`e2e::connect::a_person_connects_and_has_a_token`), or a file or folder with tests. A row that has none begins with
//! `none` and says why.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run;

const DOCUMENTS: [&str; 2] = ["SECURITY.md", "docs/standards.md"];

/// Folders without tests of ours.
const LEFT_OUT: [&str; 3] = ["target", ".git", "attempts"];

/// Whether all that the documents name is there.
pub fn check() -> Result<()> {
    let known = Known::of(run::root())?;
    let mut wrong = vec![];
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(run::root().join(document)).with_context(|| format!("can't read {document}"))?;
        wrong.extend(known.complaints(&text).into_iter().map(|complaint| format!("{document}:{complaint}")));
    }
    if !wrong.is_empty() {
        bail!("documents name tests that don't exist:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

/// What there is.
#[derive(Default)]
struct Known {
    /// `crate::module::name`
    tests: BTreeSet<String>,
    /// Files and folders, from the root on.
    places: BTreeSet<String>,
}

impl Known {
    fn of(root: &Path) -> Result<Self> {
        let mut known = Self::default();
        known.walk(root, root)?;
        Ok(known)
    }

    fn walk(&mut self, root: &Path, folder: &Path) -> Result<()> {
        for entry in std::fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))? {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
            let place = path.strip_prefix(root)?.to_string_lossy().into_owned();
            if path.is_dir() {
                if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                    self.places.insert(place);
                    self.walk(root, &path)?;
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).with_context(|| format!("can't read {place}"))?;
                let module = module(root, &path);
                self.tests.extend(tests(&text).map(|name| format!("{module}::{name}")));
                self.places.insert(place);
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        if name.contains('/') || name.ends_with(".rs") {
            let behind = format!("/{name}");
            return self.places.iter().any(|place| place == name || place.ends_with(&behind));
        }
        self.tests.contains(name) || (!name.contains("::") && self.tests.iter().any(|test| test.ends_with(&format!("::{name}"))))
    }

    /// What is wrong with a document, each with its line.
    fn complaints(&self, document: &str) -> Vec<String> {
        let (mut wrong, mut about_tests) = (vec![], false);
        let lines: Vec<&str> = document.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(cell) = last_cell(line) else {
                about_tests = false;
                continue;
            };
            let heads = lines.get(number + 1).is_some_and(|next| next.starts_with("|--"));
            if heads || line.starts_with("|--") {
                about_tests = if heads { cell.starts_with("tests") } else { about_tests };
                continue;
            }
            if !about_tests {
                continue;
            }
            let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
            let said = |what: String| format!("{}: {what}", number + 1);
            if named.is_empty() && !cell.starts_with("none") {
                wrong.push(said("the row names no test, and doesn't say `none` and why".to_owned()));
            }
            wrong.extend(named.iter().filter(|name| !self.has(name)).map(|name| said(format!("there is no {name}"))));
        }
        wrong
    }
}

/// The last cell of a table's row.
fn last_cell(line: &str) -> Option<&str> {
    line.strip_prefix('|')?.trim_end().strip_suffix('|')?.rsplit('|').next().map(str::trim)
}

/// Crate and modules of a file, as `rustc` calls them: `host/runtime/tests/calls/api.rs` is `calls::api`.
fn module(root: &Path, file: &Path) -> String {
    let home = file.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file()).unwrap_or(root);
    let inside = file.strip_prefix(home).unwrap_or(file).with_extension("");
    let mut parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let place = if parts.is_empty() { String::new() } else { parts.remove(0) };
    if place == "src" {
        parts.insert(0, package(home));
    }
    if parts.len() > 1 && parts.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        parts.pop();
    }
    parts.join("::")
}

/// The name of the package in this folder, as a crate is called.
fn package(folder: &Path) -> String {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.split('"').next());
    name.unwrap_or_default().replace('-', "_")
}

/// The names of the tests in a file.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let marked = text.split("#[").skip(1).filter(|rest| marks_a_test(rest)).filter_map(function);
    let listed =
        text.split("on_both_stores!").skip(1).filter_map(|rest| rest.trim_start().strip_prefix(['{', '('])?.split(['}', ')']).next());
    marked.chain(listed.flat_map(|names| names.split(',').map(str::trim).filter(|name| !name.is_empty())))
}

/// `test]`, `tokio::test]`, `tokio::test(…)]`
fn marks_a_test(attribute: &str) -> bool {
    let name = attribute.split([']', '(']).next().unwrap_or_default();
    name.rsplit("::").next() == Some("test")
}

/// The function below an attribute.
fn function(attribute: &str) -> Option<&str> {
    attribute.split_once("fn ").and_then(|(_, rest)| rest.split(['(', '<']).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_that_a_document_names_is_there() {
        check().unwrap();
    }

    #[test]
    fn what_is_not_there_is_told_with_its_line() {
        let known = Known::of(run::root()).unwrap();
        let table = |cell: &str| format!("Text.\n\n| what | tests |\n|---|---|\n| a | {cell} |\n");
        let here = "`xtask::named_tests::what_is_not_there_is_told_with_its_line`";
        for fine in [
            here,
            "`what_is_not_there_is_told_with_its_line`",
            "none: it isn't done",
            "`tests/e2e`, `named_tests.rs`",
            "`tests/e2e/main.rs`",
        ] {
            assert_eq!(known.complaints(&table(fine)), Vec::<String>::new(), "{fine}");
        }
        for wrong in ["", "soon", "`no_such_test`", "`xtask::what_is_not_there_is_told_with_its_line`", "`tests/e2e/no.rs`", "`check`"] {
            let complaints = known.complaints(&table(wrong));
            assert!(complaints.len() == 1 && complaints[0].starts_with("5: "), "{wrong}: {complaints:?}");
        }
        let other = "| what | how |\n|---|---|\n| a | `no_such_test` |\n";
        assert_eq!(known.complaints(other), Vec::<String>::new(), "a table about something else");
    }

    #[test]
    fn a_test_is_called_by_its_crate_and_modules() {
        let known = Known::of(run::root()).unwrap();
        for name in [
            "e2e::connect::a_strangers_request_does_not_end_the_flow",
            "e2e::services::box_errors::each_error_of_the_api_says_who_must_act",
            "calls::api::a_request_is_signed_with_the_access_token_and_the_options",
            "vault::sealed::rows_and_columns_cant_be_swapped",
            "jeton_runtime::capability::callback::only_the_right_state_belongs_to_the_flow",
            "network::redirects::follows_redirects",
            "short::sixty_four_tasks_make_one_refresh",
        ] {
            assert!(known.tests.contains(name), "{name}");
        }
    }
}
