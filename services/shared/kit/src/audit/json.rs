//! JSON for records, written straight from what they borrow: a record is made for every request, so what it costs, every
//! request costs. A text is looked at in one go for what has to be escaped, and only what is unusual is left to serde_json.

use std::io::Write;

use serde_json::Value;

/// Appends an object whose members `write` adds.
pub(super) fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    write(&mut Object { out: &mut *out, any: false });
    out.push(b'}');
}

/// An object on its way. Names are AWS's: nothing in them has to be escaped.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    any: bool,
}

impl Object<'_> {
    fn comma(&mut self) {
        if std::mem::replace(&mut self.any, true) {
            self.out.push(b',');
        }
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        text(self.out, value);
    }

    /// A text, or nothing at all.
    pub fn if_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A text, or null.
    pub fn or_null(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.value(name, &Value::Null),
        }
    }

    /// Anything else.
    pub fn value(&mut self, name: &str, value: &Value) {
        self.name(name);
        write_value(self.out, value);
    }

    /// An object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        object(self.out, write);
    }

    /// A list of objects.
    pub fn objects<T>(&mut self, name: &str, items: &[T], write: impl Fn(&mut Object<'_>, &T)) {
        self.name(name);
        list(self.out, items, |out, item| object(out, |one| write(one, item)));
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        // writing to memory does not fail
        Value::Number(number) => drop(write!(out, "{number}")),
        Value::String(value) => text(out, value),
        Value::Array(items) => list(out, items, write_value),
        Value::Object(members) => object(out, |object| {
            for (name, value) in members {
                object.comma();
                text(object.out, name);
                object.out.push(b':');
                write_value(object.out, value);
            }
        }),
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    let odd = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // without a way out in the middle this compiles to a few vector instructions
    if text.bytes().fold(false, |found, byte| found | odd(byte)) {
        // writing to memory does not fail
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write_value(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_writes_what_serde_json_writes() {
        let value = json!({ "a \"b\"": [1, -2.5, null, "\u{1}\\", "\u{e9}", true], "": {}, "n": [], "o": { "p": false } });
        assert_eq!(written(&value), value.to_string());
    }

    #[test]
    fn members_come_in_the_order_in_which_they_are_written() {
        let mut out = Vec::new();
        object(&mut out, |all| {
            all.text("b", "x");
            all.if_some("gone", None);
            all.if_some("there", Some("y"));
            all.or_null("none", None);
            all.object("in", |inner| inner.value("n", &json!(7)));
            all.objects("list", &["1", "2"], |one, item| one.text("i", item));
            all.object("empty", |_| ());
        });
        let expected =
            r#"{"b":"x","there":"y","none":null,"in":{"n":7},"list":[{"i":"1"},{"i":"2"}],"empty":{}}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn any_text_is_escaped_as_serde_json_does(text in any::<String>()) {
            let value = Value::String(text);
            prop_assert_eq!(written(&value), value.to_string());
        }
    }
}
