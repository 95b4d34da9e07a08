//! Files that are small and take minutes to compile. A compilation can't be interrupted, so most of them are refused before it begins, each
//! for what makes it slow; and nobody waits for longer than [`Limits::compiling`].

use std::time::Duration;

use jeton_hostile::{Service, client, component, current, runtime_with};
use jeton_runtime::{Error, Limits};

use crate::text;

fn module(items: &str) -> String {
    format!("(component (core module {items}) PROVIDER)")
}

/// A function with loops inside one another.
fn loops(deep: usize) -> String {
    format!("(func {} {})", "loop ".repeat(deep), "end ".repeat(deep))
}

async fn refusal(text: &str) -> String {
    match text::load(text, Limits::default()).await {
        Err(Error::Incompatible { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn code_that_takes_long_to_compile_is_refused_before_it_is() {
    let clock = r#"(import "jeton:provider/clock@0.1.0" (instance $clock (export "now" (func (result u64)))))"#;
    let lowered = |times| format!("(component {clock} {} PROVIDER)", r#"(core func (canon lower (func $clock "now")))"#.repeat(times));
    for (what, text, why) in [
        ("one huge function", module(&format!("(func {})", "nop ".repeat(600_000))), "bytes, of at most 524288"),
        (
            "very many variables",
            module(&format!("(func (local{}) {} {})", " i64".repeat(40_000), "loop ".repeat(20), "end ".repeat(20))),
            "40000 local variables and 20 loops",
        ),
        ("loops inside one another", module(&loops(10_000)), "10000 loops inside one another"),
        ("many functions of that kind", module(&loops(1_500).repeat(45)), "all functions together are an effort of"),
        ("very many functions", module(&"(func)".repeat(100_001)), "it has 100001 functions, of at most 100000"),
        (
            "a thousand values at each branch",
            module(&format!("(type (func (result{})))", " i32".repeat(1000))),
            "a function type has 1000 results, of at most 16",
        ),
        (
            "a thousand parameters",
            module(&format!("(type (func (param{})))", " i32".repeat(1000))),
            "a function type has 1000 parameters, of at most 128",
        ),
        ("very many trampolines", lowered(5000), "it lifts and lowers 4097 functions, of at most 4096"),
    ] {
        let told = refusal(&text).await;
        assert!(told.starts_with("it would take too long to compile: ") && told.contains(why), "{what}: {told}");
    }
}

/// What the limits leave alone gets as far as to the contract, which these components don't fit.
#[tokio::test]
async fn ordinary_code_is_compiled() {
    let parameters = format!("(type (func (param{}) (result i32 i32)))", " i32".repeat(60));
    for text in
        [module(&loops(30)), module(&format!("(func (local{}))", " i64".repeat(2000))), module(&parameters), module(&"(func)".repeat(2000))]
    {
        let told = refusal(&text).await;
        assert!(told.starts_with("the component doesn't fit the contract: "), "{told}");
    }
}

/// As large as a function may be, and a different one each time, so that no cache has it.
fn slow(number: usize) -> String {
    let body = "local.get 0 i32.const 3 i32.mul local.set 0 ".repeat(40_000);
    module(&format!("(func (param i32) i32.const {number} local.set 0 {body})"))
}

/// On the one thread of this test: a compilation there would end before anything else goes on.
#[tokio::test]
async fn calls_go_on_while_a_component_is_compiled() {
    let runtime = runtime_with(&Service::always(200, &[], "{}"), Limits { calls: 2, ..Limits::default() });
    let provider = runtime.load(component!("time", "asks_once")).await.unwrap();
    tokio::select! {
        biased;
        loaded = runtime.load(text::component(&slow(1))) => panic!("the call had to wait for {loaded:?}"),
        outcome = async { provider.refresh(&client(), &current()).await } => assert!(matches!(outcome, Err(Error::Service(_))), "{outcome:?}"),
    }
}

#[tokio::test]
async fn nobody_waits_longer_for_a_compilation_than_the_limit() {
    let limits = Limits { calls: 2, compiling: Duration::from_millis(20), ..Limits::default() };
    let runtime = runtime_with(&Service::silent(), limits);
    // The third finds both workbenches taken, and isn't waited for either.
    for number in 2..5 {
        let error = runtime.load(text::component(&slow(number))).await.unwrap_err();
        assert_eq!(error.to_string(), "the component wasn't compiled within 20ms");
    }
}
