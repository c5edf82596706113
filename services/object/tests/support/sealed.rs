//! The ways to encrypt an object, as headers: for writing it, reading it, and copying from it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

/// How objects are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sealed {
    #[default]
    Not,
    S3,
    Kms,
    Customer,
}

type Headers = Vec<(String, String)>;

impl Sealed {
    pub const ALL: [Sealed; 4] = [Sealed::Not, Sealed::S3, Sealed::Kms, Sealed::Customer];

    /// Of requests that make an object or begin an upload.
    pub fn writing(self) -> Headers {
        let method = |name: &str| ("x-amz-server-side-encryption".to_owned(), name.to_owned());
        let mut headers = self.reading();
        headers.extend(match self {
            Sealed::Not | Sealed::Customer => None,
            Sealed::S3 => Some(method("AES256")),
            Sealed::Kms => Some(method("aws:kms")),
        });
        headers
    }

    /// Of requests that read an object or put a part.
    pub fn reading(self) -> Headers {
        // SSE-C is only taken over TLS
        let mut headers = vec![("x-murus-secure".to_owned(), "true".to_owned())];
        if self == Sealed::Customer {
            headers.extend(customer("x-amz-server-side-encryption-customer"));
        }
        headers
    }

    /// Of requests that copy from an object, besides those for what is made.
    pub fn copying(self) -> Headers {
        match self {
            Sealed::Customer => customer("x-amz-copy-source-server-side-encryption-customer"),
            _ => Vec::new(),
        }
    }
}

fn customer(prefix: &str) -> Headers {
    let key = [9; 32];
    vec![
        (format!("{prefix}-algorithm"), "AES256".into()),
        (format!("{prefix}-key"), STANDARD.encode(key)),
        (format!("{prefix}-key-md5"), STANDARD.encode(Md5::digest(key))),
    ]
}
