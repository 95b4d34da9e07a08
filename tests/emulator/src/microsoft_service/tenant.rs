//! Tenants, the words that stand for several of them, and the clouds they live in (`providers.md` 4.1).

use serde::Deserialize;

use super::app::{App, Audience};
use super::refusal::Refusal;

/// The tenant that is there from the start, with the domain `example.com`.
pub const DEFAULT_TENANT: &str = "11111111-2222-4333-8444-555555555555";
/// The tenant of all personal accounts.
pub const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its GUID.
    pub id: String,
    /// A domain that may stand for it in addresses.
    pub domain: String,
    /// The cloud that it lives in.
    #[serde(default)]
    pub cloud: Cloud,
}

/// A national cloud. What is issued in one is worth nothing in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// All the world but the others.
    #[default]
    Global,
    /// US government.
    UsGovernment,
    /// China.
    China,
    /// Germany, closed.
    Germany,
}

impl Cloud {
    /// The cloud of a host name.
    pub(super) fn of(host: &str) -> Self {
        match host {
            "login.microsoftonline.us" | "graph.microsoft.us" | "dod-graph.microsoft.us" => Self::UsGovernment,
            "login.chinacloudapi.cn" | "login.partner.microsoftonline.cn" | "microsoftgraph.chinacloudapi.cn" => Self::China,
            "login.microsoftonline.de" => Self::Germany,
            _ => Self::Global,
        }
    }

    pub(super) fn login_host(self) -> &'static str {
        match self {
            Self::Global => "login.microsoftonline.com",
            Self::UsGovernment => "login.microsoftonline.us",
            Self::China => "login.chinacloudapi.cn",
            Self::Germany => "login.microsoftonline.de",
        }
    }

    /// Whether a resource is this cloud's Graph, under any of its names.
    pub(super) fn is_graph(self, resource: &str) -> bool {
        resource == self.graph() || (self == Self::UsGovernment && resource == "https://dod-graph.microsoft.us")
    }

    /// Where a device's code is entered.
    pub(super) fn device_page(self) -> &'static str {
        match self {
            Self::Global | Self::Germany => "https://microsoft.com/devicelogin",
            Self::UsGovernment => "https://microsoft.com/deviceloginus",
            Self::China => "https://microsoft.com/deviceloginchina",
        }
    }

    /// Where bare scopes belong. The closed German cloud has no host here.
    pub(super) fn graph(self) -> &'static str {
        match self {
            Self::Global | Self::Germany => "https://graph.microsoft.com",
            Self::UsGovernment => "https://graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}

/// The first segment of a path: who may sign in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    Common,
    Organizations,
    Consumers,
    Tenant(String),
}

impl Authority {
    pub(super) fn parse(segment: &str, cloud: Cloud, tenants: &[Tenant]) -> Result<Self, Refusal> {
        match segment {
            "common" => Ok(Self::Common),
            "organizations" => Ok(Self::Organizations),
            "consumers" | PERSONAL_TENANT => Ok(Self::Consumers),
            other => {
                let tenant = tenants.iter().find(|tenant| tenant.id == other || tenant.domain == other);
                match tenant {
                    None => Err(Refusal::aadsts(90002)),
                    Some(tenant) if tenant.cloud != cloud => Err(Refusal::aadsts(90038)),
                    Some(tenant) => Ok(Self::Tenant(tenant.id.clone())),
                }
            }
        }
    }

    /// Whether the app's audience lets it be used here.
    pub(super) fn admits_app(&self, app: &App) -> Result<(), Refusal> {
        match (self, app.audience) {
            (Self::Common | Self::Organizations, Audience::SingleTenant) => Err(Refusal::aadsts(50194)),
            (Self::Common | Self::Organizations, Audience::Personal) => Err(Refusal::aadsts(9_002_331)),
            (Self::Consumers, Audience::SingleTenant | Audience::Organizations) => Err(Refusal::aadsts(9_002_332)),
            (Self::Tenant(tenant), Audience::SingleTenant) if *tenant != app.tenant => Err(Refusal::aadsts(700_016)),
            (Self::Tenant(_), Audience::Personal) => Err(Refusal::aadsts(700_016)),
            _ => Ok(()),
        }
    }

    /// Whether an account of this tenant may sign in to the app here.
    pub(super) fn admits_account(&self, tenant: &str, app: &App) -> Result<(), Refusal> {
        let personal = tenant == PERSONAL_TENANT;
        let here = match self {
            Self::Common => true,
            Self::Organizations => !personal,
            Self::Consumers => personal,
            Self::Tenant(only) => only == tenant,
        };
        let audience = match app.audience {
            Audience::SingleTenant => app.tenant == tenant,
            Audience::Organizations => !personal,
            Audience::All => true,
            Audience::Personal => personal,
        };
        if here && audience { Ok(()) } else { Err(Refusal::aadsts(50020)) }
    }

    /// What stands in issuers: Microsoft writes a placeholder for what isn't known before the sign-in.
    pub(super) fn issuer_tenant(&self) -> &str {
        match self {
            Self::Common | Self::Organizations => "{tenantid}",
            Self::Consumers => PERSONAL_TENANT,
            Self::Tenant(id) => id,
        }
    }
}
