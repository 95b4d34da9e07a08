//! How long a file may take to compile, judged before it is: a compilation can't be interrupted.
//!
//! Most code compiles in a time that grows with its size, and the size of files is limited. This looks for code that is small and takes
//! long: one huge function, thousands of local variables, loops inside loops inside loops, a branch that carries a thousand values.
//!
//! | what | at most | JavaScript | Python |
//! |---|---|---|---|
//! | bytes of one function | 512 KiB | 168 KiB | 417 KiB |
//! | effort of one function: (bytes + 16 × locals) × (loops inside one another + 1) | 8 Mi | 0.8 Mi | 0.4 Mi |
//! | effort of all functions | 256 Mi | 22.2 Mi | 13.6 Mi |
//! | functions | 100,000 | 12,714 | 13,522 |
//! | parameters, results of a function or a block | 128, 16 | 17, 1 | 18, 1 |
//! | lifted and lowered functions | 4,096 | 27 | 28 |
//!
//! Measured on a small provider of each, by componentize-js 0.23 (StarlingMonkey, all features disabled) and componentize-py 0.25 (CPython,
//! `--stub-wasi`), which are nearly all interpreter. With their imports of WASI they lift and lower 105 and 148 functions. Python's largest
//! function sets addresses when the interpreter starts, in one straight line that grows with the interpreter: where one day a Python
//! provider is refused, it will be for this.

use wasmparser::{BinaryReaderError, CompositeInnerType, FunctionBody, Operator, Payload};

const LARGEST_FUNCTION: u64 = 512 << 10;
const MOST_EFFORT_OF_ONE: u64 = 8 << 20;
const MOST_EFFORT: u64 = 256 << 20;
const MOST_FUNCTIONS: u64 = 100_000;
const MOST_PARAMETERS: usize = 128;
const MOST_RESULTS: usize = 16;
const MOST_CANONICAL: u64 = 4096;

/// What a local variable costs, in bytes of code.
const LOCAL: u64 = 16;

/// The effort so far.
#[derive(Default)]
pub(super) struct Effort {
    all: u64,
    functions: u64,
    canonical: u64,
}

/// Why a file isn't compiled.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] BinaryReaderError),
    /// It would take too long.
    #[error("it would take too long to compile: {0}")]
    TooMuch(String),
}

fn at_most(what: &str, found: u64, most: u64) -> Result<(), Refused> {
    if found <= most { Ok(()) } else { Err(Refused::TooMuch(format!("{what}, of at most {most}"))) }
}

impl Effort {
    /// Adds a part of the file, in modules and components at any depth.
    pub(super) fn add(&mut self, payload: &Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types.clone() {
                    for kind in group?.into_types() {
                        let CompositeInnerType::Func(function) = kind.composite_type.inner else { continue };
                        let (parameters, results) = (function.params().len(), function.results().len());
                        at_most(&format!("a function type has {parameters} parameters"), parameters as u64, MOST_PARAMETERS as u64)?;
                        at_most(&format!("a function type has {results} results"), results as u64, MOST_RESULTS as u64)?;
                    }
                }
                Ok(())
            }
            Payload::ComponentCanonicalSection(section) => {
                self.canonical += u64::from(section.count());
                at_most(&format!("it lifts and lowers {} functions", self.canonical), self.canonical, MOST_CANONICAL)
            }
            Payload::CodeSectionEntry(body) => self.function(body),
            _ => Ok(()),
        }
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), Refused> {
        self.functions += 1;
        at_most(&format!("it has {} functions", self.functions), self.functions, MOST_FUNCTIONS)?;
        let size = body.range().len() as u64;
        at_most(&format!("a function has {size} bytes"), size, LARGEST_FUNCTION)?;
        let mut locals = 0;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        let loops = loops(body)?;
        let effort = (size + LOCAL * locals).saturating_mul(loops + 1);
        self.all = self.all.saturating_add(effort);
        let what =
            format!("a function of {size} bytes has {locals} local variables and {loops} loops inside one another, an effort of {effort}");
        at_most(&what, effort, MOST_EFFORT_OF_ONE)?;
        at_most(&format!("all functions together are an effort of {}", self.all), self.all, MOST_EFFORT)
    }
}

/// How many loops stand inside one another.
fn loops(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let (mut open, mut deep, mut deepest) = (vec![], 0, 0);
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        match operators.read()? {
            Operator::Loop { .. } => {
                open.push(true);
                deep += 1;
                deepest = deepest.max(deep);
            }
            Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. } | Operator::Try { .. } => open.push(false),
            Operator::End | Operator::Delegate { .. } if open.pop() == Some(true) => deep -= 1,
            _ => {}
        }
    }
    Ok(deepest)
}
