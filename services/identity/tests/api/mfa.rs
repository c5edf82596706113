//! Virtual MFA devices.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Client, World};

/// An authenticator, as a phone has it: what RFC 6238 says, from the seed that was shown.
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// Takes the seed of a reply that made a device.
    pub fn of(base32_as_base64: &str) -> Authenticator {
        let base32 = base64_decoded(base32_as_base64);
        let (mut out, mut buffer, mut bits) = (Vec::new(), 0u32, 0);
        for digit in base32 {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'2'..=b'7' => digit - b'2' + 26,
                other => panic!("{other} is no digit of base32"),
            };
            buffer = buffer << 5 | u32::from(value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                out.push((buffer >> bits & 0xff) as u8);
            }
        }
        Authenticator(out)
    }

    /// The code that it shows, so many steps from now.
    pub fn code(&self, from_now: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 / 30;
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = ring::hmac::sign(&key, &(now + from_now).to_be_bytes());
        let at = usize::from(tag.as_ref()[19] & 15);
        let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

pub fn base64_decoded(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// Makes a device: its serial number and its authenticator.
pub async fn device(client: &Client, name: &str) -> (String, Authenticator) {
    let made = client.ok("CreateVirtualMFADevice", &[("VirtualMFADeviceName", name)]).await;
    (made.field("SerialNumber"), Authenticator::of(&made.field("Base32StringSeed")))
}

/// Gives a device to a user with the codes from so many steps from now.
pub async fn enable(
    client: &Client,
    user: &str,
    serial: &str,
    phone: &Authenticator,
    at: i64,
) -> (u16, String) {
    let (first, second) = (phone.code(at), phone.code(at + 1));
    let parameters = [
        ("UserName", user),
        ("SerialNumber", serial),
        ("AuthenticationCode1", first.as_str()),
        ("AuthenticationCode2", second.as_str()),
    ];
    let reply = client.call("EnableMFADevice", &parameters).await;
    (reply.status, reply.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_made_enabled_shown_and_deleted() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    world.user("alice").await;
    let made = admin
        .ok(
            "CreateVirtualMFADevice",
            &[
                ("VirtualMFADeviceName", "phone"),
                ("Path", "/staff/"),
                ("Tags.member.1.Key", "k"),
                ("Tags.member.1.Value", "v"),
            ],
        )
        .await;
    let serial = made.field("SerialNumber");
    assert_eq!(serial, format!("arn:aws:iam::{account}:mfa/staff/phone"));
    assert_eq!(base64_decoded(&made.field("Base32StringSeed")).len(), 64);
    assert!(base64_decoded(&made.field("QRCodePNG")).starts_with(b"\x89PNG"));
    let again = [("VirtualMFADeviceName", "phone"), ("Path", "/staff/")];
    let message = "MFADevice entity at the same path and name already exists.";
    admin.fails("CreateVirtualMFADevice", &again, "EntityAlreadyExists", message).await;

    let phone = Authenticator::of(&made.field("Base32StringSeed"));
    assert_eq!(enable(&admin, "alice", &serial, &phone, -1).await.0, 200);
    let listed = admin.ok("ListMFADevices", &[("UserName", "alice")]).await;
    assert_eq!(
        (listed.fields("SerialNumber"), listed.field("UserName")),
        (vec![serial.clone()], "alice".into())
    );
    let shown = admin.ok("GetMFADevice", &[("SerialNumber", &serial), ("UserName", "alice")]).await;
    assert!(shown.field("EnableDate").ends_with('Z'));
    let assigned = admin.ok("ListVirtualMFADevices", &[("AssignmentStatus", "Assigned")]).await;
    assert!(assigned.body.contains(":user/alice") && !assigned.body.contains("Seed"));
    let free = admin.ok("ListVirtualMFADevices", &[("AssignmentStatus", "Unassigned")]).await;
    assert!(!free.body.contains(&serial));

    let message = "MFA VirtualDevice in use. Must deactivate first.";
    admin.fails("DeleteVirtualMFADevice", &[("SerialNumber", &serial)], "DeleteConflict", message).await;
    let theirs = [("UserName", "alice"), ("SerialNumber", serial.as_str())];
    admin.ok("DeactivateMFADevice", &theirs).await;
    admin.fails("DeactivateMFADevice", &theirs, "NoSuchEntity", "MFA Device invalid for user.").await;
    admin.ok("DeleteVirtualMFADevice", &[("SerialNumber", &serial)]).await;
    let message = format!("VirtualMFADevice with serial number {serial} does not exist.");
    admin.fails("DeleteVirtualMFADevice", &[("SerialNumber", &serial)], "NoSuchEntity", &message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_two_codes_in_a_row_enable_a_device_and_only_once() {
    let world = World::new().await;
    let admin = world.admin();
    for name in ["alice", "bob"] {
        admin.ok("CreateUser", &[("UserName", name)]).await;
    }
    let (serial, phone) = device(&admin, "phone").await;
    let same = phone.code(0);
    let mut parameters = vec![("UserName", "alice"), ("SerialNumber", serial.as_str())];
    parameters.extend([("AuthenticationCode1", same.as_str()), ("AuthenticationCode2", same.as_str())]);
    let message = "Authentication code for device is not valid.";
    admin.fails("EnableMFADevice", &parameters, "InvalidAuthenticationCode", message).await;
    parameters[3].1 = "12345";
    admin.refused("EnableMFADevice", &parameters, "ValidationError").await;
    assert!(admin.ok("ListMFADevices", &[("UserName", "alice")]).await.fields("SerialNumber").is_empty());
    assert_eq!(enable(&admin, "alice", &serial, &phone, 5).await.0, 200);
    let (status, body) = enable(&admin, "bob", &serial, &phone, 5).await;
    assert!(status == 409 && body.contains("EntityAlreadyExists"), "{body}");
    admin.refused("DeleteUser", &[("UserName", "alice")], "DeleteConflict").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_is_slowed_down() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let (serial, phone) = device(&admin, "phone").await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        let (first, second) = (phone.code(0), phone.code(0));
        let parameters = [
            ("UserName", "alice"),
            ("SerialNumber", serial.as_str()),
            ("AuthenticationCode1", first.as_str()),
            ("AuthenticationCode2", second.as_str()),
        ];
        codes.push(admin.call("EnableMFADevice", &parameters).await.error().0);
    }
    assert_eq!(codes[0], "InvalidAuthenticationCode");
    assert_eq!(codes[7], "Throttling");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_out_of_step_is_brought_back() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let (serial, phone) = device(&admin, "phone").await;
    assert_eq!(enable(&admin, "alice", &serial, &phone, 0).await.0, 200);
    let (first, second) = (phone.code(60), phone.code(61));
    let parameters = [
        ("UserName", "alice"),
        ("SerialNumber", serial.as_str()),
        ("AuthenticationCode1", first.as_str()),
        ("AuthenticationCode2", second.as_str()),
    ];
    admin.ok("ResyncMFADevice", &parameters).await;
    let (other, _) = device(&admin, "other").await;
    let wrong = [parameters[0], ("SerialNumber", other.as_str()), parameters[2], parameters[3]];
    admin.refused("ResyncMFADevice", &wrong, "NoSuchEntity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_have_tags_and_pages() {
    let world = World::new().await;
    let admin = world.admin();
    for name in ["a", "b", "c"] {
        device(&admin, name).await;
    }
    let first = admin.ok("ListVirtualMFADevices", &[("MaxItems", "2")]).await;
    assert_eq!((first.fields("SerialNumber").len(), first.field("IsTruncated")), (2, "true".into()));
    let next = admin.ok("ListVirtualMFADevices", &[("Marker", &first.field("Marker"))]).await;
    assert_eq!(next.fields("SerialNumber").len(), 1);
    let serial = next.field("SerialNumber");
    let one = ("SerialNumber", serial.as_str());
    admin.ok("TagMFADevice", &[one, ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]).await;
    admin.ok("TagMFADevice", &[one, ("Tags.member.1.Key", "K"), ("Tags.member.1.Value", "w")]).await;
    let tags = admin.ok("ListMFADeviceTags", &[one]).await;
    assert_eq!((tags.fields("Key"), tags.fields("Value")), (vec!["K".to_owned()], vec!["w".to_owned()]));
    admin.ok("UntagMFADevice", &[one, ("TagKeys.member.1", "k")]).await;
    assert!(admin.ok("ListMFADeviceTags", &[one]).await.fields("Key").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_gives_a_session_that_says_so_and_is_used_up() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let (serial, phone) = device(&admin, "phone").await;
    assert_eq!(enable(&admin, "alice", &serial, &phone, -3).await.0, 200);
    // the device is two steps behind, as it showed
    let code = phone.code(-1);
    let parameters = [("SerialNumber", serial.as_str()), ("TokenCode", code.as_str())];
    let session = alice.send(alice.request("sts", "GetSessionToken", &parameters)).await;
    assert_eq!(session.status, 200, "{}", session.body);
    let again = alice.send(alice.request("sts", "GetSessionToken", &parameters)).await;
    let message = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    assert_eq!(again.error(), ("AccessDenied".to_owned(), message.to_owned()));
    // another's device proves nothing
    let theirs = admin.send(admin.request("sts", "GetSessionToken", &parameters)).await;
    assert_eq!(theirs.error().0, "AccessDenied");
}
