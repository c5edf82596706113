//! OpenSSH's formats of keys: public key lines and the unencrypted `openssh-key-v1` private key file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Appends a length-prefixed string, the building block of all of SSH's formats.
fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(bytes);
}

/// Appends a positive number: big-endian, no leading zeroes, a zero byte where the top bit is set.
fn mpint(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len());
    let digits = &bytes[start..];
    if digits.first().is_some_and(|first| first & 0x80 != 0) {
        string(out, &[&[0], digits].concat());
    } else {
        string(out, digits);
    }
}

/// Takes a length-prefixed string off the front.
fn take<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = input.split_first_chunk::<4>()?;
    let (taken, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *input = rest;
    Some(taken)
}

/// The wire form of an RSA public key.
pub fn rsa_blob(exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(300);
    string(&mut out, b"ssh-rsa");
    mpint(&mut out, exponent);
    mpint(&mut out, modulus);
    out
}

/// The wire form of an Ed25519 public key.
pub fn ed25519_blob(public: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(51);
    string(&mut out, b"ssh-ed25519");
    string(&mut out, public);
    out
}

/// A public key taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA, big-endian.
    Rsa {
        /// e.
        exponent: Vec<u8>,
        /// n.
        modulus: Vec<u8>,
    },
    /// Ed25519.
    Ed25519([u8; 32]),
}

/// Reads the wire form of a public key; none for other kinds and for what has bytes left over.
pub fn read_blob(mut blob: &[u8]) -> Option<PublicKey> {
    let kind = take(&mut blob)?;
    let key = match kind {
        b"ssh-rsa" => {
            let (exponent, modulus) = (take(&mut blob)?.to_vec(), take(&mut blob)?);
            let start = modulus.iter().position(|b| *b != 0)?;
            PublicKey::Rsa { exponent, modulus: modulus[start..].to_vec() }
        }
        b"ssh-ed25519" => PublicKey::Ed25519(take(&mut blob)?.try_into().ok()?),
        _ => return None,
    };
    blob.is_empty().then_some(key)
}

/// Reads `ssh-rsa AAAA... comment`, or the same in RFC 4716's `---- BEGIN SSH2 PUBLIC KEY ----` form.
pub fn read_public(text: &str) -> Option<PublicKey> {
    let text = text.trim();
    let encoded: String = if text.starts_with("---- BEGIN SSH2 PUBLIC KEY") {
        let lines = text.lines().filter(|line| !line.starts_with("----") && !line.contains(':'));
        lines.map(str::trim).collect()
    } else {
        let mut words = text.split_ascii_whitespace();
        let first = words.next()?;
        if first.starts_with("ssh-") { words.next()?.to_owned() } else { first.to_owned() }
    };
    read_blob(&STANDARD.decode(encoded).ok()?)
}

/// The `openssh-key-v1` file of an Ed25519 key; `check` is any number.
pub fn ed25519_private(seed: &[u8; 32], public: &[u8], comment: &str, check: u32) -> Zeroizing<String> {
    let mut private = Zeroizing::new(Vec::with_capacity(256));
    private.extend(check.to_be_bytes());
    private.extend(check.to_be_bytes());
    string(&mut private, b"ssh-ed25519");
    string(&mut private, public);
    string(&mut private, &Zeroizing::new([seed.as_slice(), public].concat()));
    string(&mut private, comment.as_bytes());
    for pad in 1u8.. {
        if private.len().is_multiple_of(8) {
            break;
        }
        private.push(pad);
    }
    let mut file = Zeroizing::new(b"openssh-key-v1\0".to_vec());
    for part in [b"none".as_slice(), b"none", b""] {
        string(&mut file, part);
    }
    file.extend(1u32.to_be_bytes());
    string(&mut file, &ed25519_blob(public));
    string(&mut file, &private);
    let encoded = Zeroizing::new(STANDARD.encode(file.as_slice()));
    let mut text = Zeroizing::new(String::with_capacity(512));
    text.push_str("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for line in encoded.as_bytes().chunks(70) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_read_back_in_every_form() {
        let blob = ed25519_blob(&[7; 32]);
        let key = PublicKey::Ed25519([7; 32]);
        let encoded = STANDARD.encode(&blob);
        let rfc = format!(
            "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"x\"\n{encoded}\n---- END SSH2 PUBLIC KEY ----\n"
        );
        for text in [format!("ssh-ed25519 {encoded} me@here\n"), encoded.clone(), rfc] {
            assert_eq!(read_public(&text), Some(key.clone()), "{text}");
        }
        let rsa = rsa_blob(&[1, 0, 1], &[0x80; 256]);
        assert_eq!(
            read_blob(&rsa),
            Some(PublicKey::Rsa { exponent: vec![1, 0, 1], modulus: vec![0x80; 256] })
        );
        for bad in ["", "ssh-rsa", "ssh-rsa !!!", "ssh-ed25519 AAAA", &encoded[..20]] {
            assert_eq!(read_public(bad), None, "{bad}");
        }
    }
}
