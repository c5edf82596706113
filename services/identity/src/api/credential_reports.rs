//! The credential report.

use ::store::Read;
use api_spec::iam::{
    GenerateCredentialReport, GenerateCredentialReportResult, GetCredentialReport, GetCredentialReportResult,
};
use api_spec::{ApiError, Blob};
use jiff::Timestamp;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use crate::domain::access_key::Owner;
use crate::domain::credential_report::{HEADER, Line, Password, Report};
use crate::domain::entity::User;
use crate::domain::password::PasswordPolicy;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{Db, accounts, keys, mfa, passwords, usage, users};

const COMPLETE: &str = "COMPLETE";
const STARTED: &str = "STARTED";

impl Serve<GenerateCredentialReport> for Identity {
    async fn access(&self, _: &GenerateCredentialReport, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GenerateCredentialReport", "*")])
    }

    async fn handle(
        &self,
        _: GenerateCredentialReport,
        caller: &Caller,
    ) -> Result<GenerateCredentialReportResult, ApiError> {
        let (account, now) = (caller.account_id().to_owned(), self.clock.now());
        let known = usage::report(&self.db.read()?, &account)?;
        if known.is_some_and(|report| !report.expired(now)) {
            return Ok(GenerateCredentialReportResult { state: COMPLETE.into(), description: None });
        }
        let db = self.db.clone();
        tokio::spawn(async move {
            if let Err(error) = make(&db, &account, now).await {
                tracing::warn!(account, %error, "a credential report could not be made");
            }
        });
        Ok(GenerateCredentialReportResult {
            state: STARTED.into(),
            description: Some("No report exists. Starting a new report generation task".into()),
        })
    }
}

impl Serve<GetCredentialReport> for Identity {
    async fn access(&self, _: &GetCredentialReport, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetCredentialReport", "*")])
    }

    async fn handle(
        &self,
        _: GetCredentialReport,
        caller: &Caller,
    ) -> Result<GetCredentialReportResult, ApiError> {
        let report = usage::report(&self.db.read()?, caller.account_id())?.ok_or(Error::ReportNotPresent)?;
        if report.expired(self.clock.now()) {
            return Err(Error::ReportExpired.into());
        }
        Ok(GetCredentialReportResult {
            content: Blob(report.content.into_bytes()),
            report_format: "text/csv".into(),
            generated_time: report.generated.into(),
        })
    }
}

/// Makes the report and keeps it.
async fn make(db: &Db, account: &str, now: Timestamp) -> Result<(), Error> {
    let report = Report { generated: now, content: content(&db.read()?, account)? };
    let account = account.to_owned();
    db.note(move |tx| usage::put_report(tx, &account, &report)).await
}

fn content(read: &impl Read, account: &str) -> Result<String, Error> {
    let policy = passwords::policy(read, account)?;
    let mut lines = vec![HEADER.to_owned(), root(read, account)?.csv()];
    for user in users::list(read, account)? {
        lines.push(line(read, &user, policy.as_ref())?.csv());
    }
    Ok(lines.join("\n"))
}

fn root(read: &impl Read, account: &str) -> Result<Line, Error> {
    Ok(Line {
        user: "<root_account>".into(),
        arn: format!("arn:aws:iam::{account}:root"),
        created: accounts::get(read, account)?.created,
        password: Password::NotSupported,
        mfa_active: false,
        keys: used_keys(read, &Owner::root(account))?,
    })
}

fn line(read: &impl Read, user: &User, policy: Option<&PasswordPolicy>) -> Result<Line, Error> {
    let password = passwords::find(read, user)?.map_or(Password::None, |profile| Password::Some {
        last_used: profile.last_used,
        changed: profile.changed,
        next_rotation: policy.and_then(|policy| profile.expires(policy)),
    });
    Ok(Line {
        user: user.name.clone(),
        arn: user.arn(),
        created: user.created,
        password,
        mfa_active: !mfa::of_user(read, user)?.is_empty(),
        keys: used_keys(read, &Owner::of(user))?,
    })
}

fn used_keys(
    read: &impl Read,
    owner: &Owner,
) -> Result<Vec<(crate::domain::access_key::AccessKey, Option<crate::domain::usage::KeyUse>)>, Error> {
    let mut keys = keys::of(read, owner)?;
    keys.sort_by_key(|key| key.created);
    keys.into_iter().map(|key| usage::of_key(read, &key.id).map(|used| (key, used))).collect()
}
