//! What identity tells compute and nodes about instance profiles: which there are, and the credentials that an instance
//! gets by one.

use auth::policy::{self, Policies, Principal};
use calls::identity::{
    AssumeInstanceRole, FoundInstanceProfile, InstanceProfile, InstanceRole, LookUpInstanceProfile,
    ProfileRole, RoleCredentials,
};

use crate::domain::entity::Role;
use crate::domain::session::{self, Session, Subject};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::instance_profiles;

/// Who assumes the roles of instances.
const EC2: &str = "ec2.amazonaws.com";
/// How long an instance's credentials live, in seconds: as on EC2, whatever the role's longest session is.
const LIFE_S: i64 = 6 * 3600;

impl Identity {
    pub(super) fn look_up_profile(
        &self,
        question: &LookUpInstanceProfile,
    ) -> Result<FoundInstanceProfile, Error> {
        let read = self.db.read()?;
        let name = match (&question.name, &question.arn) {
            (Some(name), _) => name.as_str(),
            (None, Some(arn)) => arn.rsplit('/').next().unwrap_or_default(),
            (None, None) => "",
        };
        let found = match instance_profiles::named(&read, &question.account_id, name) {
            Ok(profile) => Some(profile),
            Err(Error::NoSuchInstanceProfile(_)) => None,
            Err(other) => return Err(other),
        };
        let asked = |arn: String| question.arn.as_ref().is_none_or(|asked| *asked == arn);
        let Some(profile) = found.filter(|profile| asked(profile.arn())) else {
            return Ok(FoundInstanceProfile { profile: None });
        };
        let role = instance_profiles::role(&read, &profile)?;
        let role = role.map(|role| ProfileRole { arn: role.arn(), tags: role.tags });
        Ok(FoundInstanceProfile {
            profile: Some(InstanceProfile { arn: profile.arn(), id: profile.id, role }),
        })
    }

    pub(super) fn assume_instance_role(&self, question: &AssumeInstanceRole) -> Result<InstanceRole, Error> {
        let read = self.db.read()?;
        let Some(profile) = instance_profiles::by_id(&read, &question.account_id, &question.profile_id)?
        else {
            return Ok(InstanceRole::None);
        };
        let Some(role) = instance_profiles::role(&read, &profile)? else { return Ok(InstanceRole::None) };
        if !self.trusts_ec2(&role)? {
            return Ok(InstanceRole::Untrusting { role: role.name });
        }
        if question.has.as_ref() == Some(&role.id) {
            return Ok(InstanceRole::Same);
        }
        let (issued, expires) = session::life(self.clock.now(), LIFE_S)?;
        let subject = Subject::Role { id: role.id.clone(), name: question.instance.to_string() };
        let made = self.issue(&Session::new(&role.account, subject, issued, expires))?;
        Ok(InstanceRole::Assumed(Box::new(RoleCredentials {
            role_id: role.id,
            role: role.name,
            access_key_id: made.access_key_id,
            secret_access_key: made.secret.reveal().to_owned(),
            token: made.token,
            issued,
            expires,
        })))
    }

    fn trusts_ec2(&self, role: &Role) -> Result<bool, Error> {
        let mut context = policy::Context::new();
        context.set_time(self.clock.now()).insert("aws:SourceAccount", role.account.as_str());
        let request = policy::Request {
            principal: &Principal::Service { name: EC2.into() },
            action: "sts:AssumeRole",
            resource: &role.arn(),
            context: &context,
        };
        let trust = role.trust.compile()?;
        Ok(policy::evaluate_trust(&request, &Policies::default(), &trust, &role.account).is_allowed())
    }
}
