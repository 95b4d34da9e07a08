//! The facts that come with the emulator: `services/NAME.toml`.

use super::facts::{Facts, FactsError};

const SERVICES: [(&str, &str); 34] = [
    ("box", include_str!("../../services/box.toml")),
    ("drive", include_str!("../../services/drive.toml")),
    ("gcs", include_str!("../../services/gcs.toml")),
    ("gphotos", include_str!("../../services/gphotos.toml")),
    ("dropbox", include_str!("../../services/dropbox.toml")),
    ("hidrive", include_str!("../../services/hidrive.toml")),
    ("huaweidrive", include_str!("../../services/huaweidrive.toml")),
    ("internxt", include_str!("../../services/internxt.toml")),
    ("jottacloud", include_str!("../../services/jottacloud.toml")),
    ("mailru", include_str!("../../services/mailru.toml")),
    ("onedrive", include_str!("../../services/onedrive.toml")),
    ("pcloud", include_str!("../../services/pcloud.toml")),
    ("pikpak", include_str!("../../services/pikpak.toml")),
    ("premiumizeme", include_str!("../../services/premiumizeme.toml")),
    ("putio", include_str!("../../services/putio.toml")),
    ("sharefile", include_str!("../../services/sharefile.toml")),
    ("yandex", include_str!("../../services/yandex.toml")),
    ("zoho", include_str!("../../services/zoho.toml")),
    ("github", include_str!("../../services/github.toml")),
    ("gitlab", include_str!("../../services/gitlab.toml")),
    ("slack", include_str!("../../services/slack.toml")),
    ("notion", include_str!("../../services/notion.toml")),
    ("salesforce", include_str!("../../services/salesforce.toml")),
    ("atlassian", include_str!("../../services/atlassian.toml")),
    ("asana", include_str!("../../services/asana.toml")),
    ("bitbucket", include_str!("../../services/bitbucket.toml")),
    ("digitalocean", include_str!("../../services/digitalocean.toml")),
    ("discord", include_str!("../../services/discord.toml")),
    ("figma", include_str!("../../services/figma.toml")),
    ("hubspot", include_str!("../../services/hubspot.toml")),
    ("linear", include_str!("../../services/linear.toml")),
    ("spotify", include_str!("../../services/spotify.toml")),
    ("todoist", include_str!("../../services/todoist.toml")),
    ("zoom", include_str!("../../services/zoom.toml")),
];

impl Facts {
    /// The facts of `services/NAME.toml`. `None` if there is no such file.
    pub fn shipped(name: &str) -> Option<Result<Self, FactsError>> {
        SERVICES.iter().find(|(known, _)| *known == name).map(|(_, text)| Self::parse(text))
    }

    /// The names for [`Facts::shipped`].
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SERVICES.iter().map(|(name, _)| *name)
    }
}
