//! multipart/form-data, as browsers send it: a state machine that takes bytes in pieces of any size and gives out heads of
//! parts and their content as it goes. Content is handed on as it came, never collected here.

use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use crate::error::Error;

/// The head of a part is never longer.
const MAX_HEAD: usize = 8 << 10;
/// RFC 2046: a boundary has at most so many characters.
const MAX_BOUNDARY: usize = 70;
/// A head ends in this.
static BLANK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));

/// What a part says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The field's name.
    pub name: String,
    /// The name of the file, without folders; none when none is given.
    pub filename: Option<String>,
}

impl Head {
    /// Whether its content is the file.
    pub fn is_file(&self) -> bool {
        self.name.eq_ignore_ascii_case("file")
    }
}

/// What comes next in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A part begins.
    Part(Head),
    /// Content of the part that began last.
    Content(Bytes),
    /// That part has ended.
    PartEnd,
    /// The form has ended; what follows it is ignored.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In front of the first delimiter.
    Preamble,
    /// Right behind a delimiter.
    Delimited,
    Head,
    Content,
    End,
}

/// Reads one form.
pub struct Parser {
    state: State,
    /// `\r\n--boundary`.
    delimiter: Finder<'static>,
    buffer: Bytes,
    pushed: u64,
}

impl Parser {
    /// A parser of a whole form.
    pub fn new(boundary: &str) -> Self {
        // the first delimiter is like the others, but for the line end in front of it
        let mut parser = Self::begun(boundary, State::Preamble);
        parser.buffer = Bytes::from_static(b"\r\n");
        parser
    }

    /// A parser of what is left of a form, from inside a part's content.
    pub fn in_content(boundary: &str) -> Self {
        Self::begun(boundary, State::Content)
    }

    fn begun(boundary: &str, state: State) -> Self {
        let delimiter = Finder::new(format!("\r\n--{boundary}").as_bytes()).into_owned();
        Parser { state, delimiter, buffer: Bytes::new(), pushed: 0 }
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, piece: Bytes) {
        self.pushed += piece.len() as u64;
        if self.buffer.is_empty() {
            self.buffer = piece;
            return;
        }
        let mut both = BytesMut::with_capacity(self.buffer.len() + piece.len());
        both.extend_from_slice(&self.buffer);
        both.extend_from_slice(&piece);
        self.buffer = both.freeze();
    }

    /// What was pushed and not yet given out.
    pub fn rest(self) -> Bytes {
        self.buffer
    }

    /// Bytes that were read so far.
    pub fn consumed(&self) -> u64 {
        self.pushed - (self.buffer.len() as u64).min(self.pushed)
    }

    /// What comes next; none when more bytes are needed to say.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` for what is no form.
    pub fn event(&mut self) -> Result<Option<Event>, Error> {
        match self.state {
            State::Preamble => {
                let Some(at) = self.delimiter.find(&self.buffer) else {
                    let kept = self.buffer.len() - self.begun_delimiter();
                    drop(self.buffer.split_to(kept));
                    return Ok(None);
                };
                drop(self.buffer.split_to(at + self.delimiter.needle().len()));
                self.state = State::Delimited;
                self.event()
            }
            State::Delimited => self.delimited(),
            State::Head => self.head(),
            State::Content => Ok(self.content()),
            State::End => {
                self.buffer = Bytes::new();
                Ok(None)
            }
        }
    }

    fn content(&mut self) -> Option<Event> {
        let needle = self.delimiter.needle().len();
        let length = match self.delimiter.find(&self.buffer) {
            Some(0) => {
                drop(self.buffer.split_to(needle));
                self.state = State::Delimited;
                return Some(Event::PartEnd);
            }
            Some(at) => at,
            None => self.buffer.len() - self.begun_delimiter(),
        };
        if length == 0 {
            return None;
        }
        Some(Event::Content(self.buffer.split_to(length)))
    }

    /// How many bytes at the end of the buffer may be the beginning of a delimiter.
    fn begun_delimiter(&self) -> usize {
        let needle = self.delimiter.needle();
        let longest = self.buffer.len().min(needle.len() - 1);
        let tail = &self.buffer[self.buffer.len() - longest..];
        let mut starts = memchr::memchr_iter(b'\r', tail);
        starts.find(|at| needle.starts_with(&tail[*at..])).map_or(0, |at| longest - at)
    }

    /// `--` ends the form; white space and a line end begin a part.
    fn delimited(&mut self) -> Result<Option<Event>, Error> {
        if self.buffer.starts_with(b"--") {
            self.state = State::End;
            return Ok(Some(Event::End));
        }
        let padding = self.buffer.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match &self.buffer[padding..] {
            [b'\r', b'\n', ..] => {
                // the line end stays: a head without a line is blank at once
                drop(self.buffer.split_to(padding));
                self.state = State::Head;
                self.head()
            }
            [] | [b'\r'] if padding <= MAX_HEAD => Ok(None),
            [b'-'] if padding == 0 => Ok(None),
            _ => Err(Error::MalformedForm("a delimiter is followed by something else than a line end")),
        }
    }

    fn head(&mut self) -> Result<Option<Event>, Error> {
        let Some(end) = BLANK.find(&self.buffer) else {
            return match self.buffer.len() > MAX_HEAD {
                true => Err(Error::MalformedForm("the head of a part is too long")),
                false => Ok(None),
            };
        };
        let head = self.buffer.split_to(end + 4);
        self.state = State::Content;
        parse_head(&head).map(|head| Some(Event::Part(head)))
    }
}

fn parse_head(head: &[u8]) -> Result<Head, Error> {
    let text = std::str::from_utf8(head).map_err(|_| Error::MalformedForm("a head is no UTF-8"))?;
    let value = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let value = value.ok_or(Error::MalformedForm("a part does not say what it is"))?;
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(Error::MalformedForm("a part is no form-data"));
    }
    let mut head = Head { name: String::new(), filename: None };
    for (name, value) in parameters_of(parameters) {
        match name.to_ascii_lowercase().as_str() {
            "name" => head.name = value,
            "filename" => head.filename = Some(without_folders(&value).to_owned()),
            _ => {}
        }
    }
    match head.name.is_empty() {
        true => Err(Error::MalformedForm("a part has no name")),
        false => Ok(head),
    }
}

/// Some browsers send the whole path.
fn without_folders(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// `name=value; name="value"`. Browsers escape no backslash: only one in front of a quote means something.
fn parameters_of(mut text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let name = name.trim_start_matches([';', ' ', '\t']).trim();
        let rest = rest.trim_start();
        let (value, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = rest.find(';').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        found.push((name, value));
        text = behind;
    }
    found
}

fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        value.push_str(&rest[..at]);
        let (found, behind) = rest[at..].split_at(1);
        match (found, behind.starts_with('"')) {
            ("\"", _) => return (value, behind),
            (_, true) => {
                value.push('"');
                rest = &behind[1..];
            }
            (_, false) => {
                value.push('\\');
                rest = behind;
            }
        }
    }
    value.push_str(rest);
    (value, "")
}

/// The boundary of a form whose Content-Type this is; none for what is no form.
///
/// # Errors
/// `MalformedPOSTRequest` for a form without a boundary.
pub fn boundary(content_type: &str) -> Result<Option<String>, Error> {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Ok(None);
    }
    parameters_of(parameters)
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value)
        .filter(|value| (1..=MAX_BOUNDARY).contains(&value.len()) && !value.contains(['\r', '\n']))
        .map(Some)
        .ok_or(Error::MalformedForm("the Content-Type has no boundary"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = Vec<(Head, Vec<u8>)>;

    fn parse<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<(Parts, bool), Error> {
        let mut parser = Parser::new("xX");
        let (mut parts, mut ended): (Parts, bool) = (Vec::new(), false);
        for piece in pieces {
            parser.push(Bytes::copy_from_slice(piece));
            while let Some(event) = parser.event()? {
                match event {
                    Event::Part(head) => parts.push((head, Vec::new())),
                    Event::Content(bytes) => parts.last_mut().unwrap().1.extend_from_slice(&bytes),
                    Event::PartEnd => {}
                    Event::End => ended = true,
                }
            }
        }
        Ok((parts, ended))
    }

    fn field(name: &str) -> Head {
        Head { name: name.into(), filename: None }
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = b"preamble\r\n--xX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/${filename}\r\n--xX \t\r\n\
            Content-Disposition: form-data; name=empty\r\nX-Other: y\r\n\r\n\r\n--xX\r\n\
            content-disposition: Form-Data; filename=\"C:\\dir\\a \\\"b\\\";c.txt\"; name=\"file\"\r\n\
            Content-Type: text/plain\r\n\r\nline\r\n--x\r\n--xY\r\nend\r\n--xX--\r\nepilogue --xX";
        for cut in 1..form.len() {
            let (parts, ended) = parse(form.chunks(cut)).unwrap();
            assert!(ended);
            let file = Head { name: "file".into(), filename: Some("a \"b\";c.txt".into()) };
            assert_eq!(
                parts,
                [
                    (field("key"), b"a/${filename}".to_vec()),
                    (field("empty"), vec![]),
                    (file, b"line\r\n--x\r\n--xY\r\nend".to_vec())
                ],
                "{cut}"
            );
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for wrong in [
            "--xX\r\nContent-Disposition: form-data\r\n\r\nv\r\n--xX--",
            "--xX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nv\r\n--xX--",
            "--xX\r\n\r\nv\r\n--xX--",
            "--xXmore\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--xX--",
            &format!("--xX\r\nX: {}", "y".repeat(9000)),
        ] {
            assert!(parse(std::iter::once(wrong.as_bytes())).is_err(), "{wrong}");
        }
        assert!(!parse(std::iter::once(b"nothing at all".as_slice())).unwrap().1);
        assert!(!parse(std::iter::once(b"--xX\r\nContent-Disp".as_slice())).unwrap().1);
    }

    #[test]
    fn the_content_type_names_the_boundary() {
        let of = |text: &str| boundary(text).unwrap();
        assert_eq!(of("multipart/form-data; boundary=abc").as_deref(), Some("abc"));
        assert_eq!(of("Multipart/Form-Data;charset=utf-8; Boundary=\"a;b\"").as_deref(), Some("a;b"));
        assert_eq!(of("text/html; boundary=abc"), None);
        let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
        for without in ["multipart/form-data", "multipart/form-data; boundary=", &long] {
            assert!(boundary(without).is_err(), "{without}");
        }
    }

    proptest! {
        #[test]
        fn any_content_in_any_pieces_comes_back(
            contents in proptest::collection::vec("[a\r\n\\-xX]{0,40}", 1..5),
            cut in 1usize..30,
        ) {
            prop_assume!(contents.iter().all(|content| !format!("\r\n{content}").contains("\r\n--xX")));
            let mut form = Vec::new();
            for content in &contents {
                form.extend_from_slice(b"--xX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n");
                form.extend_from_slice(content.as_bytes());
                form.extend_from_slice(b"\r\n");
            }
            form.extend_from_slice(b"--xX--\r\n");
            let (parts, ended) = parse(form.chunks(cut)).unwrap();
            prop_assert!(ended);
            let read: Vec<_> = parts.iter().map(|(_, content)| String::from_utf8_lossy(content).into_owned()).collect();
            prop_assert_eq!(read, contents);
        }
    }
}
