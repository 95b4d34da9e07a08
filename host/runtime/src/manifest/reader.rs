//! Reads TOML tables and collects every mistake with its line, instead of stopping at the first.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problem, Problems, is_name};
use crate::scrub::{obeyed, presentable};

/// More than a person mends at once. Without an end a small file could make a long report.
const MOST: usize = 100;

type Value<'t> = Spanned<DeValue<'t>>;

/// Collects mistakes.
pub(super) struct Reader<'t> {
    source: &'t str,
    problems: Vec<Problem>,
    /// Those that went beyond [`MOST`] too.
    mistakes: usize,
}

/// A table that is being read. What isn't asked for is a mistake.
pub(super) struct Table<'a, 't> {
    pub(super) path: String,
    pub(super) span: Range<usize>,
    table: &'a DeTable<'t>,
    asked: BTreeSet<&'static str>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(source: &'t str) -> Self {
        Self { source, problems: vec![], mistakes: 0 }
    }

    pub(super) fn problem(&mut self, at: Range<usize>, what: impl Into<String>, hint: impl Into<String>) {
        self.mistakes += 1;
        if self.mistakes > MOST {
            return;
        }
        let before = self.source.get(..at.start).unwrap_or(self.source);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        // They quote what the manifest says, which may be anybody's.
        let shown = |text: String| presentable(&text, 1000);
        self.problems.push(Problem { line, what: shown(what.into()), hint: shown(hint.into()) });
    }

    /// How many mistakes there are so far.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes
    }

    /// What was read, if nothing is wrong.
    pub(super) fn finish<T>(mut self, read: Option<T>) -> Result<T, Problems> {
        self.problems.sort_by_key(|problem| problem.line);
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(Problems(self.problems)),
        }
    }

    pub(super) fn table<'a>(&mut self, path: &str, value: &'a Value<'t>) -> Option<Table<'a, 't>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Table { path: path.to_owned(), span: value.span(), table, asked: BTreeSet::new() }),
            other => {
                self.problem(value.span(), format!("`{path}` is a {}", other.type_str()), format!("Write it as a table: [{path}]"));
                None
            }
        }
    }

    pub(super) fn text<'a>(&mut self, path: &str, value: &'a Value<'t>) -> Option<(&'a str, Range<usize>)> {
        match value.get_ref().as_str() {
            // All of a manifest may be shown to a person. Where one line is asked for, its key says so.
            Some(text) if text.replace("\r\n", "\n").chars().any(|c| obeyed(c) && !matches!(c, '\n' | '\t')) => {
                self.problem(value.span(), format!("`{path}` holds characters that can't be seen"), "Leave them out");
                None
            }
            Some(text) if text.len() <= 64 << 10 => Some((text, value.span())),
            Some(_) => {
                self.problem(value.span(), format!("`{path}` is longer than 64 KiB"), "Shorten it");
                None
            }
            None => {
                self.problem(value.span(), format!("`{path}` is a {}", value.get_ref().type_str()), "Write it as a string in quotes");
                None
            }
        }
    }

    /// Says which keys nobody asked for.
    pub(super) fn close(&mut self, table: Table<'_, '_>) {
        for (key, _) in table.table.iter() {
            if !table.asked.contains(key.get_ref().as_ref()) {
                let place = if table.path.is_empty() { "the manifest".to_owned() } else { format!("[{}]", table.path) };
                let known: Vec<_> = table.asked.iter().copied().collect();
                self.problem(key.span(), format!("{place} has no `{}`", key.get_ref()), format!("It has: {}", known.join(", ")));
            }
        }
    }
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn root(table: &'a Spanned<DeTable<'t>>) -> Self {
        Self { path: String::new(), span: 0..0, table: table.get_ref(), asked: BTreeSet::new() }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Value<'t>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    /// Every key with its value, for tables whose keys are names.
    pub(super) fn entries(self, reader: &mut Reader<'t>) -> Vec<(String, Range<usize>, &'a Value<'t>)> {
        for (key, _) in self.table.iter().filter(|(key, _)| !is_name(key.get_ref())) {
            let what = format!("`{}` can't be a name in [{}]", key.get_ref(), self.path);
            reader.problem(key.span(), what, "Letters, digits, hyphens and underscores, at most 40");
        }
        self.table.iter().map(|(key, value)| (key.get_ref().to_string(), key.span(), value)).collect()
    }

    pub(super) fn text(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Option<(&'a str, Range<usize>)> {
        let path = self.path_of(key);
        self.value(key).and_then(|value| reader.text(&path, value))
    }

    pub(super) fn required(&mut self, reader: &mut Reader<'t>, key: &'static str, example: &str) -> Option<(&'a str, Range<usize>)> {
        if self.value(key).is_none() {
            reader.problem(self.span.clone(), format!("`{}` is missing", self.path_of(key)), format!("Add: {key} = {example}"));
        }
        self.text(reader, key)
    }

    pub(super) fn flag(&mut self, reader: &mut Reader<'t>, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            reader.problem(value.span(), format!("`{}` is a {}", self.path_of(key), value.get_ref().type_str()), "Write true or false");
            false
        })
    }

    pub(super) fn number(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Option<u64> {
        let value = self.value(key)?;
        let number = value.get_ref().as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            reader.problem(value.span(), format!("`{}` is not a whole number", self.path_of(key)), "Write digits, without quotes");
        }
        number
    }

    pub(super) fn texts(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Vec<(&'a str, Range<usize>)> {
        let Some(value) = self.value(key) else { return vec![] };
        reader.texts(&self.path_of(key), value)
    }

    pub(super) fn table(&mut self, reader: &mut Reader<'t>, key: &'static str) -> Option<Table<'a, 't>> {
        let path = self.path_of(key);
        self.value(key).and_then(|value| reader.table(&path, value))
    }
}

impl<'t> Reader<'t> {
    pub(super) fn texts<'a>(&mut self, path: &str, value: &'a Value<'t>) -> Vec<(&'a str, Range<usize>)> {
        match value.get_ref().as_array() {
            Some(items) => items.iter().filter_map(|item| self.text(path, item)).collect(),
            None => {
                self.problem(value.span(), format!("`{path}` is a {}", value.get_ref().type_str()), "Write a list: [\"…\", \"…\"]");
                vec![]
            }
        }
    }
}
