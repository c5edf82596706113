//! Disk images that people hand in: what they may be, read off their first bytes before any tool opens them.
//!
//! An image can name other files: a qcow2's backing file or external data file, a VMDK's extents or parent, a
//! differencing VHD's parent. A tool that opened such an image would read files of this host into a guest's disk.
//! None of that gets past [`check`]; what it lets through is self-contained.

use serde::{Deserialize, Serialize};

/// Bytes of the beginning that [`check`] wants, or the whole image if that is shorter.
pub const HEAD_BYTES: usize = 64 << 10;

/// Formats that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The disk byte by byte.
    Raw,
    /// QEMU's.
    Qcow2,
    /// VMware's, in one sparse or streamOptimized file.
    Vmdk,
    /// Microsoft's older one, fixed or dynamic.
    Vhd,
    /// Microsoft's newer one.
    Vhdx,
}

impl Format {
    /// The format of ImportSnapshot's `Format`, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "RAW" => Format::Raw,
            "QCOW2" => Format::Qcow2,
            "VMDK" => Format::Vmdk,
            "VHD" | "VPC" => Format::Vhd,
            "VHDX" => Format::Vhdx,
            _ => return None,
        })
    }

    /// As EC2 shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Raw => "RAW",
            Format::Qcow2 => "QCOW2",
            Format::Vmdk => "VMDK",
            Format::Vhd => "VHD",
            Format::Vhdx => "VHDX",
        }
    }

    /// As QEMU names it.
    pub const fn qemu(self) -> &'static str {
        match self {
            Format::Raw => "raw",
            Format::Qcow2 => "qcow2",
            Format::Vmdk => "vmdk",
            Format::Vhd => "vpc",
            Format::Vhdx => "vhdx",
        }
    }
}

/// Whether an image that begins with `head` is what it is said to be, and refers to no other file.
///
/// # Errors
/// Why not, for the task's status message.
pub fn check(format: Format, head: &[u8]) -> Result<(), String> {
    if head.is_empty() {
        return Err("the image is empty".into());
    }
    match format {
        Format::Raw => Ok(()),
        Format::Qcow2 => check_qcow2(head),
        Format::Vmdk => check_vmdk(head),
        // a fixed VHD has its mark at the end only; the tool looks there
        Format::Vhd => check_vhd(head),
        Format::Vhdx if head.starts_with(b"vhdxfile") => Ok(()),
        Format::Vhdx => Err(not_a(Format::Vhdx)),
    }
}

fn not_a(format: Format) -> String {
    format!("the image is not in {} format", format.as_str())
}

fn be32(head: &[u8], at: usize) -> Option<u32> {
    head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn be64(head: &[u8], at: usize) -> Option<u64> {
    head.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes)
}

fn le64(head: &[u8], at: usize) -> Option<u64> {
    head.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn check_qcow2(head: &[u8]) -> Result<(), String> {
    const EXTERNAL_DATA: u64 = 1 << 2;
    if !head.starts_with(b"QFI\xfb") || head.len() < 72 {
        return Err(not_a(Format::Qcow2));
    }
    let version = be32(head, 4);
    if !matches!(version, Some(2 | 3)) {
        return Err("the image is of a QCOW version that is not supported".into());
    }
    if be64(head, 8) != Some(0) {
        return Err("the image refers to a backing file; flatten it first".into());
    }
    if be32(head, 32) != Some(0) {
        return Err("the image is encrypted".into());
    }
    match (version, be64(head, 72)) {
        (Some(2), _) => Ok(()),
        (_, Some(features)) if features & EXTERNAL_DATA == 0 => Ok(()),
        (_, Some(_)) => Err("the image keeps its data in another file".into()),
        (_, None) => Err(not_a(Format::Qcow2)),
    }
}

/// Only the binary form: a descriptor in text names its extents by path. In the binary form a capacity of 0 means that
/// the embedded descriptor names them, and a parent stands in the embedded descriptor.
fn check_vmdk(head: &[u8]) -> Result<(), String> {
    if !head.starts_with(b"KDMV") {
        return Err("the image is not a VMDK in one file (monolithicSparse or streamOptimized)".into());
    }
    if le64(head, 12).unwrap_or(0) == 0 {
        return Err("the image's descriptor refers to other files".into());
    }
    let sectors = |at| le64(head, at).and_then(|n| usize::try_from(n).ok());
    let (Some(at), Some(length)) = (sectors(28), sectors(36)) else { return Err(not_a(Format::Vmdk)) };
    let (at, length) = (at.saturating_mul(512), length.saturating_mul(512));
    if length == 0 {
        return Ok(());
    }
    let descriptor =
        head.get(at..at.saturating_add(length)).ok_or("the image's descriptor is out of place")?;
    let text = String::from_utf8_lossy(descriptor);
    let kind = text.lines().find_map(|line| line.trim().strip_prefix("createType=")).unwrap_or("");
    if !matches!(kind.trim_matches('"'), "monolithicSparse" | "streamOptimized") {
        return Err(format!("a VMDK of type {kind} is not supported"));
    }
    if text.to_ascii_lowercase().contains("parentfilenamehint") {
        return Err("the image refers to a parent file; flatten it first".into());
    }
    Ok(())
}

fn check_vhd(head: &[u8]) -> Result<(), String> {
    const DIFFERENCING: u32 = 4;
    if head.starts_with(b"conectix") && be32(head, 60) == Some(DIFFERENCING) {
        return Err("the image refers to a parent file; merge it first".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn qcow2(backing: u64, features: u64) -> Vec<u8> {
        let mut head = vec![0; 104];
        head[..4].copy_from_slice(b"QFI\xfb");
        head[4..8].copy_from_slice(&3u32.to_be_bytes());
        head[8..16].copy_from_slice(&backing.to_be_bytes());
        head[72..80].copy_from_slice(&features.to_be_bytes());
        head
    }

    fn vmdk(capacity: u64, descriptor: &str) -> Vec<u8> {
        let mut head = vec![0; 2048];
        head[..4].copy_from_slice(b"KDMV");
        head[12..20].copy_from_slice(&capacity.to_le_bytes());
        head[28..36].copy_from_slice(&1u64.to_le_bytes());
        head[36..44].copy_from_slice(&3u64.to_le_bytes());
        head[512..512 + descriptor.len()].copy_from_slice(descriptor.as_bytes());
        head
    }

    #[test]
    fn images_that_refer_to_other_files_are_refused() {
        assert!(check(Format::Qcow2, &qcow2(0, 0)).is_ok());
        assert!(check(Format::Qcow2, &qcow2(4096, 0)).unwrap_err().contains("backing file"));
        assert!(check(Format::Qcow2, &qcow2(0, 4)).unwrap_err().contains("another file"));
        assert!(check(Format::Vmdk, &vmdk(2048, "createType=\"monolithicSparse\"\n")).is_ok());
        assert!(check(Format::Vmdk, &vmdk(0, "createType=\"monolithicSparse\"\n")).is_err());
        assert!(check(Format::Vmdk, &vmdk(2048, "createType=\"vmfs\"\n")).is_err());
        let child = "createType=\"monolithicSparse\"\nparentFileNameHint=\"/etc/shadow\"\n";
        assert!(check(Format::Vmdk, &vmdk(2048, child)).unwrap_err().contains("parent"));
        assert!(check(Format::Vmdk, b"# Disk DescriptorFile\nRW 1 FLAT \"/etc/shadow\" 0\n").is_err());
        let mut vhd = vec![0; 512];
        vhd[..8].copy_from_slice(b"conectix");
        vhd[60..64].copy_from_slice(&4u32.to_be_bytes());
        assert!(check(Format::Vhd, &vhd).unwrap_err().contains("parent"));
    }

    #[test]
    fn an_image_must_be_what_it_is_said_to_be() {
        for format in [Format::Qcow2, Format::Vmdk, Format::Vhdx] {
            assert!(check(format, b"hello").is_err());
        }
        assert!(check(Format::Raw, b"").is_err());
        assert!(check(Format::Raw, b"anything").is_ok());
        assert_eq!(Format::parse("vhd"), Some(Format::Vhd));
        assert_eq!(Format::parse("iso"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut head in prop::collection::vec(any::<u8>(), 0..600), kind in 0usize..4) {
            let marks: [&[u8]; 4] = [b"QFI\xfb", b"KDMV", b"conectix", b"vhdxfile"];
            let mark = marks[kind];
            if head.len() >= mark.len() {
                head[..mark.len()].copy_from_slice(mark);
            }
            for format in [Format::Raw, Format::Qcow2, Format::Vmdk, Format::Vhd, Format::Vhdx] {
                let _ = check(format, &head);
            }
        }
    }
}
