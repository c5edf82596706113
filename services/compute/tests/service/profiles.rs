//! Instance profiles of instances, and who may give them.

use crate::fakes::{ADMIN, STRANGER, WEB};
use crate::world::{World, eventually};

const WEB_ARN: &str = "arn:aws:iam::000000000001:instance-profile/web";
const DB_ARN: &str = "arn:aws:iam::000000000001:instance-profile/db";

impl World {
    /// The ARN of the profile whose credentials the node serves to the instance.
    fn served(&self, id: &str) -> Option<String> {
        let desired = self.node.desired();
        let instance = desired.instances.iter().find(|one| one.id.as_str() == id)?;
        Some(instance.metadata.profile.as_ref()?.arn.clone())
    }

    async fn until_served(&self, id: &str, arn: Option<&str>) {
        eventually("the node is told of the profile", || async { self.served(id).as_deref() == arn }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_launched_with_a_profile_and_shows_it() {
    let world = World::new().await;
    let id = world.run(&[("IamInstanceProfile.Name", "web")]).await;
    let shown = world.describe(&id).await;
    assert!(shown.body.contains(&format!("<iamInstanceProfile><arn>{WEB_ARN}</arn><id>AIPAweb</id>")));
    world.until_served(&id, Some(WEB_ARN)).await;
    let filter = [("Filter.1.Name", "iam-instance-profile.arn"), ("Filter.1.Value.1", WEB_ARN)];
    assert_eq!(world.ok("DescribeInstances", &filter).await.one("instanceId"), id);
    let filter = [("Filter.1.Name", "iam-instance-profile.arn"), ("Filter.1.Value.1", DB_ARN)];
    assert!(!world.ok("DescribeInstances", &filter).await.has("instanceId"));
    let by_arn = world.run(&[("IamInstanceProfile.Arn", DB_ARN)]).await;
    world.until_served(&by_arn, Some(DB_ARN)).await;
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "terminated").await;
    let associations = world.ok("DescribeIamInstanceProfileAssociations", &[]).await;
    assert_eq!(associations.all("instanceId"), [by_arn]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_not_there_or_has_no_role_launches_nothing() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let run = [("ImageId", image.as_str()), ("MinCount", "1"), ("MaxCount", "1")];
    let message = world
        .fails(
            "RunInstances",
            &[&run[..], &[("IamInstanceProfile.Name", "nothing")]].concat(),
            "InvalidParameterValue",
        )
        .await;
    assert_eq!(
        message,
        "Value (nothing) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    );
    let empty = [&run[..], &[("IamInstanceProfile.Name", "empty")]].concat();
    let message = world.fails("RunInstances", &empty, "InvalidParameterValue").await;
    assert!(message.ends_with("instance-profile/empty&quot; has no associated IAM Roles"), "{message}");
    let both =
        [&run[..], &[("IamInstanceProfile.Name", "web"), ("IamInstanceProfile.Arn", WEB_ARN)]].concat();
    world.fails("RunInstances", &both, "InvalidParameterCombination").await;
    assert!(!world.ok("DescribeInstances", &[]).await.has("instanceId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_associated_replaced_and_taken_away() {
    let world = World::new().await;
    let id = world.running().await;
    let (instance, web) = (("InstanceId", id.as_str()), ("IamInstanceProfile.Name", "web"));
    let made = world.ok("AssociateIamInstanceProfile", &[instance, web]).await;
    let association = made.one("associationId");
    assert!(association.starts_with("iip-assoc-"));
    assert_eq!((made.one("state"), made.one("arn")), ("associated".into(), WEB_ARN.into()));
    world.until_served(&id, Some(WEB_ARN)).await;
    let message = world.fails("AssociateIamInstanceProfile", &[instance, web], "IncorrectState").await;
    assert_eq!(message, format!("There is an existing association for instance {id}"));

    let old = ("AssociationId", association.as_str());
    let db = ("IamInstanceProfile.Name", "db");
    let replaced = world.ok("ReplaceIamInstanceProfileAssociation", &[old, db]).await;
    let new = replaced.one("associationId");
    assert_ne!(new, association);
    world.until_served(&id, Some(DB_ARN)).await;
    let code = "InvalidAssociationID.NotFound";
    world.fails("ReplaceIamInstanceProfileAssociation", &[old, db], code).await;
    world.fails("DisassociateIamInstanceProfile", &[old], code).await;
    let described = world
        .ok(
            "DescribeIamInstanceProfileAssociations",
            &[("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", &id)],
        )
        .await;
    assert_eq!((described.one("associationId"), described.one("id")), (new.clone(), "AIPAdb".into()));
    let theirs = world.call(STRANGER, "DescribeIamInstanceProfileAssociations", &[]).await;
    assert!(!theirs.has("associationId"));
    let theirs = world.call(STRANGER, "DisassociateIamInstanceProfile", &[("AssociationId", &new)]).await;
    assert_eq!(theirs.one("Code"), code);

    let ended = world.ok("DisassociateIamInstanceProfile", &[("AssociationId", &new)]).await;
    assert_eq!(ended.one("state"), "disassociated");
    world.until_served(&id, None).await;
    assert!(!world.describe(&id).await.has("iamInstanceProfile"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_an_instance_a_role_that_they_may_not_pass() {
    let world = World::new().await;
    let id = world.running().await;
    let instance = ("InstanceId", id.as_str());
    let with = |name: &'static str| ("IamInstanceProfile.Name", name);
    let refused = world.call(WEB, "AssociateIamInstanceProfile", &[instance, with("db")]).await;
    assert_eq!(refused.one("Code"), "UnauthorizedOperation");
    assert!(refused.one("Message").contains("iam:PassRole on resource: arn:aws:iam::000000000001:role/db"));
    let allowed = world.call(WEB, "AssociateIamInstanceProfile", &[instance, with("web")]).await;
    let association = allowed.one("associationId");
    let db = [("AssociationId", association.as_str()), with("db")];
    let refused = world.call(WEB, "ReplaceIamInstanceProfileAssociation", &db).await;
    assert_eq!(refused.one("Code"), "UnauthorizedOperation");
    let image = world.image("tiny").await;
    let run = [("ImageId", image.as_str()), ("MinCount", "1"), ("MaxCount", "1"), with("db")];
    assert_eq!(world.call(WEB, "RunInstances", &run).await.one("Code"), "UnauthorizedOperation");
    assert_eq!(world.call(ADMIN, "RunInstances", &run).await.status, 200);
}
