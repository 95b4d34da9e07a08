//! Services that people listen to, draw in and talk at.

use super::bundled::Bundled;

#[tokio::test]
async fn spotify_takes_any_port_of_127_0_0_1() {
    let spotify = Bundled {
        connect: &["--scope", "user-read-private", "--scope", "user-read-email"],
        revokes: false,
        ..Bundled::new(
            "spotify",
            &[
                ("GET accounts.spotify.com/authorize", &["scope=user-read-private user-read-email", "code_challenge_method=S256"]),
                (
                    "POST accounts.spotify.com/api/token",
                    &["grant_type=authorization_code", "authorization", "!client_secret", "code_verifier"],
                ),
                ("POST accounts.spotify.com/api/token", &["grant_type=refresh_token", "authorization"]),
                ("GET api.spotify.com/v1/me", &["authorization"]),
            ],
        )
    };
    spotify.works().await;
}

#[tokio::test]
async fn discord_wants_forms_and_a_name() {
    let discord = Bundled::new(
        "discord",
        &[
            ("GET discord.com/oauth2/authorize", &["scope=identify"]),
            (
                "POST discord.com/api/oauth2/token",
                &["grant_type=authorization_code", "content-type=application/x-www-form-urlencoded", "authorization"],
            ),
            ("POST discord.com/api/oauth2/token", &["grant_type=refresh_token", "authorization"]),
            ("GET discord.com/api/v10/users/@me", &["authorization", "user-agent=DiscordBot (Jeton, 0.1.0)"]),
            ("POST discord.com/api/oauth2/token/revoke", &["token", "token_type_hint=refresh_token", "authorization"]),
        ],
    );
    discord.works().await;
}

#[tokio::test]
async fn figma_refreshes_elsewhere_and_keeps_the_refresh_token() {
    let figma = Bundled {
        revokes: false,
        ..Bundled::new(
            "figma",
            &[
                ("GET www.figma.com/oauth", &["scope=current_user:read", "code_challenge"]),
                ("POST api.figma.com/v1/oauth/token", &["grant_type=authorization_code", "authorization", "code", "redirect_uri"]),
                ("POST api.figma.com/v1/oauth/refresh", &["refresh_token", "authorization", "!client_secret"]),
                ("GET api.figma.com/v1/me", &["authorization"]),
            ],
        )
    };
    let stage = figma.works().await;
    let asked = |entry: &jeton_emulator::Entry| entry.path == "/v1/oauth/token";
    assert_eq!(stage.emulator.journal().count(asked), 1, "refresh tokens go to the other endpoint");
}
