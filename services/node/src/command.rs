//! The one place that runs programs: `ip`, `nft`, `conntrack`. They run in the network namespace of the calling thread.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// Runs a program, feeds it `input`, and gives what it wrote. Anything but exit 0 is an error with its own words.
pub fn run(program: &'static str, arguments: &[&str], input: &str) -> Result<String> {
    let failed = |reason: String| Error::Command { program, reason };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| failed(format!("cannot be started: {e}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // these read all their input before they write, so this cannot block; one that ended early says why below
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(failed(if words.is_empty() { output.status.to_string() } else { words }))
}

/// Runs lines of `ip`, stopping at the first that fails.
pub fn ip_batch(lines: &[String]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = lines.join("\n");
    text.push('\n');
    run("ip", &["-batch", "-"], &text).map(drop)
}

/// Applies an nftables script as one transaction.
pub fn nft(script: &str) -> Result<()> {
    run("nft", &["-f", "-"], script).map(drop)
}
