//! The first start: master key, the installation's account, and an administrator with an access key.
//!
//! The order makes it safe to be killed anywhere. The administrator's file is durable before the transaction that
//! makes what it names; a start that finds the file but no installation makes exactly what the file says, and one
//! that finds the installation leaves it alone. So a key that works is always one that somebody could have read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ::store::Tx;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kit::{Common, Context, ServiceName};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::domain::access_key::{AccessKey, Owner, Status};
use crate::domain::entity::{Account, User};
use crate::domain::permissions::Permissions;
use crate::domain::seal::{Sealer, Secret};
use crate::domain::{ids, names};
use crate::error::Error;
use crate::files;
use crate::master_key::{self, Found};
use crate::store::accounts::{CHECK_OWNER, SESSION_KEY_OWNER};
use crate::store::{Db, accounts, keys, users};

/// What the administrator has to know, in identity's folder below the data directory.
const ADMIN_FILE: &str = "admin-credentials";
const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// The administrator's access key, as the first start wrote it down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminCredentials {
    /// The installation's account, 12 digits.
    pub account_id: String,
    /// S3's name of the account, 64 hex digits.
    pub canonical_user_id: String,
    /// The administrator's name.
    pub user_name: String,
    /// `AKIA...`.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl std::fmt::Debug for AdminCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminCredentials")
            .field("account_id", &self.account_id)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// Reads what the first start wrote down for the administrator.
///
/// # Errors
/// When there was no first start yet, when the file was removed, or when the reader is not its owner.
pub fn admin_credentials(common: &Common) -> Result<AdminCredentials, Error> {
    let path = common.data_dir.join(ServiceName::Identity.as_str()).join(ADMIN_FILE);
    read_admin(&path)?.ok_or_else(|| Error::file(&path, "there is no such file"))
}

/// Brings the installation into being, if it is not yet, and gives what opens its secrets.
pub async fn run(db: &Db, config: &Config, directory: &Path, context: &Context) -> Result<Sealer, Error> {
    check(config)?;
    let read = db.read()?;
    let (account, check_value) = (accounts::installation(&read)?, accounts::master_key_check(&read)?);
    drop(read);
    let Found { sealer, origin, rotating } =
        master_key::find(directory, account.is_some(), &context.random).await?;
    match check_value {
        Some(sealed) => sealer.open(CHECK_OWNER, &sealed).map(|_| ()).map_err(|_| Error::MasterKey {
            origin,
            reason: "it is not the one that this store was written with".into(),
        })?,
        None => install(db, config, directory.join(ADMIN_FILE), context, &sealer).await?,
    }
    if rotating {
        master_key::finish(db, &sealer, &context.random, directory).await?;
    }
    derivation(db, context, &sealer).await?;
    if let Some(account_id) = account {
        tracing::info!(account_id, "the installation's account is there");
    }
    Ok(sealer)
}

/// The secret from which keys other than the master key come: made once, and the same when the master key is not.
async fn derivation(db: &Db, context: &Context, sealer: &Sealer) -> Result<(), Error> {
    let known = accounts::session_key(&db.read()?)?;
    let secret = match known {
        Some(sealed) => sealer.open(SESSION_KEY_OWNER, &sealed)?,
        None => {
            let secret =
                Secret::new(STANDARD.encode(Zeroizing::new(context.random.bytes::<32>()).as_slice()));
            let sealed = sealer.seal(context.random.bytes(), SESSION_KEY_OWNER, &secret)?;
            db.change(move |tx| accounts::set_session_key(tx, &sealed)).await?;
            secret
        }
    };
    sealer.derive_from(&secret);
    Ok(())
}

fn check(config: &Config) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::Config(what));
    let digits = config.account_id.len() == 12 && config.account_id.bytes().all(|b| b.is_ascii_digit());
    if !config.account_id.is_empty() && !digits {
        return refuse(format!("account_id: \"{}\" is not 12 digits", config.account_id));
    }
    if let Err(error) = names::user_name("admin_user_name", &config.admin_user_name) {
        return refuse(format!("admin_user_name: {error}"));
    }
    if config.account_close_wait_ms > 60_000 {
        return refuse(format!("account_close_wait_ms: {} is more than 60000", config.account_close_wait_ms));
    }
    if !(100..=3000).contains(&config.watch_timeout_ms) {
        return refuse(format!("watch_timeout_ms: {} is not from 100 to 3000", config.watch_timeout_ms));
    }
    Ok(())
}

async fn install(
    db: &Db,
    config: &Config,
    path: PathBuf,
    context: &Context,
    sealer: &Sealer,
) -> Result<(), Error> {
    let drawn = draw(config, context);
    let admin = blocking(move || match read_admin(&path)? {
        Some(written) => Ok(written),
        None => {
            let text = toml::to_string(&drawn).map_err(|error| Error::file(&path, error))?;
            let text = Zeroizing::new(format!("# The administrator's access key. Keep it secret.\n{text}"));
            files::write_durably(&path, text.as_bytes())?;
            Ok(drawn)
        }
    })
    .await?;
    let first = FirstState::new(&admin, context, sealer)?;
    db.change(move |tx| first.put(tx)).await?;
    tracing::info!(account_id = %admin.account_id, user = %admin.user_name, "made the installation's account");
    Ok(())
}

fn draw(config: &Config, context: &Context) -> AdminCredentials {
    let account_id = match config.account_id.as_str() {
        "" => ids::account(&context.random),
        given => given.to_owned(),
    };
    AdminCredentials {
        account_id,
        canonical_user_id: ids::canonical_user(&context.random),
        user_name: config.admin_user_name.clone(),
        access_key_id: ids::access_key(&context.random),
        secret_access_key: ids::secret(&context.random).reveal().to_owned(),
    }
}

fn read_admin(path: &Path) -> Result<Option<AdminCredentials>, Error> {
    let text = files::read(path)?.map(Zeroizing::new);
    // a parser's complaint would quote the line, and with it perhaps the secret
    text.map(|text| toml::from_str(&text).map_err(|_| Error::file(path, "it cannot be understood")))
        .transpose()
}

/// Everything that the first transaction writes.
struct FirstState {
    account: Account,
    admin: User,
    key: AccessKey,
    master_key_check: String,
}

impl FirstState {
    fn new(admin: &AdminCredentials, context: &Context, sealer: &Sealer) -> Result<Self, Error> {
        let now = context.clock.now();
        let user = administrator(admin, ids::user(&context.random), now);
        let secret = Secret::new(admin.secret_access_key.clone());
        let key = AccessKey {
            id: admin.access_key_id.clone(),
            account: admin.account_id.clone(),
            user_id: user.id.clone(),
            sealed_secret: sealer.seal(context.random.bytes(), &admin.access_key_id, &secret)?,
            status: Status::Active,
            created: now,
        };
        let account = Account {
            id: admin.account_id.clone(),
            canonical_user_id: admin.canonical_user_id.clone(),
            alias: None,
            created: now,
            name: String::new(),
            closing: false,
        };
        let check = Secret::new(CHECK_OWNER.to_owned());
        let master_key_check = sealer.seal(context.random.bytes(), CHECK_OWNER, &check)?;
        Ok(FirstState { account, admin: user, key, master_key_check })
    }

    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        accounts::install(tx, &self.account, &self.master_key_check)?;
        users::create(tx, &self.admin, usize::MAX)?;
        keys::create(tx, &Owner::of(&self.admin), &self.key, usize::MAX)
    }
}

fn administrator(admin: &AdminCredentials, id: String, now: Timestamp) -> User {
    User {
        account: admin.account_id.clone(),
        id,
        name: admin.user_name.clone(),
        path: "/".into(),
        created: now,
        tags: Vec::new(),
        groups: BTreeSet::new(),
        permissions: Permissions {
            attached: BTreeSet::from([ADMINISTRATOR_ACCESS.to_owned()]),
            ..Permissions::default()
        },
        password_last_used: None,
        creator: None,
    }
}

/// Does what takes its time apart from the threads that answer requests.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::Corrupt(error.to_string())))
}
