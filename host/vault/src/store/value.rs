//! What goes into statements and comes out of rows, for whichever database.

use std::vec::IntoIter;

/// A value of a column, or its absence.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Integer(Option<i64>),
    Flag(bool),
}

macro_rules! from {
    ($($from:ty => $variant:ident, $value:ident => $into:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$variant($into)
            }
        })*
    };
}

from! {
    &str => Text, value => Some(value.to_owned());
    &String => Text, value => Some(value.clone());
    Option<&str> => Text, value => value.map(str::to_owned);
    &Option<String> => Text, value => value.clone();
    &[u8] => Bytes, value => Some(value.to_vec());
    &Vec<u8> => Bytes, value => Some(value.clone());
    &Option<Vec<u8>> => Bytes, value => value.clone();
    i64 => Integer, value => Some(value);
    Option<i64> => Integer, value => value;
    bool => Flag, value => value;
}

/// Values for `$1`, `$2` and so on.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::value::Value::from($value)),*] };
}
pub(crate) use values;

/// A row whose columns are taken in the order in which the statement names them.
pub(crate) struct Row(IntoIter<Value>);

/// The column isn't what the schema says.
pub(crate) struct Damaged;

type Taken<T> = Result<T, Damaged>;

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    pub(crate) fn into_values(self) -> Vec<Value> {
        self.0.collect()
    }

    pub(crate) fn text(&mut self) -> Taken<String> {
        self.maybe_text()?.ok_or(Damaged)
    }

    pub(crate) fn maybe_text(&mut self) -> Taken<Option<String>> {
        match self.0.next() {
            Some(Value::Text(value)) => Ok(value),
            other => absent(other),
        }
    }

    pub(crate) fn bytes(&mut self) -> Taken<Vec<u8>> {
        self.maybe_bytes()?.ok_or(Damaged)
    }

    pub(crate) fn maybe_bytes(&mut self) -> Taken<Option<Vec<u8>>> {
        match self.0.next() {
            Some(Value::Bytes(value)) => Ok(value),
            Some(Value::Text(Some(text))) => Ok(Some(text.into_bytes())),
            other => absent(other),
        }
    }

    pub(crate) fn integer(&mut self) -> Taken<i64> {
        self.maybe_integer()?.ok_or(Damaged)
    }

    pub(crate) fn maybe_integer(&mut self) -> Taken<Option<i64>> {
        match self.0.next() {
            Some(Value::Integer(value)) => Ok(value),
            other => absent(other),
        }
    }
}

/// NULL has no type of its own in a row.
fn absent<T>(value: Option<Value>) -> Taken<Option<T>> {
    match value {
        Some(Value::Text(None) | Value::Bytes(None) | Value::Integer(None)) => Ok(None),
        _ => Err(Damaged),
    }
}
