//! How the story is told: numbered steps, what is typed, what is answered. Colours appear on a terminal only.

use anstream::println;
use anstyle::{AnsiColor, Color, Style};

const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();
const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));

/// What the story is about.
pub fn introduction(text: &str) {
    println!("{text}");
}

/// The next step begins.
pub fn step(number: usize, title: &str) {
    println!("\n{STRONG}{number}. {title}{STRONG:#}");
}

/// A word of explanation.
pub fn explain(text: &str) {
    println!("   {text}");
}

/// What is typed.
pub fn typed(line: &str) {
    println!("   {FAINT}$ {line}{FAINT:#}");
}

/// What is answered.
pub fn answered(text: &str) {
    for line in text.trim_end().lines() {
        println!("     {line}");
    }
}

/// It ended well.
pub fn summary(text: &str) {
    println!("\n{GOOD}✓{GOOD:#} {text}");
}

/// It didn't.
pub fn broke_off(error: &anyhow::Error) {
    println!("\n{BAD}✗{BAD:#} The demo broke off: {error:#}");
}
