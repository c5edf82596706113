//! The user, group or role whose policies a simulation is about.

use ::store::Read;
use api_spec::ApiError;
use auth::policy::Principal;
use calls::Tag;
use kit::{Access, Caller};

use crate::domain::arn::parse_policy;
use crate::domain::permissions::{Kind, OF_GROUP, OF_ROLE, OF_USER, Permissions};
use crate::domain::simulation::Input;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{groups, policies, roles, users};

/// Whose policies they are, and what they say.
pub struct PolicySource {
    /// As who it asks; a group asks nothing.
    pub principal: Option<Principal>,
    /// Its policies and those of its groups.
    pub inputs: Vec<Input>,
    /// Its boundary.
    pub boundary: Option<Input>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Kind and name in an ARN of the account; none for anything else.
fn parts<'a>(account: &str, arn: &'a str) -> Option<(&'a str, &'a str)> {
    let rest = arn.strip_prefix("arn:aws:iam::")?.strip_prefix(account)?.strip_prefix(':')?;
    let kind = rest.split('/').next()?;
    let name = rest.rsplit('/').next().filter(|name| !name.is_empty())?;
    ["user", "group", "role"].contains(&kind).then_some((kind, name))
}

impl Identity {
    /// An action on the user, group or role of this ARN.
    pub(super) fn on_policy_source(
        &self,
        action: &str,
        caller: &Caller,
        arn: &str,
    ) -> Result<Vec<Access>, ApiError> {
        match parts(caller.account_id(), arn) {
            Some(("user", name)) => self.on_user(action, caller, name),
            Some(("group", name)) => self.on_group(action, caller, name),
            Some((_, name)) => self.on_role(action, caller, name),
            None => Ok(vec![Access::new(action, arn)]),
        }
    }
}

impl PolicySource {
    /// The one of this ARN in the account.
    pub fn find(read: &impl Read, account: &str, arn: &str) -> Result<PolicySource, Error> {
        let Some((kind, name)) = parts(account, arn) else {
            return Err(Error::InvalidInput(format!(
                "Invalid Entity Arn: {arn} does not clearly define entity type and name."
            )));
        };
        let (found, source) = match kind {
            "user" => Self::of_user(read, account, name)?,
            "group" => {
                let group = groups::named(read, account, name)?;
                (group.arn(), Self::of(read, account, OF_GROUP, name, &group.permissions)?)
            }
            _ => Self::of_role(read, account, name)?,
        };
        match found == arn {
            true => Ok(source),
            false => Err(Error::NoSuchEntityArn(arn.to_owned())),
        }
    }

    fn of_user(read: &impl Read, account: &str, name: &str) -> Result<(String, Self), Error> {
        let user = users::named(read, account, name)?;
        let mut source = Self::of(read, account, OF_USER, name, &user.permissions)?;
        for group in groups::of_user(read, &user)? {
            source.inputs.extend(inputs(read, account, OF_GROUP, &group.name, &group.permissions)?);
        }
        let arn = user.arn();
        source.tags = user.tags;
        source.principal =
            Some(Principal::User { account: user.account, path: user.path, name: user.name, id: user.id });
        Ok((arn, source))
    }

    fn of_role(read: &impl Read, account: &str, name: &str) -> Result<(String, Self), Error> {
        let role = roles::named(read, account, name)?;
        let mut source = Self::of(read, account, OF_ROLE, name, &role.permissions)?;
        let arn = role.arn();
        source.tags = role.tags;
        source.principal = Some(Principal::AssumedRole {
            account: role.account,
            path: role.path,
            role: role.name,
            role_id: role.id,
            session_name: "simulated".into(),
        });
        Ok((arn, source))
    }

    fn of(
        read: &impl Read,
        account: &str,
        kind: Kind,
        name: &str,
        permissions: &Permissions,
    ) -> Result<Self, Error> {
        let boundary = permissions.boundary.as_ref().map(|arn| managed(read, account, arn)).transpose()?;
        let inputs = inputs(read, account, kind, name, permissions)?;
        Ok(PolicySource { principal: None, inputs, boundary, tags: Vec::new() })
    }
}

fn inputs(
    read: &impl Read,
    account: &str,
    kind: Kind,
    name: &str,
    permissions: &Permissions,
) -> Result<Vec<Input>, Error> {
    let attached = permissions.attached.iter().map(|arn| managed(read, account, arn));
    let inline = permissions.inline.iter().map(|(policy, document)| {
        let id = format!("{}_{name}_{policy}", kind.name);
        Ok(Input { id, kind: kind.name, document: document.clone() })
    });
    attached.chain(inline).collect()
}

fn managed(read: &impl Read, account: &str, arn: &str) -> Result<Input, Error> {
    let document = policies::find(read, account, arn)?.document()?.to_owned();
    let aws = parse_policy(arn).is_some_and(|parts| parts.account == "aws");
    Ok(Input { id: arn.to_owned(), kind: if aws { "aws-managed" } else { "user-managed" }, document })
}
