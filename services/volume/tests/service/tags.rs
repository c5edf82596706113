//! Tags of volumes and snapshots, which compute changes for CreateTags and DeleteTags.

use api_spec::ErrorCode;
use calls::Tag;
use calls::volume::{ChangeTags, ListTags, TaggedId};

use crate::world::{ACCOUNT, OTHER_ACCOUNT, World};

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

fn change(resources: Vec<TaggedId>) -> ChangeTags {
    ChangeTags {
        account_id: ACCOUNT.into(),
        resources,
        put: vec![],
        remove: vec![],
        remove_all: false,
        check_only: false,
    }
}

#[tokio::test]
async fn tags_change_on_all_resources_or_on_none() {
    let world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    let snapshot = world.snapshot(&volume).await;
    let (volume, snapshot) =
        (TaggedId::Volume(volume.parse().unwrap()), TaggedId::Snapshot(snapshot.parse().unwrap()));
    let both = vec![volume.clone(), snapshot.clone()];
    let list = || world.call(ListTags { account_id: ACCOUNT.into() });
    let put = ChangeTags { put: vec![tag("a", "1")], ..change(both.clone()) };
    world.call(ChangeTags { check_only: true, ..put.clone() }).await.unwrap();
    assert!(list().await.unwrap().is_empty());
    world.call(put.clone()).await.unwrap();
    let expected = vec![(volume.clone(), vec![tag("a", "1")]), (snapshot.clone(), vec![tag("a", "1")])];
    assert_eq!(list().await.unwrap(), expected);
    let absent = TaggedId::Volume("vol-0123456789abcdef0".parse().unwrap());
    let error =
        world.call(ChangeTags { put: vec![tag("b", "")], ..change(vec![volume.clone(), absent]) }).await;
    assert_eq!(error.unwrap_err().code, ErrorCode::InvalidVolumeNotFound);
    let many = (0..50).map(|n| tag(&format!("k{n}"), "")).collect();
    let error = world.call(ChangeTags { put: many, ..change(both.clone()) }).await;
    assert_eq!(error.unwrap_err().code, ErrorCode::TagLimitExceeded);
    let stranger = ChangeTags { account_id: OTHER_ACCOUNT.into(), ..put };
    assert_eq!(world.call(stranger).await.unwrap_err().code, ErrorCode::InvalidVolumeNotFound);
    assert_eq!(list().await.unwrap(), expected);
    let remove = vec![("a".to_owned(), Some("1".to_owned()))];
    world.call(ChangeTags { remove, ..change(vec![snapshot]) }).await.unwrap();
    assert_eq!(list().await.unwrap(), expected[..1]);
    world.call(ChangeTags { remove_all: true, ..change(vec![volume]) }).await.unwrap();
    assert!(list().await.unwrap().is_empty());
}
