//! A connection that sends a request and reads its reply to the end: little enough that the server is what is
//! measured. It reads the replies of an S3 server, which have a length; anything else ends the run.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;

/// A head is never longer.
const MAX_HEAD: usize = 64 << 10;

/// A connection that is kept between requests.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// Whether the server closes the connection.
    pub closes: bool,
}

impl Connection {
    /// Connects.
    pub async fn open(endpoint: &str) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(endpoint).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: vec![0; 512 << 10] })
    }

    /// Sends a request and reads its reply.
    pub async fn call(&mut self, head: &str, body: &[u8]) -> Result<Reply, Failure> {
        match body.len() {
            // one segment for what fits into one
            1..=65536 => self.stream.write_all(&[head.as_bytes(), body].concat()).await?,
            _ => {
                self.stream.write_all(head.as_bytes()).await?;
                self.stream.write_all(body).await?;
            }
        }
        let bodiless = head.starts_with("HEAD ");
        let mut filled = 0;
        let end = loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err("the server closed the connection before it replied".into());
            }
            filled += read;
            if let Some(at) = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if filled > MAX_HEAD {
                return Err("the head of a reply is too long".into());
            }
        };
        let (status, length, closes) = read_head(&self.buffer[..end])?;
        let length = if bodiless || status == 204 || status == 304 { 0 } else { length };
        let mut left = length.saturating_sub((filled - end) as u64);
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..room]).await?;
            if read == 0 {
                return Err("the server closed the connection within a reply".into());
            }
            left -= read as u64;
        }
        Ok(Reply { status, bytes: length, closes })
    }
}

/// Status, length of the body, and whether the connection ends.
fn read_head(head: &[u8]) -> Result<(u16, u64, bool), Failure> {
    let text = std::str::from_utf8(head)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("a reply without a status")?;
    let (mut length, mut closes) = (0, false);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.trim().eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("a reply in chunks, which this program does not read".into());
        }
    }
    Ok((status.parse()?, length, closes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_length_and_end() {
        let head = b"HTTP/1.1 206 Partial Content\r\nContent-Length: 12\r\nconnection: close\r\n\r\n";
        assert_eq!(read_head(head).unwrap(), (206, 12, true));
        assert!(read_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(read_head(b"nonsense\r\n\r\n").is_err());
    }
}
