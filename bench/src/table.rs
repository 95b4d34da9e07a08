//! The one table: what was measured, the figure, and the bar where there is one.

use std::fmt;

use serde_json::{Value, json};

use crate::timing::{Times, micros};

/// What a figure must reach.
#[derive(Clone, Copy)]
pub enum Bar {
    /// It is reported, and nothing is asked of it.
    None,
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

struct Row {
    group: &'static str,
    what: String,
    figure: f64,
    p99: Option<f64>,
    unit: &'static str,
    bar: Bar,
}

/// Rows, in the order in which they were measured.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// A figure in this unit.
    pub fn figure(&mut self, group: &'static str, what: impl Into<String>, figure: f64, unit: &'static str, bar: Bar) {
        self.0.push(Row { group, what: what.into(), figure, p99: None, unit, bar });
    }

    /// Median and 99th percentile. The bar is for the median, in microseconds.
    pub fn times(&mut self, group: &'static str, what: impl Into<String>, times: &Times, bar: Bar) {
        let (figure, p99) = (micros(times.median()), Some(micros(times.p99())));
        self.0.push(Row { group, what: what.into(), figure, p99, unit: "µs", bar });
    }

    /// The rows as JSON.
    pub fn json(&self) -> Value {
        let rows = self.0.iter().map(|row| {
            let (bar, met) = match row.bar {
                Bar::None => (Value::Null, Value::Null),
                Bar::AtMost(bar) | Bar::AtLeast(bar) => (json!(bar), json!(row.met())),
            };
            json!({ "group": row.group, "what": row.what, "figure": row.figure, "p99": row.p99, "unit": row.unit, "bar": bar, "met": met })
        });
        rows.collect()
    }
}

impl Row {
    fn met(&self) -> bool {
        match self.bar {
            Bar::None => true,
            Bar::AtMost(bar) => self.figure <= bar,
            Bar::AtLeast(bar) => self.figure >= bar,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group = "";
        writeln!(f, "{:<58}{:>13}{:>13}   bar", "", "median", "p99")?;
        for row in &self.0 {
            if row.group != group {
                group = row.group;
                writeln!(f, "{group}")?;
            }
            let p99 = row.p99.map(|p99| shown(p99, row.unit)).unwrap_or_default();
            write!(f, "  {:<56}{:>13}{p99:>13}", row.what, shown(row.figure, row.unit))?;
            let verdict = if row.met() { "met" } else { "MISSED" };
            match row.bar {
                Bar::None => writeln!(f)?,
                Bar::AtMost(bar) => writeln!(f, "   ≤ {}: {verdict}", shown(bar, row.unit))?,
                Bar::AtLeast(bar) => writeln!(f, "   ≥ {}: {verdict}", shown(bar, row.unit))?,
            }
        }
        Ok(())
    }
}

/// With as many digits as mean something.
fn shown(figure: f64, unit: &str) -> String {
    match unit {
        "µs" if figure >= 1000.0 => format!("{:.2} ms", figure / 1000.0),
        "/s" => {
            let whole = format!("{figure:.0}");
            let cut = whole.len().saturating_sub(3);
            let (thousands, rest) = whole.split_at(cut);
            if thousands.is_empty() { format!("{rest} /s") } else { format!("{thousands},{rest} /s") }
        }
        "bytes" => format!("{figure:.0} bytes"),
        _ => format!("{figure:.1} {unit}"),
    }
}
