//! What Box calls its scopes.

/// What Box's developer console calls a scope (`providers.md` 1.13).
pub(super) fn console_name(scope: &str) -> &'static str {
    match scope {
        "root_readonly" => "Read all files",
        "root_readwrite" => "Read and write all files",
        "manage_managed_users" => "Manage users",
        "manage_app_users" => "Manage app users",
        "manage_groups" => "Manage groups",
        "manage_webhook" => "Manage webhooks",
        "manage_enterprise_properties" => "Manage enterprise properties",
        "manage_data_retention" => "Manage retention policies",
        "manage_legal_holds" | "manage_legal_hold" => "Manage legal holds",
        "sign_requests.readwrite" => "Manage signature requests",
        "ai.readwrite" => "Use AI",
        "manage_triggers" => "Manage Relay",
        "enterprise_content" => "Manage all content of the enterprise",
        _ => "Use",
    }
}
