//! Shows a person a code, and a page to enter it at which the manifest doesn't name.

use attempts_contract::{prompt, told};
use jeton_provider::*;

struct Attempt;
// Without a manifest: the test adds one.
jeton_provider::bindings::__export!(Attempt with_types_in jeton_provider::bindings);

impl Provider for Attempt {
    fn begin(_: &Client, grant: Grant<'_>) -> Result<Step> {
        let page = told(&grant.options, "page").unwrap_or_default();
        let verification_uri_complete = told(&grant.options, "complete");
        Ok(Step::EnterCode(DevicePrompt { verification_uri_complete, ..prompt(&page)? }))
    }
}
