//! Writing responses as XML, straight into a string: no tree in between.
//!
//! A struct's fields become elements, `None` becomes nothing, a list becomes what its protocol wants ([`Lists`]).
//! A field renamed to `@name` becomes an attribute; such fields stand first in their struct. A field renamed to
//! `$text` is the element's own text.

use std::fmt;

use serde::ser::{self, Serialize, SerializeSeq, SerializeStruct};

/// The declaration before every document; some clients (HTCondor) compare it byte by byte.
pub const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// How a protocol writes lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// ec2Query: `<volumeSet><item>..</item></volumeSet>`.
    Item,
    /// awsQuery: `<Users><member>..</member></Users>`.
    Member,
    /// restXml as S3 uses it: the field's element is repeated, `<Contents>..</Contents><Contents>..</Contents>`.
    Flat,
}

/// A value that cannot be written as XML (a tuple): a mistake in a shape, found by its first test.
#[derive(Debug, PartialEq, Eq)]
pub struct XmlError(String);

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for XmlError {}

impl ser::Error for XmlError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        XmlError(reason.to_string())
    }
}

/// Writes `<tag>value</tag>` to the end of `out`.
pub fn element<T: Serialize + ?Sized>(
    out: &mut String,
    tag: &str,
    value: &T,
    lists: Lists,
) -> Result<(), XmlError> {
    value.serialize(Element { out, tag, lists })
}

/// A whole document: declaration, then `<tag xmlns="..">fields</tag>`.
pub fn document<T: Serialize + ?Sized>(
    tag: &str,
    xmlns: &str,
    value: &T,
    lists: Lists,
) -> Result<String, XmlError> {
    let mut out = String::with_capacity(1024);
    out.push_str(DECLARATION);
    out.push('\n');
    let opening = format!("{tag} xmlns=\"{xmlns}\"");
    let start = out.len();
    value.serialize(Element { out: &mut out, tag: &opening, lists })?;
    close_with_plain_tag(&mut out, start, &opening, tag);
    Ok(out)
}

/// `Element` closes with the text it opened with; a root with attributes must close with its bare name.
fn close_with_plain_tag(out: &mut String, start: usize, opening: &str, tag: &str) {
    let written_close = format!("</{opening}>");
    if out[start..].ends_with(&written_close) {
        out.truncate(out.len() - written_close.len());
        out.push_str("</");
        out.push_str(tag);
        out.push('>');
    }
}

/// Escapes text for element content and attribute values; control characters become references, as S3 writes them.
///
/// Inlined, like all that writes an element: this crate is built for size, those that write long lists are not.
#[inline]
pub fn escape_into(out: &mut String, text: &str) {
    // without a branch for each byte, so that it is done for many at once
    let special = |found: bool, byte: &u8| found | (*byte < b' ') | matches!(byte, b'&' | b'<' | b'>' | b'"');
    if !text.as_bytes().iter().fold(false, special) {
        out.push_str(text);
        return;
    }
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let reference = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            0..=8 | 11..=31 => {
                out.push_str(&text[plain_from..at]);
                out.push_str(&format!("&#x{byte:x};"));
                plain_from = at + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(&text[plain_from..at]);
        out.push_str(reference);
        plain_from = at + 1;
    }
    out.push_str(&text[plain_from..]);
}

struct Element<'a> {
    out: &'a mut String,
    tag: &'a str,
    lists: Lists,
}

impl Element<'_> {
    #[inline]
    fn open(&mut self) {
        self.out.push('<');
        self.out.push_str(self.tag);
        self.out.push('>');
    }

    #[inline]
    fn close(self) {
        self.out.push_str("</");
        self.out.push_str(self.tag);
        self.out.push('>');
    }

    #[inline]
    fn text(mut self, text: &str) {
        self.open();
        escape_into(self.out, text);
        self.close();
    }

    fn unsupported(kind: &str) -> XmlError {
        XmlError(format!("{kind} has no XML form here"))
    }
}

macro_rules! display_scalars {
    ($($method:ident $type:ty),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<(), XmlError> {
            self.text(&value.to_string());
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for Element<'a> {
    type Ok = ();
    type Error = XmlError;
    type SerializeSeq = List<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeTuple = ser::Impossible<(), XmlError>;
    type SerializeTupleStruct = ser::Impossible<(), XmlError>;
    type SerializeTupleVariant = ser::Impossible<(), XmlError>;
    type SerializeMap = Entries<'a>;
    type SerializeStructVariant = ser::Impossible<(), XmlError>;

    display_scalars! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_f32 f32, serialize_f64 f64, serialize_char char,
    }

    fn serialize_str(self, text: &str) -> Result<(), XmlError> {
        self.text(text);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), XmlError> {
        Err(Self::unsupported("a byte string (use Blob)"))
    }

    fn serialize_none(self) -> Result<(), XmlError> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), XmlError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), XmlError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), XmlError> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), XmlError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), XmlError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), XmlError> {
        Err(Self::unsupported("an enum with data"))
    }

    fn serialize_seq(mut self, _: Option<usize>) -> Result<List<'a>, XmlError> {
        if self.lists != Lists::Flat {
            self.open();
        }
        Ok(List(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, XmlError> {
        self.out.push('<');
        self.out.push_str(self.tag);
        Ok(Fields { element: self, in_tag: true })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, XmlError> {
        Err(Self::unsupported("a tuple"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, XmlError> {
        Err(Self::unsupported("a tuple"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, XmlError> {
        Err(Self::unsupported("an enum with data"))
    }

    fn serialize_map(mut self, _: Option<usize>) -> Result<Entries<'a>, XmlError> {
        self.open();
        Ok(Entries(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, XmlError> {
        Err(Self::unsupported("an enum with data"))
    }
}

/// A list being written.
pub struct List<'a>(Element<'a>);

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = XmlError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), XmlError> {
        let tag = match self.0.lists {
            Lists::Item => "item",
            Lists::Member => "member",
            Lists::Flat => self.0.tag,
        };
        value.serialize(Element { out: self.0.out, tag, lists: self.0.lists })
    }

    fn end(self) -> Result<(), XmlError> {
        if self.0.lists != Lists::Flat {
            self.0.close();
        }
        Ok(())
    }
}

/// A map being written: `<entry><key>..</key><value>..</value></entry>`, as the query protocols have it.
pub struct Entries<'a>(Element<'a>);

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = XmlError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), XmlError> {
        self.0.out.push_str("<entry>");
        key.serialize(Element { out: self.0.out, tag: "key", lists: self.0.lists })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), XmlError> {
        value.serialize(Element { out: self.0.out, tag: "value", lists: self.0.lists })?;
        self.0.out.push_str("</entry>");
        Ok(())
    }

    fn end(self) -> Result<(), XmlError> {
        self.0.close();
        Ok(())
    }
}

/// A structure being written; `in_tag` while its opening tag may still take attributes.
pub struct Fields<'a> {
    element: Element<'a>,
    in_tag: bool,
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = XmlError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), XmlError> {
        let lists = self.element.lists;
        if let Some(attribute) = name.strip_prefix('@') {
            let text = inner_text(value, lists)?;
            self.element.out.push_str(&format!(" {attribute}=\"{text}\""));
            return Ok(());
        }
        if std::mem::take(&mut self.in_tag) {
            self.element.out.push('>');
        }
        if name == "$text" {
            let text = inner_text(value, lists)?;
            self.element.out.push_str(&text);
            return Ok(());
        }
        value.serialize(Element { out: self.element.out, tag: name, lists })
    }

    fn end(self) -> Result<(), XmlError> {
        if self.in_tag {
            self.element.out.push('>');
        }
        self.element.close();
        Ok(())
    }
}

/// A scalar's escaped text without its element.
fn inner_text<T: Serialize + ?Sized>(value: &T, lists: Lists) -> Result<String, XmlError> {
    let mut text = String::new();
    element(&mut text, "t", value, lists)?;
    Ok(text.strip_prefix("<t>").and_then(|t| t.strip_suffix("</t>")).unwrap_or("").to_owned())
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Volume {
        volume_id: &'static str,
        size: i32,
        snapshot_id: Option<&'static str>,
        #[serde(rename = "tagSet")]
        tags: Vec<Tag>,
    }

    #[derive(Serialize)]
    struct Tag {
        key: &'static str,
    }

    fn volume() -> Volume {
        Volume {
            volume_id: "vol-1",
            size: 8,
            snapshot_id: None,
            tags: vec![Tag { key: "a<&b" }, Tag { key: "c" }],
        }
    }

    #[test]
    fn lists_in_three_dialects() {
        let write = |lists| {
            let mut out = String::new();
            element(&mut out, "v", &volume(), lists).unwrap();
            out
        };
        let head = "<v><volumeId>vol-1</volumeId><size>8</size>";
        assert_eq!(
            write(Lists::Item),
            format!(
                "{head}<tagSet><item><key>a&lt;&amp;b</key></item><item><key>c</key></item></tagSet></v>"
            )
        );
        assert_eq!(
            write(Lists::Member),
            format!(
                "{head}<tagSet><member><key>a&lt;&amp;b</key></member><member><key>c</key></member></tagSet></v>"
            )
        );
        assert_eq!(
            write(Lists::Flat),
            format!("{head}<tagSet><key>a&lt;&amp;b</key></tagSet><tagSet><key>c</key></tagSet></v>")
        );
    }

    #[test]
    fn a_document_declares_its_namespace_once() {
        let text = document("R", "http://x/", &volume(), Lists::Item).unwrap();
        assert!(
            text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"http://x/\"><volumeId>")
        );
        assert!(text.ends_with("</tagSet></R>"));
    }

    #[test]
    fn attributes_and_text() {
        #[derive(Serialize)]
        struct Grantee {
            #[serde(rename = "@xsi:type")]
            kind: &'static str,
            #[serde(rename = "ID")]
            id: &'static str,
        }
        #[derive(Serialize)]
        struct Location {
            #[serde(rename = "$text")]
            region: &'static str,
        }
        let mut out = String::new();
        element(&mut out, "Grantee", &Grantee { kind: "a\"b", id: "x" }, Lists::Flat).unwrap();
        element(&mut out, "L", &Location { region: "eu" }, Lists::Flat).unwrap();
        assert_eq!(out, "<Grantee xsi:type=\"a&quot;b\"><ID>x</ID></Grantee><L>eu</L>");
    }

    #[test]
    fn control_characters_become_references() {
        let mut out = String::new();
        escape_into(&mut out, "a\r\u{1}\tb");
        assert_eq!(out, "a&#xd;&#x1;\tb");
    }
}
