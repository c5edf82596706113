//! Machine images.

use api_spec::ids::{ImageId, SnapshotId};
use store::{Index, IndexedTable, Read};

use crate::domain::image::Image;
use crate::error::{Error, Kind};

store::json_value!(Image, version = 1);

/// All images.
pub const IMAGES: IndexedTable<ImageId, Image> = IndexedTable::new("images", &[&BY_NAME]);
const BY_NAME: Index<ImageId, Image, (String, String)> =
    Index::new("images_by_name", |_, one| vec![(one.account_id.clone(), one.name.clone())]);

/// Every image.
pub fn all(read: &impl Read) -> Result<Vec<Image>, store::Error> {
    Ok(read.scan(&IMAGES, ..)?.into_iter().map(|(_, one)| one).collect())
}

/// The image, if the account may use it.
///
/// # Errors
/// [`Error::NotFound`].
pub fn usable(read: &impl Read, account_id: &str, id: &ImageId) -> Result<Image, Error> {
    read.get(&IMAGES, id)?
        .filter(|one| one.usable_by(account_id))
        .ok_or_else(|| Error::not_found(Kind::Image, id))
}

/// The account's own image.
///
/// # Errors
/// [`Error::NotFound`], and `AuthFailure` for another account's image that the account can see.
pub fn owned(read: &impl Read, account_id: &str, id: &ImageId) -> Result<Image, Error> {
    let image = usable(read, account_id, id)?;
    if image.account_id != account_id {
        let message = format!("Not authorized for image:{id}");
        return Err(Error::refused(api_spec::ErrorCode::AuthFailure, message));
    }
    Ok(image)
}

/// The account's image of this name.
pub fn by_name(read: &impl Read, account_id: &str, name: &str) -> Result<Option<ImageId>, store::Error> {
    Ok(BY_NAME.keys(read, &(account_id.to_owned(), name.to_owned()))?.into_iter().next())
}

/// Snapshots that images are made of, each with its image.
pub fn held_snapshots(read: &impl Read) -> Result<Vec<(SnapshotId, String)>, store::Error> {
    let images = all(read)?;
    let held = images.iter().flat_map(|image| {
        image.devices.iter().filter_map(|device| device.snapshot.clone()).map(|id| (id, image.id.to_string()))
    });
    Ok(held.collect())
}
