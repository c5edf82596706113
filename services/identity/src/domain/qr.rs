//! A picture that an authenticator scans: a QR code as a PNG of one bit a pixel, without a library for pictures.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::error::Error;

/// Pixels of one module of the code.
const SCALE: i32 = 4;
/// White modules around it, as the standard asks.
const QUIET: i32 = 4;
/// Bytes that one stored block of deflate may hold.
const STORED: usize = 65_535;

/// The PNG of a text.
pub fn png(text: &str) -> Result<Vec<u8>, Error> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|_| Error::Corrupt("the text is too long for a QR code".into()))?;
    let side = (code.size() + 2 * QUIET) * SCALE;
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let width = u32::try_from(side).unwrap_or(0).to_be_bytes();
    // one bit a pixel, grey, deflate, no filter, not interlaced
    chunk(&mut out, b"IHDR", &[&width[..], &width[..], &[1, 0, 0, 0, 0]].concat());
    chunk(&mut out, b"IDAT", &zlib(&rows(&code, side)));
    chunk(&mut out, b"IEND", &[]);
    Ok(out)
}

fn rows(code: &QrCode, side: i32) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..side {
        rows.push(0);
        for byte in 0..(side + 7) / 8 {
            let white = |bit: i32| {
                let x = byte * 8 + bit;
                x < side && !code.get_module(x / SCALE - QUIET, y / SCALE - QUIET)
            };
            rows.push((0..8).fold(0u8, |bits, bit| bits << 1 | u8::from(white(bit))));
        }
    }
    rows
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    out.extend(u32::try_from(content.len()).unwrap_or(0).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(content);
    let sum = crc32(&out[start..]);
    out.extend(sum.to_be_bytes());
}

/// A zlib stream whose blocks are stored as they are.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(STORED).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(bytes).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| {
                if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }
            },
        )
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn a_picture_is_a_png_of_the_right_size() {
        let picture = png("otpauth://totp/alice").unwrap();
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.ends_with(b"IEND\xae\x42\x60\x82"));
        let side = u32::from_be_bytes(picture[16..20].try_into().unwrap());
        assert_eq!(side % 4, 0);
        assert!(side > 100 && side < 1000, "{side}");
    }
}
