//! What a component does while it is started: each new provider is, once, as a probe.
//!
//! A core module's `start` function is the smallest code there is, so these components are written in it. What they export has
//! the wrong shape, so none of them becomes a provider.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jeton_runtime::{Error, Limits, Runtime, Storage, StorageError};

use crate::file::seeming;
use crate::runtime_with;

/// A component of one core module with this code in its start function.
fn starting(code: &str) -> Vec<u8> {
    seeming(&format!("(core module $main (memory 1) (func $start {code}) (start $start)) (core instance (instantiate $main))"))
}

#[tokio::test]
async fn a_component_that_computes_for_too_long_is_stopped() {
    let limits = Limits { computing: Duration::from_millis(50), ..Limits::default() };
    let error = runtime_with(limits).load(starting("(loop $again (br $again))")).await.unwrap_err();
    assert_eq!(error.to_string(), "the provider acme was stopped: it computed for more than 50ms");
    assert!(error.hint().unwrap().contains("its author"));
}

#[tokio::test]
async fn a_component_that_wants_too_much_memory_is_stopped() {
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let grow = "(drop (memory.grow (i32.const 32)))";
    let error = runtime_with(limits.clone()).load(starting(grow)).await.unwrap_err();
    assert_eq!(error.to_string(), "the provider acme was stopped: it wanted more than 1 MiB of memory");
    let within = runtime_with(limits).load(starting("(drop (memory.grow (i32.const 1)))")).await.unwrap_err();
    assert!(matches!(within, Error::Incompatible { .. }), "{within:?}");
}

#[tokio::test]
async fn a_component_that_calls_itself_without_end_is_stopped() {
    let error = runtime_with(Limits::default()).load(starting("(call $start)")).await.unwrap_err();
    assert_eq!(error.to_string(), "the provider acme was stopped: it called itself too deeply");
}

#[tokio::test]
async fn a_component_that_traps_at_its_start_is_no_provider() {
    let error = runtime_with(Limits::default()).load(starting("unreachable")).await.unwrap_err();
    assert!(matches!(error, Error::Incompatible { .. }), "{error:?}");
    assert!(error.to_string().contains("the component doesn't start: it broke off"), "{error}");
}

/// Keeps `greeting` = `hello` for a minute.
const KEEPING: &str = r#"
    (import "jeton:provider/storage@0.1.0" (instance $storage
        (type $cases (variant (case "limit" string) (case "other" string)))
        (export "error" (type $error (eq $cases)))
        (type $kept (result (error $error)))
        (export "set" (func (param "name" string) (param "value" string) (param "time-to-live" u64) (result $kept)))))
    (core module $memory
        (memory (export "memory") 1)
        (data (i32.const 0) "greetinghello")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
    (core instance $memory (instantiate $memory))
    (alias core export $memory "memory" (core memory $bytes))
    (core func $set (canon lower (func $storage "set") (memory $bytes) (realloc (core func $memory "realloc"))))
    (core module $main
        (import "storage" "set" (func $set (param i32 i32 i32 i32 i64 i32)))
        (func $start (call $set (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 5) (i64.const 60) (i32.const 512)))
        (start $start))
    (core instance $lent (export "set" (func $set)))
    (core instance (instantiate $main (with "storage" (instance $lent))))
"#;

/// Writes down what it is asked to keep.
#[derive(Default)]
struct Notebook(Mutex<Vec<String>>);

impl Storage for Notebook {
    fn get<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Option<String>, StorageError>> {
        Box::pin(async { Ok(None) })
    }

    fn set<'a>(&'a self, provider: &'a str, name: &'a str, value: &'a str, life: Duration) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.0.lock().unwrap().push(format!("{provider}: {name} = {value} for {life:?}"));
            Ok(())
        })
    }

    fn delete<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn what_a_component_keeps_goes_into_the_embedders_storage_under_its_id() {
    let notebook = Arc::new(Notebook::default());
    let limits = Limits { calls: 2, ..Limits::default() };
    let runtime = Runtime::builder().limits(limits).storage(notebook.clone()).build().unwrap();
    let error = runtime.load(seeming(KEEPING)).await.unwrap_err();
    assert!(matches!(error, Error::Incompatible { .. }), "{error:?}");
    assert_eq!(*notebook.0.lock().unwrap(), ["acme: greeting = hello for 60s"]);
}
