//! SSH public keys.

use crate::support::World;

/// Made by ssh-keygen for this test, and thrown away.
const OPENSSH: &str = include_str!("ssh_key.pub");
/// The same as `ssh-keygen -e -m PKCS8` writes it.
const PEM: &str = include_str!("ssh_key.pem");
/// As `ssh-keygen -l -E md5` says.
const FINGERPRINT: &str = include_str!("ssh_key.md5");

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_uploaded_shown_in_both_forms_switched_off_and_deleted() {
    let world = World::new().await;
    let admin = world.admin();
    let alice = ("UserName", "alice");
    admin.ok("CreateUser", &[alice]).await;
    let made = admin.ok("UploadSSHPublicKey", &[alice, ("SSHPublicKeyBody", OPENSSH)]).await;
    let id = made.field("SSHPublicKeyId");
    assert!(id.starts_with("APKA") && id.len() == 21);
    assert_eq!(made.field("Fingerprint"), FINGERPRINT.trim());
    let form = |encoding: &'static str| {
        let (admin, id) = (admin.clone(), id.clone());
        async move {
            let parameters = [alice, ("SSHPublicKeyId", id.as_str()), ("Encoding", encoding)];
            admin.ok("GetSSHPublicKey", &parameters).await.field("SSHPublicKeyBody")
        }
    };
    let words: Vec<&str> = OPENSSH.split(' ').take(2).collect();
    assert_eq!(form("SSH").await, words.join(" "));
    assert_eq!(form("PEM").await.trim(), PEM.trim());
    let other = [alice, ("SSHPublicKeyId", id.as_str()), ("Encoding", "DER")];
    admin.refused("GetSSHPublicKey", &other, "UnrecognizedPublicKeyEncoding").await;
    // the same key in another form is the same key
    let again = [alice, ("SSHPublicKeyBody", PEM)];
    admin.refused("UploadSSHPublicKey", &again, "DuplicateSSHPublicKey").await;

    let key = [alice, ("SSHPublicKeyId", id.as_str()), ("Status", "Inactive")];
    admin.ok("UpdateSSHPublicKey", &key).await;
    assert_eq!(admin.ok("ListSSHPublicKeys", &[alice]).await.field("Status"), "Inactive");
    admin.refused("DeleteUser", &[alice], "DeleteConflict").await;
    admin.ok("DeleteSSHPublicKey", &key[..2]).await;
    admin.refused("DeleteSSHPublicKey", &key[..2], "NoSuchEntity").await;
    admin.ok("DeleteUser", &[alice]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_rsa_key_is_refused() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let broken = OPENSSH.replace("AAAAB3NzaC1yc2E", "AAAAB3NzaC1yc2F");
    let cut = &OPENSSH[..120];
    for (bad, code) in [
        ("hello", "InvalidPublicKey"),
        ("ssh-rsa AAAA", "InvalidPublicKey"),
        (cut, "InvalidPublicKey"),
        (broken.as_str(), "InvalidPublicKey"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "UnrecognizedPublicKeyEncoding"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "InvalidPublicKey"),
    ] {
        admin.refused("UploadSSHPublicKey", &[("UserName", "alice"), ("SSHPublicKeyBody", bad)], code).await;
    }
    assert!(
        admin.ok("ListSSHPublicKeys", &[("UserName", "alice")]).await.fields("SSHPublicKeyId").is_empty()
    );
}
