//! Takes memory, and writes to each page so that it is really there, until it gets no more.

use jeton_provider::*;

struct Attempt;
jeton_provider::export!(Attempt, "../../hostile.toml");

impl Provider for Attempt {
    fn refresh(_: &Client, _: CurrentTokens<'_>) -> Result<Tokens> {
        let mut taken: Vec<Vec<u8>> = vec![];
        loop {
            taken.push(vec![1; 1 << 20]);
            std::hint::black_box(&taken);
        }
    }
}
