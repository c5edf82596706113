//! ARNs of users, groups, roles and managed policies.

/// `arn:aws:iam::123456789012:user/division/alice`
pub fn user(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:user{path}{name}")
}

/// `arn:aws:iam::123456789012:group/division/admins`
pub fn group(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:group{path}{name}")
}

/// `arn:aws:iam::123456789012:role/division/builder`
pub fn role(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role{path}{name}")
}

/// `arn:aws:iam::123456789012:instance-profile/division/builders`
pub fn instance_profile(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:instance-profile{path}{name}")
}

/// `arn:aws:iam::123456789012:mfa/division/alice`
pub fn mfa(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:mfa{path}{name}")
}

/// `arn:aws:iam::123456789012:server-certificate/division/web`
pub fn server_certificate(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:server-certificate{path}{name}")
}

/// `arn:aws:iam::123456789012:policy/division/read-only`
pub fn policy(account: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:policy{path}{name}")
}

/// A policy's ARN taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyArn<'a> {
    /// 12 digits, or `aws` for those that AWS manages.
    pub account: &'a str,
    /// With both slashes.
    pub path: &'a str,
    /// What follows the last slash.
    pub name: &'a str,
}

/// A role's ARN taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleArn<'a> {
    /// 12 digits.
    pub account: &'a str,
    /// What follows the last slash.
    pub name: &'a str,
}

/// The parts of a role's ARN; none when it is not one.
pub fn parse_role(arn: &str) -> Option<RoleArn<'_>> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    let name = rest.rsplit('/').next().filter(|name| !name.is_empty())?;
    let known = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    known.then_some(RoleArn { account, name })
}

/// The parts of a policy's ARN; none when it is not one.
pub fn parse_policy(arn: &str) -> Option<PolicyArn<'_>> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let rest = rest.strip_prefix("policy")?;
    let slash = rest.rfind('/')?;
    let (path, name) = rest.split_at(slash + 1);
    let known = account == "aws" || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    (known && path.starts_with('/') && !name.is_empty()).then_some(PolicyArn { account, path, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_arn_reads_back_and_others_do_not() {
        let arn = role("123456789012", "/a/b/", "r");
        assert_eq!(parse_role(&arn), Some(RoleArn { account: "123456789012", name: "r" }));
        for bad in [
            "",
            "r",
            "arn:aws:iam::1:role/r",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:user/r",
        ] {
            assert_eq!(parse_role(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_policy_arn_reads_back_and_others_do_not() {
        let arn = policy("123456789012", "/a/b/", "p");
        assert_eq!(parse_policy(&arn), Some(PolicyArn { account: "123456789012", path: "/a/b/", name: "p" }));
        assert_eq!(parse_policy("arn:aws:iam::aws:policy/X").map(|arn| arn.account), Some("aws"));
        for bad in
            ["", "arn:aws:iam::1:policy/x", "arn:aws:iam::123456789012:user/x", "arn:aws:iam::aws:policy/"]
        {
            assert_eq!(parse_policy(bad), None, "{bad}");
        }
    }
}
