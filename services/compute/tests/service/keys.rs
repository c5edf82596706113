//! Key pairs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::world::World;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@here";

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_is_handed_out_once_and_names_are_unique() {
    let world = World::new().await;
    let made = world.ok("CreateKeyPair", &[("KeyName", "rsa-key")]).await;
    assert!(made.one("keyMaterial").starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    world.fails("CreateKeyPair", &[("KeyName", "rsa-key")], "InvalidKeyPair.Duplicate").await;
    let listed =
        world.ok("DescribeKeyPairs", &[("KeyName.1", "rsa-key"), ("IncludePublicKey", "true")]).await;
    assert_eq!(listed.one("keyFingerprint"), made.one("keyFingerprint"));
    assert!(listed.one("publicKey").starts_with("ssh-rsa ") && !listed.body.contains("PRIVATE"));
    let deleted = world.ok("DeleteKeyPair", &[("KeyName", "rsa-key")]).await;
    assert_eq!((deleted.one("return"), deleted.one("keyPairId")), ("true".into(), made.one("keyPairId")));
    world.fails("DescribeKeyPairs", &[("KeyName.1", "rsa-key")], "InvalidKeyPair.NotFound").await;
    world.ok("DeleteKeyPair", &[("KeyName", "rsa-key")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_key_reaches_the_guest() {
    let world = World::new().await;
    let material = STANDARD.encode(ED25519);
    let imported = world.ok("ImportKeyPair", &[("KeyName", "mine"), ("PublicKeyMaterial", &material)]).await;
    assert!(imported.one("keyFingerprint").len() == 44);
    let id = world.run(&[("KeyName", "mine")]).await;
    world.until_state(&id, "running").await;
    let desired = world.node.desired();
    let key = &desired.instances[0].metadata.leaves["meta-data/public-keys/0/openssh-key"];
    assert_eq!(key.split(' ').nth(1), ED25519.split(' ').nth(1));
    assert_eq!(desired.instances[0].metadata.public_key_name.as_deref(), Some("mine"));
}
