//! What to do: the command line.

use std::fmt;
use std::str::FromStr;

use clap::{Parser, ValueEnum};

/// Loads an S3 endpoint and says what it gave.
#[derive(Debug, Parser)]
pub struct Plan {
    /// Host and port, without TLS.
    #[arg(long, default_value = "127.0.0.1:8773")]
    pub endpoint: String,
    /// Access key id.
    #[arg(long, env = "AWS_ACCESS_KEY_ID")]
    pub access_key: String,
    /// Secret access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub secret_key: String,
    /// Region of the signatures.
    #[arg(long, default_value = "us-east-1")]
    pub region: String,
    /// Bucket; made if it is missing.
    #[arg(long, default_value = "s3-load")]
    pub bucket: String,
    /// What all keys begin with.
    #[arg(long, default_value = "load/")]
    pub prefix: String,
    /// Operations, in the order in which they run.
    #[arg(long, value_delimiter = ',', default_value = "put,get,head,list,delete")]
    pub ops: Vec<Op>,
    /// Sizes of objects: 4k, 64m.
    #[arg(long, value_delimiter = ',', default_value = "4k")]
    pub sizes: Vec<Size>,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_value = "16")]
    pub clients: Vec<usize>,
    /// An operation ends after so many.
    #[arg(long, default_value_t = 20_000)]
    pub count: u64,
    /// An operation ends after so many seconds.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Threads of this program.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// The server's process, if it is on this host: its processor time an operation is told, too.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// Instead of a run: open so many connections, half uploads, half downloads, of the first of the sizes, let each
    /// move `--moved` bytes and stand still, and say how much memory the server holds.
    #[arg(long)]
    pub hold: Option<usize>,
    /// What each of the held connections moves.
    #[arg(long, default_value = "4m")]
    pub moved: Size,
    /// After each put, get and head, run it against a process of this program that does nothing but HTTP, and say what
    /// part of that the server reached.
    #[arg(long)]
    pub floor: bool,
    /// Sign the digest of each body; without it bodies are sent as `UNSIGNED-PAYLOAD`.
    #[arg(long)]
    pub sign_payload: bool,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Op {
    /// PutObject, each to a key of its own.
    Put,
    /// GetObject.
    Get,
    /// HeadObject.
    Head,
    /// DeleteObject.
    Delete,
    /// ListObjectsV2: the first page of 1,000 keys.
    List,
}

impl Op {
    /// HTTP method.
    pub fn method(self) -> &'static str {
        match self {
            Op::Put => "PUT",
            Op::Get | Op::List => "GET",
            Op::Head => "HEAD",
            Op::Delete => "DELETE",
        }
    }

    /// Whether a server that keeps nothing can answer it.
    pub fn has_floor(self) -> bool {
        matches!(self, Op::Put | Op::Get | Op::Head)
    }

    /// Query, in canonical form.
    pub fn query(self) -> &'static str {
        if self == Op::List { "list-type=2&max-keys=1000" } else { "" }
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(usize);

impl Size {
    /// The number.
    pub fn bytes(self) -> usize {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, shift) = match text.to_ascii_lowercase().chars().last() {
            Some('k') => (&text[..text.len() - 1], 10),
            Some('m') => (&text[..text.len() - 1], 20),
            Some('g') => (&text[..text.len() - 1], 30),
            _ => (text, 0),
        };
        let number: usize = digits.parse().map_err(|_| format!("`{text}` is no size, such as 4k or 64m"))?;
        number.checked_shl(shift).map(Size).ok_or_else(|| format!("`{text}` is too large"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n % (1 << 20) == 0 => f.pad(&format!("{}m", n >> 20)),
            n if n > 0 && n % (1 << 10) == 0 => f.pad(&format!("{}k", n >> 10)),
            n => f.pad(&n.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_alike() {
        for (text, bytes) in [("0", 0), ("7", 7), ("4k", 4096), ("64m", 64 << 20)] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, text));
        }
        assert!("x".parse::<Size>().is_err() && "".parse::<Size>().is_err() && "k".parse::<Size>().is_err());
    }
}
