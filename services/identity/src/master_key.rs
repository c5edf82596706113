//! The master key, from its file or the environment, and putting another in its place.
//!
//! Rotation, with the file:
//! 1. A new key is written to `master-key.next`, durably. From now on both keys open, and the new one seals.
//! 2. Whatever was sealed with the old key a moment before gets the time to be stored.
//! 3. One transaction seals everything again that the old key still seals; once more, until nothing is left.
//! 4. `master-key.next` takes the place of `master-key`, and the old key is gone.
//!
//! Killed anywhere, the next start finds both files and goes on at 3, or finds one and has nothing to do. With the
//! environment the operator starts identity with the new key in `MURUS_MASTER_KEY` and the old one in
//! `MURUS_OLD_MASTER_KEY`, which goes on at 3, too; the start after that needs the old one no more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kit::Random;
use zeroize::Zeroizing;

use crate::bootstrap::blocking;
use crate::domain::seal::Sealer;
use crate::error::Error;
use crate::files;
use crate::identity::Identity;
use crate::store::{Db, sealed};

/// The key in use.
const FILE: &str = "master-key";
/// The key that is taking its place.
const NEXT: &str = "master-key.next";
/// Holds the key in base64, in place of the file.
const VARIABLE: &str = "MURUS_MASTER_KEY";
/// Holds the key before it, while it is being rotated.
const OLD_VARIABLE: &str = "MURUS_OLD_MASTER_KEY";
/// Environment variables that no process but identity's may be given.
pub const SECRET_VARIABLES: [&str; 2] = [VARIABLE, OLD_VARIABLE];
/// What was sealed with the old key is stored within this time: nothing waits between the two.
const SETTLE: Duration = Duration::from_millis(500);

type KeyBytes = Zeroizing<[u8; 32]>;

/// The master key as a start finds it.
pub struct Found {
    /// Seals with the key, opens with it and, in the middle of a rotation, with the one before.
    pub sealer: Sealer,
    /// File or variable it came from.
    pub origin: String,
    /// Whether a rotation has to be finished.
    pub rotating: bool,
}

/// Finds the key, or makes it where nothing is `installed` yet.
pub async fn find(directory: &Path, installed: bool, random: &Random) -> Result<Found, Error> {
    if let Some(text) = variable(VARIABLE) {
        let current = key(&text, VARIABLE)?;
        let old = variable(OLD_VARIABLE).map(|text| key(&text, OLD_VARIABLE)).transpose()?;
        return found(current, old.as_ref(), VARIABLE.to_owned());
    }
    let (directory, fresh) = (directory.to_owned(), Zeroizing::new(random.bytes::<32>()));
    blocking(move || from_files(&directory, installed, &fresh)).await
}

fn from_files(directory: &Path, installed: bool, fresh: &KeyBytes) -> Result<Found, Error> {
    let (path, next_path) = (directory.join(FILE), directory.join(NEXT));
    let origin = path.display().to_string();
    let (current, next) = (read(&path)?, read(&next_path)?);
    match (current, next) {
        (Some(old), Some(next)) => found(next, Some(&old), origin),
        (None, Some(next)) => found(next, None, origin).map(|found| Found { rotating: true, ..found }),
        (Some(current), None) => found(current, None, origin),
        (None, None) if installed => Err(Error::MasterKey {
            origin,
            reason: "the file is gone; without it no stored secret can be opened. Restore it from a backup"
                .into(),
        }),
        (None, None) => {
            write(&path, fresh)?;
            found(fresh.clone(), None, origin)
        }
    }
}

fn found(current: KeyBytes, old: Option<&KeyBytes>, origin: String) -> Result<Found, Error> {
    let sealer = Sealer::new(old.unwrap_or(&current))?;
    if old.is_some() {
        sealer.take_up(&current)?;
    }
    Ok(Found { sealer, origin, rotating: old.is_some() })
}

fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

fn read(path: &Path) -> Result<Option<KeyBytes>, Error> {
    let text = files::read(path)?.map(Zeroizing::new);
    text.map(|text| key(&text, &path.display().to_string())).transpose()
}

fn write(path: &Path, key: &KeyBytes) -> Result<(), Error> {
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(key.as_slice())));
    files::write_durably(path, text.as_bytes())
}

fn key(text: &str, origin: &str) -> Result<KeyBytes, Error> {
    let wrong =
        || Error::MasterKey { origin: origin.to_owned(), reason: "it is not base64 of 32 bytes".into() };
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| wrong())?);
    bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| wrong())
}

/// Seals everything under the new key and lets the old one go. Tells how many values that were.
pub async fn finish(db: &Db, sealer: &Sealer, random: &Random, directory: &Path) -> Result<usize, Error> {
    let mut resealed = 0;
    loop {
        let (sealer, random) = (sealer.clone(), random.clone());
        match db.note(move |tx| sealed::reseal(tx, &sealer, &random)).await? {
            0 => break,
            some => resealed += some,
        }
    }
    let (next, path) = (directory.join(NEXT), directory.join(FILE));
    blocking(move || match next.exists() {
        true => files::rename_durably(&next, &path),
        false => Ok(()),
    })
    .await?;
    sealer.forget_old();
    tracing::info!(resealed, "the master key was rotated");
    Ok(resealed)
}

impl Identity {
    /// Puts a new master key in place of the one in the file.
    pub(crate) async fn rotate_master_key(&self) -> Result<usize, Error> {
        if variable(VARIABLE).is_some() {
            return Err(Error::InvalidInput(format!(
                "The master key comes from {VARIABLE}. Start identity with the new key there and the present one in \
                 {OLD_VARIABLE}: it seals everything again at its start."
            )));
        }
        let _alone = self.rotating.lock().await;
        let directory = self.directory();
        let fresh = Zeroizing::new(self.random.bytes::<32>());
        let (next, written) = (directory.join(NEXT), fresh.clone());
        blocking(move || write(&next, &written)).await?;
        self.sealer.take_up(&fresh)?;
        tokio::time::sleep(SETTLE).await;
        finish(&self.db, &self.sealer, &self.random, &directory).await
    }

    /// Identity's own folder.
    fn directory(&self) -> PathBuf {
        self.common.data_dir.join(kit::ServiceName::Identity.as_str())
    }
}
