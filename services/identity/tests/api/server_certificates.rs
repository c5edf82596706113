//! Server certificates. Those here were made by openssl for this test, valid from 2020 to 2120, and their authority is gone.

use crate::support::{ADMINISTRATOR, World};

const RSA: &str = include_str!("../certificates/rsa.crt");
const RSA_KEY: &str = include_str!("../certificates/rsa.key");
const EC: &str = include_str!("../certificates/ec.crt");
const EC_KEY: &str = include_str!("../certificates/ec.key");
const OLD: &str = include_str!("../certificates/old.crt");
const MIDDLE: &str = include_str!("../certificates/middle.crt");
const ROOT: &str = include_str!("../certificates/root.crt");

const UPLOAD: &str = "UploadServerCertificate";

/// What uploads the certificate with the EC key under a name.
fn ec(name: &str) -> [(&str, &str); 3] {
    [("ServerCertificateName", name), ("CertificateBody", EC), ("PrivateKey", EC_KEY)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_uploaded_shown_renamed_moved_and_deleted() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let chain = format!("{MIDDLE}{ROOT}");
    let mut parameters = ec("web").to_vec();
    parameters.extend([("Path", "/site/"), ("CertificateChain", chain.as_str())]);
    let made = admin.ok(UPLOAD, &parameters).await;
    let id = made.field("ServerCertificateId");
    assert!(id.starts_with("ASCA") && id.len() == 21, "{id}");
    assert_eq!(made.field("Arn"), format!("arn:aws:iam::{account}:server-certificate/site/web"));
    assert_eq!(made.field("Expiration"), "2120-01-01T00:00:00.000Z");
    assert!(!made.body.contains("<Tags>"));

    let name = ("ServerCertificateName", "web");
    let shown = admin.ok("GetServerCertificate", &[name]).await;
    assert_eq!(shown.field("CertificateBody").trim(), EC.trim());
    assert_eq!(shown.field("CertificateChain").trim(), chain.trim());
    assert!(!shown.body.contains("PRIVATE KEY"), "the key is never shown");

    let rsa = [("ServerCertificateName", "rsa"), ("CertificateBody", RSA), ("PrivateKey", RSA_KEY)];
    assert!(!admin.ok(UPLOAD, &rsa).await.body.contains("PRIVATE KEY"));
    assert!(!admin.ok("GetServerCertificate", &rsa[..1]).await.body.contains("CertificateChain"));
    let renamed = [name, ("NewServerCertificateName", "Web-2"), ("NewPath", "/")];
    admin.ok("UpdateServerCertificate", &renamed).await;
    admin.refused("GetServerCertificate", &[name], "NoSuchEntity").await;
    let shown = admin.ok("GetServerCertificate", &[("ServerCertificateName", "Web-2")]).await;
    assert_eq!(shown.field("Arn"), format!("arn:aws:iam::{account}:server-certificate/Web-2"));
    assert_eq!(shown.field("ServerCertificateId"), id);
    let taken = [("ServerCertificateName", "rsa"), ("NewServerCertificateName", "WEB-2")];
    admin.refused("UpdateServerCertificate", &taken, "EntityAlreadyExists").await;
    let own = [("ServerCertificateName", "Web-2"), ("NewServerCertificateName", "WEB-2")];
    admin.ok("UpdateServerCertificate", &own).await;

    admin.ok("DeleteServerCertificate", &[("ServerCertificateName", "WEB-2")]).await;
    let message = "The Server Certificate with name WEB-2 cannot be found.";
    admin
        .fails("DeleteServerCertificate", &[("ServerCertificateName", "WEB-2")], "NoSuchEntity", message)
        .await;
    assert_eq!(admin.ok("ListServerCertificates", &[]).await.fields("ServerCertificateName"), ["rsa"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_together_is_refused_and_nothing_is_kept() {
    let world = World::new().await;
    let admin = world.admin();
    let name = ("ServerCertificateName", "web");
    let with = |body: &str, key: &str, chain: Option<&str>| {
        let (admin, body, key) = (admin.clone(), body.to_owned(), key.to_owned());
        let chain = chain.map(str::to_owned);
        async move {
            let mut parameters = vec![name, ("CertificateBody", body.as_str()), ("PrivateKey", key.as_str())];
            parameters.extend(chain.as_deref().map(|chain| ("CertificateChain", chain)));
            admin.call(UPLOAD, &parameters).await.error()
        }
    };
    assert_eq!(with(EC, RSA_KEY, None).await.0, "KeyPairMismatch");
    for (body, key, chain) in [
        ("no certificate", EC_KEY, None),
        (EC, "no key", None),
        (EC, include_str!("../certificates/encrypted.key"), None),
        (OLD, EC_KEY, None),
        (EC, EC_KEY, Some(ROOT)),
        (&format!("{EC}{EC_KEY}"), EC_KEY, None),
    ] {
        let (code, message) = with(body, key, chain).await;
        assert_eq!(code, "MalformedCertificate", "{message}");
        assert!(!message.contains("PRIVATE KEY"), "{message}");
    }
    let long = "x".repeat(16_385);
    for (body, key, chain) in [
        ("", EC_KEY, None),
        (EC, "", None),
        (&long, EC_KEY, None),
        (EC, &long, None),
        (EC, "k\u{1}", None),
        (EC, EC_KEY, Some("")),
    ] {
        let (code, message) = with(body, key, chain).await;
        assert_eq!(code, "ValidationError", "{message}");
        assert!(key.is_empty() || !message.contains(key), "an error shows no key: {message}");
    }
    let bad_name = [("ServerCertificateName", "a b"), ec("")[1], ec("")[2]];
    admin.refused(UPLOAD, &bad_name, "ValidationError").await;
    let bad_path = [name, ec("")[1], ec("")[2], ("Path", "no-slash")];
    admin.refused(UPLOAD, &bad_path, "ValidationError").await;
    assert!(admin.ok("ListServerCertificates", &[]).await.fields("member").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_unique_there_is_a_limit_and_lists_are_paged() {
    let world = World::new().await;
    let admin = world.admin();
    let names: Vec<String> = (0..20).map(|index| format!("web-{index:02}")).collect();
    for name in &names {
        admin.ok(UPLOAD, &[&ec(name)[..], &[("Path", "/paged/")]].concat()).await;
    }
    let message = "The Server Certificate with name WEB-00 already exists.";
    admin.fails(UPLOAD, &ec("WEB-00"), "EntityAlreadyExists", message).await;
    let message = "Cannot exceed quota for ServerCertificatesPerAccount: 20";
    admin.fails(UPLOAD, &ec("one-more"), "LimitExceeded", message).await;
    let first = admin.ok("ListServerCertificates", &[("PathPrefix", "/paged/"), ("MaxItems", "15")]).await;
    let marker = first.field("Marker");
    let rest = admin.ok("ListServerCertificates", &[("PathPrefix", "/paged/"), ("Marker", &marker)]).await;
    assert_eq!([first.fields("ServerCertificateName"), rest.fields("ServerCertificateName")].concat(), names);
    assert_eq!((first.field("IsTruncated"), rest.field("IsTruncated")), ("true".into(), "false".into()));
    let other = admin.ok("ListServerCertificates", &[("PathPrefix", "/other/")]).await;
    assert!(other.fields("member").is_empty());
    let summary = admin.ok("GetAccountSummary", &[]).await.body;
    assert!(summary.contains("<key>ServerCertificates</key><value>20</value>"), "{summary}");
    assert!(summary.contains("<key>ServerCertificatesQuota</key><value>20</value>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_have_tags_that_policies_may_ask_about() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    let made = admin.ok(UPLOAD, &[&ec("web")[..], &tags[..]].concat()).await;
    assert_eq!(made.field("Key"), "team");
    let name = ("ServerCertificateName", "web");
    admin.ok("TagServerCertificate", &[name, ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]).await;
    assert_eq!(admin.ok("ListServerCertificateTags", &[name]).await.fields("Key"), ["a", "team"]);
    assert_eq!(admin.ok("GetServerCertificate", &[name]).await.fields("Key"), ["a", "team"]);
    assert!(!admin.ok("ListServerCertificates", &[]).await.body.contains("<Tags>"));

    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*ServerCertificate*",
        "Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}]}"#;
    let policy = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", document)];
    admin.ok("PutUserPolicy", &policy).await;
    alice.ok("GetServerCertificate", &[name]).await;
    admin.ok("UntagServerCertificate", &[name, ("TagKeys.member.1", "team")]).await;
    alice.refused("GetServerCertificate", &[name], "AccessDenied").await;
    for action in ["TagServerCertificate", "UntagServerCertificate", "ListServerCertificateTags"] {
        let nobodys = [("ServerCertificateName", "never"), tags[0], tags[1], ("TagKeys.member.1", "a")];
        let fitting = match action {
            "TagServerCertificate" => &nobodys[..3],
            "UntagServerCertificate" => &[nobodys[0], nobodys[3]],
            _ => &nobodys[..1],
        };
        admin.refused(action, fitting, "NoSuchEntity").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn renaming_needs_the_permission_on_both_names() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok(UPLOAD, &ec("old")).await;
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::{}:server-certificate/old"}}]}}"#,
        world.account()
    );
    let policy = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    admin.ok("PutUserPolicy", &policy).await;
    let rename = [("ServerCertificateName", "old"), ("NewServerCertificateName", "new")];
    alice.refused("UpdateServerCertificate", &rename, "AccessDenied").await;
    admin.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", ADMINISTRATOR)]).await;
    alice.ok("UpdateServerCertificate", &rename).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_private_key_lies_sealed_and_moves_to_a_new_master_key() {
    let world = World::new().await;
    let admin = world.admin();
    let resealed = || async {
        let done = admin.ok("RotateMurusMasterKey", &[]).await;
        done.field("Resealed").parse::<u32>().unwrap()
    };
    let before = resealed().await;
    admin.ok(UPLOAD, &ec("web")).await;
    assert_eq!(resealed().await, before + 1);
    // and once more: it was under the key that came with the first
    assert_eq!(resealed().await, before + 1);
    let directory = world.close().await;
    let line = EC_KEY.lines().nth(1).unwrap().as_bytes();
    let mut files = 0;
    let mut folders = vec![directory.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    files += 1;
                    let content = std::fs::read(entry.path()).unwrap();
                    assert!(!content.windows(line.len()).any(|part| part == line), "{:?}", entry.path());
                }
            }
        }
    }
    assert!(files > 0);
}
