//! A person signs in on another device, by a code that is shown here (RFC 8628).

use std::time::Duration;

use jeton_runtime::{Account, DevicePrompt, Error, ErrorKind, Remedy, Step};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use tokio::time::{Instant, sleep};

use super::{Connecting, unexpected};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::{STRONG, styled};

/// Between two polls where the service names no time, and what `slow_down` adds (RFC 8628, 3.2 and 3.5).
const INTERVAL: Duration = Duration::from_secs(5);

/// The longest pause between two polls of a service that can't be reached.
const LONGEST: Duration = Duration::from_secs(60);

impl Connecting<'_> {
    pub(super) async fn by_device(&self) -> Result<Option<Account>> {
        let nobody = "http://127.0.0.1/".to_owned();
        let Step::EnterCode(prompt) = self.provider.begin(&self.client, &self.grant, &nobody).await? else {
            return Err(unexpected());
        };
        self.show(&prompt);
        let until = Instant::now() + prompt.expires_in.min(self.arguments.wait);
        let mut interval = prompt.interval.unwrap_or(INTERVAL);
        let mut pause = interval;
        loop {
            if Instant::now() + pause >= until {
                let what = "nobody entered the code in time";
                return Err(Failure::new(what, "Run the command again for a new code; --wait gives more time").exit(Exit::SignIn));
            }
            sleep(pause).await;
            match self.provider.poll(&self.client, &self.grant, &prompt.device_code).await {
                Ok(Step::Done(tokens)) => return self.done(tokens).await,
                Ok(Step::Pending(said)) => {
                    interval = said.unwrap_or(interval);
                    pause = interval;
                }
                Ok(_) => return Err(unexpected()),
                // From now on, not just once.
                Err(Error::Service(error)) if error.kind == ErrorKind::RateLimited => {
                    interval = interval.saturating_add(INTERVAL).max(error.retry_after.unwrap_or_default());
                    pause = interval;
                }
                // The service, or the way to it, is in trouble: the code is still good.
                Err(error) if error.remedy() == Remedy::Retry => {
                    pause = (pause * 2).min(LONGEST).max(interval);
                    self.terminal().note(format!("{error}; trying again in {} s", pause.as_secs()));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn show(&self, prompt: &DevicePrompt) {
        let terminal = self.terminal();
        let address = prompt.verification_uri_complete.as_ref().unwrap_or(&prompt.verification_uri);
        terminal.ask(format!(
            "On any device, open\n\n  {}\n\nand enter the code\n\n  {}\n",
            prompt.verification_uri,
            styled(STRONG, &prompt.user_code)
        ));
        if let Ok(code) = QrCode::new(address.as_str()) {
            terminal.note(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
        }
        terminal.note(format!("The code is good for {} minutes. Waiting …", prompt.expires_in.as_secs().div_ceil(60)));
        if terminal.json {
            let _ = terminal.value(&serde_json::json!({
                "user_code": prompt.user_code,
                "verification_uri": prompt.verification_uri.as_str(),
                "verification_uri_complete": prompt.verification_uri_complete.as_ref().map(url::Url::as_str),
                "expires_in": prompt.expires_in.as_secs(),
            }));
        }
    }
}
