//! Key policies: what a key has when nobody says otherwise, and what is refused as one.

use auth::policy::Policy;

use super::kms_error::KmsError;

/// A key policy may be this long, in bytes.
const MAX_BYTES: usize = 32_768;

/// The policy of a key made without one: the account decides by its own policies.
pub fn of_account(account: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

/// The policy of the key that S3 encrypts an account's objects with: everybody of the account, but through S3 only.
pub fn of_s3(account: &str, region: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Id": "auto-s3-2",
        "Statement": [
            {
                "Sid": "Allow access through S3 for all principals in the account that are authorized to use S3",
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": account,
                        "kms:ViaService": format!("s3.{region}.amazonaws.com"),
                    },
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

/// Reads a key policy.
pub fn compile(document: &str) -> Result<Policy, KmsError> {
    if document.len() > MAX_BYTES {
        return Err(KmsError::LimitExceeded(format!("The key policy is longer than {MAX_BYTES} bytes")));
    }
    Policy::parse_resource(document).map_err(|error| KmsError::MalformedPolicy(error.to_string()))
}

/// There is one policy a key, and this is its name.
pub fn name(given: Option<&str>) -> Result<(), KmsError> {
    match given {
        None | Some("default") => Ok(()),
        Some(other) => Err(KmsError::NotFound(format!("No such policy exists: {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_we_make_compile_and_bad_ones_do_not() {
        assert!(compile(&of_account("123456789012")).is_ok());
        assert!(compile(&of_s3("123456789012", "us-east-1")).is_ok());
        for bad in ["", "{}", r#"{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#] {
            assert!(matches!(compile(bad), Err(KmsError::MalformedPolicy(_))), "{bad}");
        }
        assert!(matches!(compile(&" ".repeat(40_000)), Err(KmsError::LimitExceeded(_))));
    }
}
