//! `qemu-img`: the one place of this service that runs a program.
//!
//! It dies with the task that waits for it, and with this process however that ends (`setpriv --pdeathsig`, and a look
//! at whether that came too late), so that no forgotten copy goes on writing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::{BackendError, Progress};

const PROGRAM: &str = "qemu-img";
/// Goes on only as a child of the process it is told: one that died before it could be watched signals nothing.
const IF_CHILD: &str = r#"[ "$PPID" = "$1" ] || exit 1; shift; exec "$@""#;
/// Looking at an image, or making an empty one, takes milliseconds.
const SHORT: Duration = Duration::from_secs(60);
/// What qemu-img may use to look at an image that a stranger made: bytes of address space, seconds of processor.
const STRANGER: [&str; 3] = ["prlimit", "--as=2147483648", "--cpu=30"];

/// What there is to know of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The disk's size.
    pub virtual_bytes: u64,
    /// Whether the image refers to another file.
    pub refers: bool,
}

/// Makes an empty image, or one on top of another (a path relative to the image's directory).
pub async fn create(path: &Path, size_bytes: u64, backing: Option<&Path>) -> Result<(), BackendError> {
    let mut arguments = vec!["create".into(), "-q".into(), "-f".into(), "qcow2".into()];
    if let Some(backing) = backing {
        arguments.extend(["-F".into(), "qcow2".into(), "-b".into(), text(backing)?]);
    }
    arguments.extend([text(path)?, size_bytes.to_string()]);
    short(&[], &arguments).await.map(drop)
}

/// Copies an image with all that it is based on into a qcow2 that stands alone.
pub async fn convert(
    from: &Path,
    format: &str,
    to: &Path,
    progress: Progress<'_>,
) -> Result<(), BackendError> {
    let arguments = [
        "convert".into(),
        "-p".into(),
        "-f".into(),
        format.to_owned(),
        "-O".into(),
        "qcow2".into(),
        text(from)?,
        text(to)?,
    ];
    run(&[], &arguments, progress).await.map(drop)
}

/// Makes a qcow2 larger.
pub async fn resize(path: &Path, size_bytes: u64) -> Result<(), BackendError> {
    let arguments =
        ["resize".into(), "-q".into(), "-f".into(), "qcow2".into(), text(path)?, size_bytes.to_string()];
    short(&[], &arguments).await.map(drop)
}

/// Looks at an image that a stranger made.
pub async fn info(path: &Path, format: &str) -> Result<Info, BackendError> {
    let arguments = ["info".into(), "--output=json".into(), "-f".into(), format.to_owned(), text(path)?];
    let output = short(&STRANGER, &arguments).await?;
    read_info(&output).ok_or_else(|| failed("an answer to `info` that is no JSON".into()))
}

fn read_info(output: &str) -> Option<Info> {
    let found: serde_json::Value = serde_json::from_str(output).ok()?;
    let virtual_bytes = found.get("virtual-size")?.as_u64()?;
    let names = ["backing-filename", "full-backing-filename", "backing-image"];
    let data = found.pointer("/format-specific/data");
    let elsewhere = ["data-file", "data-file-raw"];
    let refers = names.iter().any(|name| found.get(name).is_some())
        || elsewhere.iter().any(|name| data.and_then(|data| data.get(name)).is_some_and(|v| v != false));
    Some(Info { virtual_bytes, refers })
}

fn text(path: &Path) -> Result<String, BackendError> {
    let text = path.to_str().ok_or_else(|| failed(format!("{} is not UTF-8", path.display())))?;
    Ok(text.to_owned())
}

async fn short(wrapper: &[&str], arguments: &[String]) -> Result<String, BackendError> {
    match tokio::time::timeout(SHORT, run(wrapper, arguments, &|_| {})).await {
        Ok(result) => result,
        Err(_) => Err(failed(format!("took longer than {} s", SHORT.as_secs()))),
    }
}

async fn run(wrapper: &[&str], arguments: &[String], progress: Progress<'_>) -> Result<String, BackendError> {
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--", "sh", "-c", IF_CHILD, "sh", &std::process::id().to_string()])
        .args(wrapper)
        .arg(PROGRAM)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (output, words) = tokio::join!(read(stdout, progress), read(stderr, &|_| {}));
    let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(output);
    }
    Err(explain(if words.trim().is_empty() { status.to_string() } else { words.trim().to_owned() }))
}

/// Reads all, and passes on what looks like `(12.34/100%)`.
async fn read(stream: Option<impl AsyncRead + Unpin>, progress: Progress<'_>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    // a pipe that breaks is as good as one that ends: the exit status tells how it went
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        if let Some(percent) = percent(&String::from_utf8_lossy(&buffer[..count])) {
            progress(percent);
        }
        all.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn percent(output: &str) -> Option<u8> {
    let (before, _) = output.rsplit_once("/100%)")?;
    let (_, number) = before.rsplit_once('(')?;
    number.split('.').next()?.trim().parse().ok().filter(|percent| *percent <= 100)
}

fn explain(words: String) -> BackendError {
    if words.contains("No space left on device") || words.contains("Disk quota exceeded") {
        BackendError::Full(words)
    } else if words.contains("lock") && (words.contains("Failed to get") || words.contains("in use")) {
        BackendError::Locked(words)
    } else {
        failed(words)
    }
}

fn failed(reason: String) -> BackendError {
    BackendError::Program { program: PROGRAM, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_off_the_output() {
        assert_eq!(percent("    (0.00/100%)\r    (37.61/100%)\r"), Some(37));
        assert_eq!(percent("    (100.00/100%)\r\n"), Some(100));
        assert_eq!(percent("nothing"), None);
    }

    #[test]
    fn a_full_disk_and_a_lock_are_told_from_other_failures() {
        let of = |words: &str| explain(words.to_owned());
        assert!(matches!(of("error while writing: No space left on device"), BackendError::Full(_)));
        let lock =
            "Could not open 'a': Failed to get shared \"write\" lock\nIs another process using the image?";
        assert!(matches!(of(lock), BackendError::Locked(_)));
        assert!(matches!(of("Could not open 'a': No such file"), BackendError::Program { .. }));
    }

    #[test]
    fn references_show_in_the_answer() {
        let plain =
            r#"{"virtual-size": 1024, "format": "qcow2", "format-specific": {"data": {"compat": "1.1"}}}"#;
        assert_eq!(read_info(plain), Some(Info { virtual_bytes: 1024, refers: false }));
        for more in [r#""backing-filename": "x""#, r#""format-specific": {"data": {"data-file": "x"}}"#] {
            assert!(read_info(&format!("{{\"virtual-size\": 1, {more}}}")).unwrap().refers);
        }
    }
}
