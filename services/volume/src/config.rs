//! What the volume service is configured with: section `[volume]` of the configuration file.

use serde::{Deserialize, Serialize};

/// Settings of the volume service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Volume type of volumes that do not name one: `gp2`, `gp3`, `st1`, `sc1` or `standard`.
    pub default_volume_type: String,
    /// Volumes that one account may have, 1 to 1,000,000; beyond it CreateVolume answers `VolumeLimitExceeded`.
    pub max_volumes: u32,
    /// GiB that all volumes of one account may have together, 1 to 1,000,000,000.
    pub max_total_gib: u64,
    /// Volumes that one instance may have, its root volume included, 1 to 64: what the node's machine type has slots for.
    pub max_attachments: u32,
    /// Snapshots and imports that are copied at the same time, 1 to 64.
    pub concurrent_copies: u32,
    /// GiB that the disk of an imported image may have, 1 to 65,536.
    pub max_import_gib: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            default_volume_type: "gp2".into(),
            max_volumes: 5_000,
            max_total_gib: 50 * 1024,
            max_attachments: 20,
            concurrent_copies: 2,
            max_import_gib: 16_384,
        }
    }
}

impl Config {
    /// Whether the values make sense together.
    ///
    /// # Errors
    /// Names the setting that does not.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("max_volumes", u64::from(self.max_volumes), 1_000_000),
            ("max_total_gib", self.max_total_gib, 1_000_000_000),
            ("max_attachments", u64::from(self.max_attachments), 64),
            ("concurrent_copies", u64::from(self.concurrent_copies), 64),
            ("max_import_gib", u64::from(self.max_import_gib), 65_536),
        ];
        for (name, value, max) in ranges {
            if value == 0 || value > max {
                return Err(format!("volume.{name} is {value}, expected 1 to {max}"));
            }
        }
        match self.default_volume_type.as_str() {
            "gp2" | "gp3" | "st1" | "sc1" | "standard" => Ok(()),
            other => Err(format!(
                "volume.default_volume_type is {other:?}, expected gp2, gp3, st1, sc1 or standard"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sane_and_nonsense_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        let bad = Config { max_attachments: 0, ..Config::default() };
        assert!(bad.check().unwrap_err().contains("volume.max_attachments"));
        let bad = Config { default_volume_type: "io1".into(), ..Config::default() };
        assert!(bad.check().unwrap_err().contains("default_volume_type"));
    }
}
