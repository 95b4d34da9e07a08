//! Microsoft's clouds: a global one and national ones. What one issues is worth nothing in another, so a client's two hosts must be of one.

use jeton_provider::*;

/// Hosts that sign people in, with the Graph of the same cloud. The German cloud is closed.
/// <https://learn.microsoft.com/graph/deployments>
const CLOUDS: [(&str, &[&str]); 4] = [
    ("login.microsoftonline.com", &["graph.microsoft.com"]),
    ("login.microsoftonline.us", &["graph.microsoft.us", "dod-graph.microsoft.us"]),
    ("login.chinacloudapi.cn", &["microsoftgraph.chinacloudapi.cn"]),
    ("login.partner.microsoftonline.cn", &["microsoftgraph.chinacloudapi.cn"]),
];

/// Whether both hosts are of one cloud: tokens go to no other.
pub(crate) fn agree(client: &Client) -> Result<()> {
    let (login, graph) = (client.needed("login-host")?, client.needed("graph-host")?);
    let of = CLOUDS.iter().find(|(known, _)| *known == login).map(|(_, graphs)| *graphs).unwrap_or_default();
    if of.contains(&graph.as_str()) {
        return Ok(());
    }
    let text = concat(&["The Graph of ", &login, " is ", &join(of, " or "), ", not ", &graph, ". Set the client's graph-host to it"]);
    Err(Error::new(ErrorKind::InvalidClient, text))
}

/// Who may have issued a client's ID tokens: China's two names are one issuer's.
pub(crate) fn issuers(client: &Client) -> Result<impl Iterator<Item = String>> {
    let graph = client.needed("graph-host")?;
    let logins = CLOUDS.iter().filter(move |(_, graphs)| graphs.contains(&graph.as_str()));
    Ok(logins.map(|(login, _)| concat(&["https://", login, "/{tenantid}/v2.0"])))
}

/// Below this every address of a tenant begins.
pub(crate) fn authority(client: &Client, tenant: &str) -> Result<String> {
    Ok(concat(&["https://", &client.needed("login-host")?, "/", tenant]))
}
