//! Imports parts of WASI, which its manifest asks to have replaced by stubs, and calls them.

use attempts_contract::told;
use jeton_provider::*;

wit_bindgen::generate!({
    inline: r#"
        package hostile:stubbed;

        world stubbed {
            import wasi:cli/environment@0.2.0;
            import wasi:cli/exit@0.2.0;
            import wasi:clocks/wall-clock@0.2.0;
            import wasi:random/random@0.2.0;
        }

        package wasi:cli@0.2.0 {
            interface environment { get-environment: func() -> list<tuple<string, string>>; }
            interface exit { exit: func(status: result); }
        }

        package wasi:clocks@0.2.0 {
            interface wall-clock {
                record datetime { seconds: u64, nanoseconds: u32 }
                now: func() -> datetime;
            }
        }

        package wasi:random@0.2.0 {
            interface random { get-random-u64: func() -> u64; }
        }
    "#,
    world: "hostile:stubbed/stubbed",
    generate_all,
});

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn refresh(_: &Client, current: CurrentTokens<'_>) -> Result<Tokens> {
        let got = match told(&current.extras, "call").as_deref() {
            Some("environment") => format!("{:?}", wasi::cli::environment::get_environment()),
            Some("exit") => format!("{:?}", wasi::cli::exit::exit(Ok(()))),
            Some("clock") => format!("{:?}", wasi::clocks::wall_clock::now().seconds),
            Some("random") => format!("{:?}", wasi::random::random::get_random_u64()),
            _ => "nothing".to_owned(),
        };
        Err(Error::other(got))
    }
}
