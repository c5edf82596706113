//! Storage classes. All content here lies on the same disks; a class is kept and told, and content of the archive
//! classes has to be asked back before it can be read, as clients of those classes expect.

use serde::{Deserialize, Serialize};

/// A storage class of general-purpose buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is AWS's class of the same name")]
pub enum StorageClass {
    #[default]
    Standard,
    ReducedRedundancy,
    StandardIa,
    OnezoneIa,
    IntelligentTiering,
    GlacierIr,
    Glacier,
    DeepArchive,
}

impl StorageClass {
    const ALL: [StorageClass; 8] = [
        StorageClass::Standard,
        StorageClass::ReducedRedundancy,
        StorageClass::StandardIa,
        StorageClass::OnezoneIa,
        StorageClass::IntelligentTiering,
        StorageClass::GlacierIr,
        StorageClass::Glacier,
        StorageClass::DeepArchive,
    ];

    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            StorageClass::Standard => "STANDARD",
            StorageClass::ReducedRedundancy => "REDUCED_REDUNDANCY",
            StorageClass::StandardIa => "STANDARD_IA",
            StorageClass::OnezoneIa => "ONEZONE_IA",
            StorageClass::IntelligentTiering => "INTELLIGENT_TIERING",
            StorageClass::GlacierIr => "GLACIER_IR",
            StorageClass::Glacier => "GLACIER",
            StorageClass::DeepArchive => "DEEP_ARCHIVE",
        }
    }

    /// The class of AWS's word.
    pub fn of(word: &str) -> Option<StorageClass> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// Whether it is the one that replies leave unsaid.
    pub fn is_standard(&self) -> bool {
        *self == StorageClass::Standard
    }

    /// How far down the way it is that a lifecycle goes, from the class used most to the one used least.
    pub const fn depth(self) -> u8 {
        match self {
            StorageClass::Standard | StorageClass::ReducedRedundancy => 0,
            StorageClass::StandardIa => 1,
            StorageClass::IntelligentTiering => 2,
            StorageClass::OnezoneIa => 3,
            StorageClass::GlacierIr => 4,
            StorageClass::Glacier => 5,
            StorageClass::DeepArchive => 6,
        }
    }

    /// Whether a lifecycle may go from that class to this one.
    pub const fn is_below(self, from: StorageClass) -> bool {
        self.depth() > from.depth()
    }

    /// Whether content has to be asked back before it can be read.
    pub fn is_archive(self) -> bool {
        matches!(self, StorageClass::Glacier | StorageClass::DeepArchive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_stored_under_aws_words() {
        for class in StorageClass::ALL {
            assert_eq!(StorageClass::of(class.as_str()), Some(class));
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{}\"", class.as_str()));
        }
        assert_eq!(StorageClass::of("OUTPOSTS"), None);
    }
}
