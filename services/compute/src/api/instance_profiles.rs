//! Instance profiles of instances. Whoever gives an instance a role must be allowed to pass it to EC2: `iam:PassRole`.

use api_spec::ec2::instance_profiles::{
    AssociateIamInstanceProfile, AssociateIamInstanceProfileResult, DescribeIamInstanceProfileAssociations,
    DescribeIamInstanceProfileAssociationsResult, DisassociateIamInstanceProfile,
    DisassociateIamInstanceProfileResult, IamInstanceProfileAssociation,
    ReplaceIamInstanceProfileAssociation, ReplaceIamInstanceProfileAssociationResult,
};
use api_spec::ec2::run_instances::RequestIamInstanceProfile;
use api_spec::ids::{InstanceId, InstanceProfileAssociationId};
use api_spec::{ApiError, ErrorCode};
use calls::Tag;
use calls::identity::{InstanceProfile, LookUpInstanceProfile};
use jiff::Timestamp;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::describe_instances::profile as shown;
use super::filter::{Filtered, by_id, one, page, select};
use crate::domain::instance::{Instance, ProfileAssociation};
use crate::domain::life::State;
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::instances;

impl Service {
    async fn look_up(
        &self,
        account: &str,
        asked: &RequestIamInstanceProfile,
    ) -> Result<Option<InstanceProfile>, Error> {
        let (name, arn) = (asked.name.clone(), asked.arn.clone());
        let question = LookUpInstanceProfile { account_id: account.to_owned(), name, arn };
        Ok(self.identity().call(&question).await.map_err(Error::Peer)?.profile)
    }

    /// The instance profile that a request names, with the access to its role that giving it to `resource` needs. One
    /// that is not there is refused later, by those who may ask at all.
    ///
    /// # Errors
    /// When identity cannot be asked.
    pub async fn passing(
        &self,
        caller: &Caller,
        asked: &RequestIamInstanceProfile,
        resource: &str,
    ) -> Result<(Option<InstanceProfile>, Option<Access>), ApiError> {
        let found = self.look_up(caller.account_id(), asked).await?;
        let role = found.as_ref().and_then(|profile| profile.role.as_ref());
        let access = role.map(|role| {
            let mut access = Access::new("iam:PassRole", role.arn.as_str())
                .resource_tags(&role.tags)
                .key("iam:PassedToService", "ec2.amazonaws.com")
                .key("iam:AssociatedResourceArn", resource);
            let tags = role.tags.iter().map(|tag| (&tag.key, tag.value.as_str()));
            access.keys.insert_tags("iam:ResourceTag", tags);
            access
        });
        Ok((found, access))
    }

    /// The instance profile that a request names; it has a role.
    ///
    /// # Errors
    /// `InvalidParameterValue` for one that is not there or has no role.
    pub async fn profile(
        &self,
        account: &str,
        asked: &RequestIamInstanceProfile,
    ) -> Result<InstanceProfile, Error> {
        let (field, word, value) = match (&asked.name, &asked.arn) {
            (Some(_), Some(_)) => {
                return Err(Error::combination(
                    "The parameter 'iamInstanceProfile.name' may not be used in combination with \
                     'iamInstanceProfile.arn'",
                ));
            }
            (Some(name), None) => ("name", "name", name),
            (None, Some(arn)) => ("arn", "ARN", arn),
            (None, None) => return Err(Error::missing("IamInstanceProfile.Name")),
        };
        let Some(profile) = self.look_up(account, asked).await? else {
            return Err(Error::value(format!(
                "Value ({value}) for parameter iamInstanceProfile.{field} is invalid. Invalid IAM Instance \
                 Profile {word}"
            )));
        };
        if profile.role.is_none() {
            let arn = &profile.arn;
            return Err(Error::value(format!("IAM Instance Profile \"{arn}\" has no associated IAM Roles")));
        }
        Ok(profile)
    }

    /// The caller's instance of an association, for what policies say; none when there is no such.
    fn associated(&self, caller: &Caller, association: &str) -> Result<Option<Instance>, Error> {
        let all = instances::of_account(&self.read()?, caller.account_id())?;
        Ok(all.into_iter().find(|instance| is_of(instance, association)))
    }

    fn on_associated(
        &self,
        caller: &Caller,
        action: &str,
        association: &str,
    ) -> Result<(String, Access), ApiError> {
        let instance = self.associated(caller, association)?;
        let id = instance.map_or_else(|| "*".to_owned(), |instance| instance.id.to_string());
        let access = self.on_instance(caller, action, &id)?;
        Ok((self.arn(caller.account_id(), "instance", &id), access))
    }

    /// Changes the instance of an association, and gives it as it was.
    async fn change_associated(
        &self,
        caller: &Caller,
        association: InstanceProfileAssociationId,
        new: Option<ProfileAssociation>,
    ) -> Result<Instance, Error> {
        let account = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                let all = instances::of_account(tx, &account)?;
                let found = all.into_iter().find(|instance| is_of(instance, association.as_str()));
                let before = found.ok_or_else(|| unknown(&association))?;
                instances::put_desired(tx, Instance { profile: new.clone(), ..before.clone() })?;
                Ok(before)
            })
            .await
    }

    fn association(&self, profile: InstanceProfile, now: Timestamp) -> ProfileAssociation {
        ProfileAssociation {
            id: InstanceProfileAssociationId::from_random(self.context.random.u128()),
            arn: profile.arn,
            profile_id: profile.id,
            since: now,
        }
    }
}

fn is_of(instance: &Instance, association: &str) -> bool {
    instance.profile.as_ref().is_some_and(|profile| profile.id.as_str() == association)
}

fn unknown(association: &InstanceProfileAssociationId) -> Error {
    Error::refused(
        ErrorCode::InvalidAssociationIdNotFound,
        format!("An invalid association-id of '{association}' was given"),
    )
}

fn view(
    instance: &InstanceId,
    association: &ProfileAssociation,
    state: &str,
) -> IamInstanceProfileAssociation {
    IamInstanceProfileAssociation {
        association_id: association.id.to_string(),
        instance_id: instance.to_string(),
        iam_instance_profile: shown(association),
        state: state.to_owned(),
        timestamp: Some(association.since.into()),
    }
}

impl Serve<AssociateIamInstanceProfile> for Service {
    async fn access(
        &self,
        op: &AssociateIamInstanceProfile,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let resource = self.arn(caller.account_id(), "instance", &op.instance_id);
        let (profile, passing) =
            self.passing(caller, &op.iam_instance_profile.clone().unwrap_or_default(), &resource).await?;
        let access = self.on_instance(caller, "AssociateIamInstanceProfile", &op.instance_id)?;
        let access = new_profile(access, profile);
        Ok([access].into_iter().chain(passing).collect())
    }

    async fn handle(
        &self,
        op: AssociateIamInstanceProfile,
        caller: &Caller,
    ) -> Result<AssociateIamInstanceProfileResult, ApiError> {
        let instance: InstanceId = id(Kind::Instance, &op.instance_id)?;
        let account = caller.account_id().to_owned();
        let profile = self.profile(&account, &op.iam_instance_profile.clone().unwrap_or_default()).await?;
        let association = self.association(profile, caller.now);
        let made = association.clone();
        let changed = instance.clone();
        self.store
            .transact(move |tx| {
                let mut instance = instances::owned(tx, &account, &changed)?;
                if !matches!(
                    instance.life.state,
                    State::Pending | State::Running | State::Stopping | State::Stopped
                ) {
                    let (id, state) = (&instance.id, instance.life.state.name());
                    return Err(Error::refused(
                        ErrorCode::IncorrectInstanceState,
                        format!(
                            "The instance '{id}' is not in a state from which it can be associated: {state}"
                        ),
                    ));
                }
                if instance.profile.is_some() {
                    let message = format!("There is an existing association for instance {changed}");
                    return Err(Error::refused(ErrorCode::IncorrectState, message));
                }
                instance.profile = Some(made.clone());
                instances::put_desired(tx, instance)?;
                Ok(())
            })
            .await?;
        let shown = view(&instance, &association, "associated");
        Ok(AssociateIamInstanceProfileResult { iam_instance_profile_association: shown })
    }
}

fn new_profile(access: Access, profile: Option<InstanceProfile>) -> Access {
    match profile {
        Some(profile) => access.key("ec2:NewInstanceProfile", profile.arn),
        None => access,
    }
}

impl Serve<ReplaceIamInstanceProfileAssociation> for Service {
    async fn access(
        &self,
        op: &ReplaceIamInstanceProfileAssociation,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let action = "ReplaceIamInstanceProfileAssociation";
        let (resource, access) = self.on_associated(caller, action, &op.association_id)?;
        let (profile, passing) =
            self.passing(caller, &op.iam_instance_profile.clone().unwrap_or_default(), &resource).await?;
        Ok([new_profile(access, profile)].into_iter().chain(passing).collect())
    }

    async fn handle(
        &self,
        op: ReplaceIamInstanceProfileAssociation,
        caller: &Caller,
    ) -> Result<ReplaceIamInstanceProfileAssociationResult, ApiError> {
        let association = id(Kind::Association, &op.association_id)?;
        let profile =
            self.profile(caller.account_id(), &op.iam_instance_profile.clone().unwrap_or_default()).await?;
        let new = self.association(profile, caller.now);
        let instance = self.change_associated(caller, association, Some(new.clone())).await?;
        Ok(ReplaceIamInstanceProfileAssociationResult {
            iam_instance_profile_association: view(&instance.id, &new, "associated"),
        })
    }
}

impl Serve<DisassociateIamInstanceProfile> for Service {
    async fn access(
        &self,
        op: &DisassociateIamInstanceProfile,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let action = "DisassociateIamInstanceProfile";
        Ok(vec![self.on_associated(caller, action, &op.association_id)?.1])
    }

    async fn handle(
        &self,
        op: DisassociateIamInstanceProfile,
        caller: &Caller,
    ) -> Result<DisassociateIamInstanceProfileResult, ApiError> {
        let association: InstanceProfileAssociationId = id(Kind::Association, &op.association_id)?;
        let instance = self.change_associated(caller, association.clone(), None).await?;
        let old = instance.profile.ok_or_else(|| unknown(&association))?;
        Ok(DisassociateIamInstanceProfileResult {
            iam_instance_profile_association: view(&instance.id, &old, "disassociated"),
        })
    }
}

/// An association as it is described and filtered.
struct Described(InstanceId, ProfileAssociation);

impl Filtered for Described {
    const FILTERS: &'static [&'static str] = &["instance-id", "state"];
    fn tags(&self) -> &[Tag] {
        &[]
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "instance-id" => one(&self.0),
            _ => one("associated"),
        }
    }
}

impl Serve<DescribeIamInstanceProfileAssociations> for Service {
    async fn access(
        &self,
        _: &DescribeIamInstanceProfileAssociations,
        _: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeIamInstanceProfileAssociations")])
    }

    async fn handle(
        &self,
        op: DescribeIamInstanceProfileAssociations,
        caller: &Caller,
    ) -> Result<DescribeIamInstanceProfileAssociationsResult, ApiError> {
        let all = instances::of_account(&self.read()?, caller.account_id()).map_err(Error::from)?;
        let all = all.into_iter().filter_map(|one| Some(Described(one.id, one.profile?))).collect();
        let key = |one: &Described| one.1.id.to_string();
        let ids = &op.association_ids;
        let named = by_id::<_, InstanceProfileAssociationId>(all, ids, Kind::Association, key)?;
        let chosen = select(named, &op.filters)?;
        let (page, next_token) = page(chosen, key, op.max_results, op.next_token.as_deref(), ids)?;
        let associations = page.iter().map(|Described(id, one)| view(id, one, "associated")).collect();
        Ok(DescribeIamInstanceProfileAssociationsResult { associations, next_token })
    }
}
