//! Attributes of images that can be read and changed one by one: description and launch permission.

use api_spec::ApiError;
use api_spec::ec2::images::{
    DescribeImageAttribute, ImageAttribute, LaunchPermission, ModifyImageAttribute, RequestLaunchPermission,
    StringValue,
};
use api_spec::ids::ImageId;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::images::mappings;
use crate::domain::image::Image;
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::images::{self, IMAGES};

impl Serve<DescribeImageAttribute> for Service {
    async fn access(&self, op: &DescribeImageAttribute, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let access = self.on_tagged(caller, "DescribeImageAttribute", &op.image_id).await?;
        Ok(vec![access.key("ec2:Attribute", op.attribute.as_str())])
    }

    async fn handle(&self, op: DescribeImageAttribute, caller: &Caller) -> Result<ImageAttribute, ApiError> {
        let image = images::owned(&self.read()?, caller.account_id(), &id(Kind::Image, &op.image_id)?)?;
        let mut answer = ImageAttribute { image_id: image.id.to_string(), ..ImageAttribute::default() };
        let empty = || Some(StringValue::default());
        match op.attribute.as_str() {
            "description" => answer.description = Some(StringValue { value: image.description }),
            "launchPermission" => answer.launch_permissions = Some(permissions(&image)),
            "blockDeviceMapping" => answer.block_device_mappings = Some(mappings(&image)),
            "productCodes" => answer.product_codes = Some(Vec::new()),
            "kernel" => answer.kernel_id = empty(),
            "ramdisk" => answer.ramdisk_id = empty(),
            "sriovNetSupport" => answer.sriov_net_support = empty(),
            "bootMode" => answer.boot_mode = Some(StringValue { value: Some("legacy-bios".into()) }),
            other => {
                return Err(
                    Error::value(format!("Value ({other}) for parameter attribute is invalid.")).into()
                );
            }
        }
        Ok(answer)
    }
}

fn permissions(image: &Image) -> Vec<LaunchPermission> {
    let everybody = image.public.then(|| LaunchPermission { group: Some("all".into()), user_id: None });
    let users =
        image.shared_with.iter().map(|user| LaunchPermission { group: None, user_id: Some(user.clone()) });
    everybody.into_iter().chain(users).collect()
}

/// A change of an image, read from a request: exactly one of the two.
#[derive(Clone, Debug)]
enum Change {
    Description(String),
    Permission { add: Vec<Grantee>, remove: Vec<Grantee> },
}

#[derive(Clone, Debug)]
enum Grantee {
    Everybody,
    Account(String),
}

fn grantee(group: Option<&str>, user: Option<&str>) -> Result<Grantee, Error> {
    match (group, user) {
        (Some("all"), None) => Ok(Grantee::Everybody),
        (None, Some(user)) if user.len() == 12 && user.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Grantee::Account(user.to_owned()))
        }
        (group, user) => Err(Error::value(format!(
            "'{}' is neither the group all nor an account id",
            group.or(user).unwrap_or_default()
        ))),
    }
}

fn listed(list: &[RequestLaunchPermission]) -> Result<Vec<Grantee>, Error> {
    list.iter().map(|one| grantee(one.group.as_deref(), one.user_id.as_deref())).collect()
}

fn read(op: &ModifyImageAttribute) -> Result<Change, Error> {
    if !op.product_codes.is_empty() {
        return Err(Error::unsupported("Product codes are not supported"));
    }
    let flat: Vec<Grantee> = (op.user_groups.iter().map(|group| grantee(Some(group.as_str()), None)))
        .chain(op.user_ids.iter().map(|user| grantee(None, Some(user.as_str()))))
        .collect::<Result<_, _>>()?;
    match (&op.description, &op.launch_permission, op.attribute.as_deref()) {
        (Some(description), None, None | Some("description")) if flat.is_empty() => {
            Ok(Change::Description(description.value.clone().unwrap_or_default()))
        }
        (None, None, Some("description")) if flat.is_empty() => {
            Ok(Change::Description(op.value.clone().ok_or_else(|| Error::missing("Value"))?))
        }
        (None, Some(permission), None | Some("launchPermission")) if flat.is_empty() => {
            Ok(Change::Permission { add: listed(&permission.add)?, remove: listed(&permission.remove)? })
        }
        (None, None, None | Some("launchPermission")) if !flat.is_empty() => {
            match op.operation_type.as_deref() {
                Some("add") => Ok(Change::Permission { add: flat, remove: Vec::new() }),
                Some("remove") => Ok(Change::Permission { add: Vec::new(), remove: flat }),
                other => Err(Error::value(format!(
                    "Value ({}) for parameter operationType is invalid.",
                    other.unwrap_or_default()
                ))),
            }
        }
        (None, None, Some(other)) if other != "launchPermission" => {
            Err(Error::value(format!("Value ({other}) for parameter attribute is invalid.")))
        }
        _ => Err(Error::combination(
            "Exactly one of description and launchPermission can be modified at a time",
        )),
    }
}

fn apply(image: &mut Image, change: &Change) {
    match change {
        Change::Description(text) => image.description = Some(text.clone()).filter(|text| !text.is_empty()),
        Change::Permission { add, remove } => {
            for (grantee, on) in remove.iter().map(|g| (g, false)).chain(add.iter().map(|g| (g, true))) {
                match grantee {
                    Grantee::Everybody => image.public = on,
                    Grantee::Account(user) => {
                        image.shared_with.retain(|one| one != user);
                        if on {
                            image.shared_with.push(user.clone());
                        }
                    }
                }
            }
        }
    }
}

/// The attribute that a request is about, by name or by the parameter that it fills.
fn attribute(op: &ModifyImageAttribute) -> Option<&str> {
    let permission = !op.user_ids.is_empty() || !op.user_groups.is_empty() || op.launch_permission.is_some();
    match op.attribute.as_deref() {
        Some(attribute) => Some(attribute),
        None if permission => Some("launchPermission"),
        None => op.description.as_ref().map(|_| "description"),
    }
}

impl Serve<ModifyImageAttribute> for Service {
    async fn access(&self, op: &ModifyImageAttribute, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let access = self.on_tagged(caller, "ModifyImageAttribute", &op.image_id).await?;
        Ok(vec![match attribute(op) {
            Some(attribute) => access.key("ec2:Attribute", attribute),
            None => access,
        }])
    }

    async fn handle(&self, op: ModifyImageAttribute, caller: &Caller) -> Result<api_spec::Return, ApiError> {
        let image_id: ImageId = id(Kind::Image, &op.image_id)?;
        let (change, account) = (read(&op)?, caller.account_id().to_owned());
        self.store
            .transact(move |tx| {
                let mut image = images::owned(tx, &account, &image_id)?;
                apply(&mut image, &change);
                Ok::<_, Error>(tx.put(&IMAGES, &image.id, &image)?)
            })
            .await?;
        Ok(api_spec::Return::TRUE)
    }
}
