//! Service-linked roles: which services have one here, what it is called and what it may do. The table grows with the
//! services; a role for one that is not in it is refused.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::names;
use crate::error::Error;

/// Beginning of their paths, which other roles may not have.
pub const PATH: &str = "/aws-service-role/";
/// What a custom suffix may be made of.
const SUFFIX: &str = "[\\w+=,.@-]+";

/// The role of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// `spot.amazonaws.com`
    pub service: &'static str,
    name: &'static str,
    policy: &'static str,
    /// As AWS describes the role.
    pub description: &'static str,
    /// Whether an account may have several, told apart by a suffix.
    takes_suffix: bool,
}

const ALL: &[Template] = &[
    Template {
        service: "autoscaling.amazonaws.com",
        name: "AWSServiceRoleForAutoScaling",
        policy: "AutoScalingServiceRolePolicy",
        description: "Default Service-Linked Role enables access to AWS Services and Resources used or managed by Auto Scaling",
        takes_suffix: true,
    },
    Template {
        service: "spot.amazonaws.com",
        name: "AWSServiceRoleForEC2Spot",
        policy: "AWSEC2SpotServiceRolePolicy",
        description: "Default EC2 Spot Service Linked Role",
        takes_suffix: false,
    },
];

/// The role of this service, if it has one.
pub fn template(service: &str) -> Option<Template> {
    ALL.iter().find(|template| template.service == service).copied()
}

impl Template {
    /// The role's name.
    pub fn role_name(&self, suffix: Option<&str>) -> Result<String, Error> {
        let Some(suffix) = suffix else { return Ok(self.name.to_owned()) };
        names::length("customSuffix", suffix, 1, 64)?;
        if !suffix.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
            return Err(names::pattern("customSuffix", suffix, SUFFIX));
        }
        if !self.takes_suffix {
            return Err(Error::InvalidInput(format!("Custom suffix is not allowed for {}", self.service)));
        }
        let name = format!("{}_{suffix}", self.name);
        names::role_name(&name)?;
        Ok(name)
    }

    /// `/aws-service-role/spot.amazonaws.com/`
    pub fn path(&self) -> String {
        path(self.service)
    }

    /// ARN of the managed policy that says what the service may do.
    pub fn policy_arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{PATH}{}", self.policy)
    }

    /// The trust policy: the service, and nobody else.
    pub fn trust(&self) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}}"#,
            self.service
        )
    }
}

/// The path of the roles of a service.
pub fn path(service: &str) -> String {
    format!("{PATH}{service}/")
}

/// A role that was deleted, by the id of the task that did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When.
    pub at: Timestamp,
}

/// The id of a task that deletes a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task<'a> {
    /// The service that the role is linked to.
    pub service: &'a str,
    /// The role's name.
    pub role: &'a str,
    /// Tells it from other deletions of that name.
    pub id: &'a str,
}

impl<'a> Task<'a> {
    /// Reads `task/aws-service-role/SERVICE/ROLE/UUID`; none when it is something else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("task")?.strip_prefix(PATH)?.split('/');
        let (service, role, id) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = ![service, role, id].contains(&"") && parts.next().is_none();
        whole.then_some(Task { service, role, id })
    }
}

impl std::fmt::Display for Task<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "task{PATH}{}/{}/{}", self.service, self.role, self.id)
    }
}

#[cfg(test)]
mod tests {
    use auth::managed;
    use auth::policy::Policy;

    use super::*;

    #[test]
    fn every_service_in_the_table_has_a_name_a_trust_policy_and_a_managed_policy() {
        for template in ALL {
            names::role_name(template.name).unwrap();
            names::role_description(template.description).unwrap();
            names::path("path", &template.path()).unwrap();
            Policy::parse_trust(&template.trust()).unwrap();
            assert!(!managed::lookup(&template.policy_arn()).unwrap().is_attachable());
        }
        assert_eq!(template("ec2.amazonaws.com"), None, "EC2 itself has none, with AWS neither");
    }

    #[test]
    fn a_suffix_is_for_services_that_can_tell_their_roles_apart() {
        let (scaling, spot) =
            (template("autoscaling.amazonaws.com").unwrap(), template("spot.amazonaws.com").unwrap());
        assert_eq!(scaling.role_name(Some("a.b")).unwrap(), "AWSServiceRoleForAutoScaling_a.b");
        assert_eq!(spot.role_name(None).unwrap(), "AWSServiceRoleForEC2Spot");
        assert!(matches!(spot.role_name(Some("a")), Err(Error::InvalidInput(_))));
        for bad in ["", "a b", "a/b", &"x".repeat(65), &"x".repeat(40)] {
            assert!(matches!(scaling.role_name(Some(bad)), Err(Error::Validation(_))), "{bad}");
        }
    }

    #[test]
    fn a_tasks_id_reads_back_and_others_do_not() {
        let task = Task { service: "spot.amazonaws.com", role: "R", id: "1" };
        let text = task.to_string();
        assert_eq!(text, "task/aws-service-role/spot.amazonaws.com/R/1");
        assert_eq!(Task::parse(&text), Some(task));
        for bad in
            ["", "task", "task/aws-service-role/s/R", "task/aws-service-role/s//1", &format!("{text}/2")]
        {
            assert_eq!(Task::parse(bad), None, "{bad}");
        }
    }
}
