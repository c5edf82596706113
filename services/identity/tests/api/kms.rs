//! KMS through its door: JSON requests signed by AWS's own signer.

use std::time::SystemTime;

use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::kms::{GetServiceKey, MakeDataKey, OpenDataKey, Requester};
use http::Request;
use kit::ServiceName;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::support::{Client, World};

/// Status and JSON of an answer; an empty body is null.
async fn kms(client: &Client, action: &str, parameters: Value) -> (u16, Value) {
    let mut request = Request::post("http://kms.test/")
        .header("host", "kms.test")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("TrentService.{action}"))
        .body(parameters.to_string().into_bytes())
        .unwrap();
    client.sign("kms", &mut request);
    let (mut parts, body) = request.into_parts();
    parts.uri = "/".parse().unwrap();
    let response = client.router.clone().oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get("x-amzn-errortype").map(|kind| kind.to_str().unwrap().to_owned());
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    assert_eq!(body.get("__type").and_then(Value::as_str).map(str::to_owned), kind);
    (status, body)
}

async fn ok(client: &Client, action: &str, parameters: Value) -> Value {
    let (status, body) = kms(client, action, parameters).await;
    assert_eq!(status, 200, "{action}: {body}");
    body
}

async fn refused(client: &Client, action: &str, parameters: Value, code: &str) -> String {
    let (status, body) = kms(client, action, parameters.clone()).await;
    assert_eq!((status, body["__type"].as_str()), (400, Some(code)), "{action} {parameters}: {body}");
    body["message"].as_str().unwrap().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn key(client: &Client) -> String {
    text(&ok(client, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"])
}

#[tokio::test]
async fn what_was_encrypted_decrypts_with_its_context_and_survives_a_restart() {
    let world = World::new().await;
    let admin = world.admin();
    let id = key(&admin).await;
    let plain = STANDARD.encode("hush");
    let context = json!({"for": "me"});
    let sealed =
        ok(&admin, "Encrypt", json!({"KeyId": id, "Plaintext": plain, "EncryptionContext": context})).await;
    let blob = text(&sealed["CiphertextBlob"]);
    drop(admin);
    let world = world.reopen().await.unwrap();
    let admin = world.admin();
    let opened = ok(&admin, "Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": context})).await;
    assert_eq!((text(&opened["Plaintext"]), &opened["KeyId"]), (plain.clone(), &sealed["KeyId"]));
    refused(&admin, "Decrypt", json!({"CiphertextBlob": blob}), "InvalidCiphertextException").await;
    let other = key(&admin).await;
    let wrong = json!({"CiphertextBlob": blob, "EncryptionContext": context, "KeyId": other});
    refused(&admin, "Decrypt", wrong, "IncorrectKeyException").await;
    let again = ok(
        &admin,
        "ReEncrypt",
        json!({"CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": other}),
    )
    .await;
    let opened = ok(&admin, "Decrypt", json!({"CiphertextBlob": again["CiphertextBlob"]})).await;
    assert_eq!(text(&opened["Plaintext"]), plain);
    let dry = json!({"KeyId": id, "Plaintext": plain, "DryRun": true});
    refused(&admin, "Encrypt", dry, "DryRunOperationException").await;
}

#[tokio::test]
async fn a_user_without_a_policy_is_refused_every_action() {
    let world = World::new().await;
    let (admin, nobody) = (world.admin(), world.user("nobody").await);
    let id = key(&admin).await;
    let made = ok(&admin, "GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})).await;
    let version = world.version().await;
    let value = |name: &str| match name {
        "KeyId" | "TargetKeyId" | "DestinationKeyId" => Some(json!(id)),
        "AliasName" => Some(json!("alias/a")),
        "CiphertextBlob" => Some(made["CiphertextBlob"].clone()),
        "Plaintext" => Some(json!("AAAA")),
        "Description" => Some(json!("")),
        "Policy" => Some(json!("{}")),
        "Tags" | "TagKeys" => Some(json!([])),
        _ => None,
    };
    let shapes = identity::shapes().unwrap();
    for shape in shapes.iter().filter(|shape| shape.service == "kms") {
        let api_spec::shape::Shape::Structure { members } = &shape.input else {
            panic!("{}", shape.operation)
        };
        let given = members.iter().filter_map(|(name, _)| Some((name.clone(), value(name)?)));
        let given = Value::Object(given.collect());
        let message = refused(&nobody, shape.operation, given, "AccessDeniedException").await;
        let action = if shape.operation == "ReEncrypt" { "ReEncryptFrom" } else { shape.operation };
        let start = format!("is not authorized to perform: kms:{action} on resource: ");
        assert!(message.contains(&start), "{message}");
    }
    assert_eq!(world.version().await, version, "a refused request changed something");
}

#[tokio::test]
async fn a_key_goes_through_its_states() {
    let world = World::new().await;
    let admin = world.admin();
    let id = key(&admin).await;
    let data_key = json!({"KeyId": id, "KeySpec": "AES_256"});
    let made = ok(&admin, "GenerateDataKey", data_key.clone()).await;
    assert_eq!(STANDARD.decode(text(&made["Plaintext"])).unwrap().len(), 32);
    ok(&admin, "DisableKey", json!({"KeyId": id})).await;
    let message = refused(&admin, "GenerateDataKey", data_key.clone(), "DisabledException").await;
    assert!(message.ends_with(" is disabled."), "{message}");
    let blob = json!({"CiphertextBlob": made["CiphertextBlob"]});
    refused(&admin, "Decrypt", blob.clone(), "DisabledException").await;
    ok(&admin, "EnableKey", json!({"KeyId": id})).await;
    ok(&admin, "Decrypt", blob.clone()).await;
    let window = json!({"KeyId": id, "PendingWindowInDays": 6});
    refused(&admin, "ScheduleKeyDeletion", window, "ValidationException").await;
    let going = ok(&admin, "ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 7})).await;
    assert_eq!(going["KeyState"], "PendingDeletion");
    for action in ["EnableKey", "DisableKey", "ScheduleKeyDeletion"] {
        refused(&admin, action, json!({"KeyId": id}), "KMSInvalidStateException").await;
    }
    refused(&admin, "Decrypt", blob, "KMSInvalidStateException").await;
    ok(&admin, "CancelKeyDeletion", json!({"KeyId": id})).await;
    refused(&admin, "CancelKeyDeletion", json!({"KeyId": id}), "KMSInvalidStateException").await;
    let now = ok(&admin, "DescribeKey", json!({"KeyId": id})).await;
    assert_eq!(now["KeyMetadata"]["KeyState"], "Disabled");
    assert!(now["KeyMetadata"]["CreationDate"].is_f64());
}

#[tokio::test]
async fn the_key_policy_decides_even_for_administrators() {
    let world = World::new().await;
    let admin = world.admin();
    let alice = world.user("alice").await;
    let id = key(&admin).await;
    let encrypt = json!({"KeyId": id, "Plaintext": STANDARD.encode("x")});
    refused(&alice, "Encrypt", encrypt.clone(), "AccessDeniedException").await;
    let policy = |principal: &str| {
        json!({"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{}:{principal}", world.account())},
             "Action": "kms:*", "Resource": "*"},
        ]})
        .to_string()
    };
    let locked = json!({"KeyId": id, "Policy": policy("user/alice")});
    let message = refused(&admin, "PutKeyPolicy", locked, "MalformedPolicyDocumentException").await;
    assert_eq!(message, "The new key policy will not allow you to update the key policy in the future.");
    let mut handed =
        json!({"KeyId": id, "Policy": policy("user/alice"), "BypassPolicyLockoutSafetyCheck": true});
    ok(&admin, "PutKeyPolicy", handed.take()).await;
    ok(&alice, "Encrypt", encrypt.clone()).await;
    let message = refused(&admin, "Encrypt", encrypt, "AccessDeniedException").await;
    assert!(message.contains("no resource-based policy allows the kms:Encrypt action"), "{message}");
}

#[tokio::test]
async fn aliases_stand_for_keys_and_nothing_else_does() {
    let world = World::new().await;
    let admin = world.admin();
    let (one, two) = (key(&admin).await, key(&admin).await);
    ok(&admin, "CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": one})).await;
    let taken = json!({"AliasName": "alias/a", "TargetKeyId": two});
    refused(&admin, "CreateAlias", taken.clone(), "AlreadyExistsException").await;
    let described = ok(&admin, "DescribeKey", json!({"KeyId": "alias/a"})).await;
    assert_eq!(described["KeyMetadata"]["KeyId"], one.as_str());
    ok(&admin, "UpdateAlias", taken).await;
    let listed = ok(&admin, "ListAliases", json!({"KeyId": two})).await;
    assert_eq!(listed["Aliases"][0]["AliasName"], "alias/a");
    assert_eq!(listed["Truncated"], false);
    refused(&admin, "DisableKey", json!({"KeyId": "alias/a"}), "NotFoundException").await;
    ok(&admin, "DeleteAlias", json!({"AliasName": "alias/a"})).await;
    refused(&admin, "DescribeKey", json!({"KeyId": "alias/a"}), "NotFoundException").await;
    refused(&admin, "DeleteAlias", json!({"AliasName": "alias/a"}), "NotFoundException").await;
    let reserved = json!({"AliasName": "alias/aws/mine", "TargetKeyId": one});
    refused(&admin, "CreateAlias", reserved, "InvalidAliasNameException").await;
}

#[tokio::test]
async fn bad_requests_change_nothing_and_are_told_apart() {
    let world = World::new().await;
    let admin = world.admin();
    for (action, parameters, code) in [
        ("CreateKey", json!({"KeySpec": "RSA_2048"}), "UnsupportedOperationException"),
        ("CreateKey", json!({"KeySpec": "NONSENSE"}), "ValidationException"),
        ("CreateKey", json!({"MultiRegion": true}), "UnsupportedOperationException"),
        ("CreateKey", json!({"Policy": "{}"}), "MalformedPolicyDocumentException"),
        ("CreateKey", json!({"Tags": [{"TagKey": "aws:a", "TagValue": ""}]}), "TagException"),
        ("CreateKey", json!({"Nonsense": 1}), "ValidationException"),
        ("DescribeKey", json!({}), "ValidationException"),
        ("DescribeKey", json!({"KeyId": 7}), "SerializationException"),
        ("DescribeKey", json!({"KeyId": "nonsense"}), "NotFoundException"),
        ("GenerateDataKey", json!({"KeyId": "alias/none", "KeySpec": "AES_256"}), "NotFoundException"),
        ("Decrypt", json!({"CiphertextBlob": "AAAA"}), "InvalidCiphertextException"),
        ("GenerateRandom", json!({"NumberOfBytes": 1025}), "ValidationException"),
        ("ListKeys", json!({"Marker": "%"}), "InvalidMarkerException"),
        ("Sign", json!({}), "UnknownOperationException"),
    ] {
        refused(&admin, action, parameters, code).await;
    }
    assert_eq!(ok(&admin, "ListKeys", json!({})).await["Keys"], json!([]));
    let stranger = world.client("AKIAAAAAAAAAAAAAAAAA", "x");
    refused(&stranger, "ListKeys", json!({}), "UnrecognizedClientException").await;
    let forger = world.client(&admin.access_key_id, "x");
    refused(&forger, "ListKeys", json!({}), "InvalidSignatureException").await;
    let late = Client { signed_at: Some(SystemTime::UNIX_EPOCH), ..admin };
    refused(&late, "ListKeys", json!({}), "InvalidSignatureException").await;
}

#[tokio::test]
async fn a_service_gets_data_keys_for_its_caller_and_only_through_the_service() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let identity = world.context.peers.internal(ServiceName::Identity);
    let requester = |client: &Client| Requester {
        access_key_id: client.access_key_id.clone(),
        session_token: None,
        request_id: "r".into(),
        source_ip: None,
        secure: true,
        tls_version: None,
        user_agent: String::new(),
    };
    let context = [("aws:s3:arn".to_owned(), "arn:aws:s3:::b/k".to_owned())].into();
    let make = MakeDataKey { requester: requester(&alice), key: None, context };
    let made = identity.call(&make).await.unwrap();
    let open = OpenDataKey {
        requester: requester(&alice),
        ciphertext: made.ciphertext.clone(),
        context: make.context.clone(),
    };
    assert_eq!(identity.call(&open).await.unwrap().plaintext, made.plaintext);
    let bare = OpenDataKey { context: Default::default(), ..open.clone() };
    assert_eq!(identity.call(&bare).await.unwrap_err().code.as_str(), "InvalidCiphertextException");
    let direct =
        json!({"CiphertextBlob": made.ciphertext, "EncryptionContext": {"aws:s3:arn": "arn:aws:s3:::b/k"}});
    refused(&admin, "Decrypt", direct, "AccessDeniedException").await;
    let own = key(&admin).await;
    let denied = MakeDataKey { key: Some(own), ..make };
    assert_eq!(identity.call(&denied).await.unwrap_err().code.as_str(), "AccessDenied");
    assert_eq!(
        ok(&admin, "DescribeKey", json!({"KeyId": "alias/aws/s3"})).await["KeyMetadata"]["KeyManager"],
        "AWS"
    );
    refused(&admin, "DisableKey", json!({"KeyId": made.key_arn}), "AccessDeniedException").await;

    let newest = identity.call(&GetServiceKey { service: "s3".into(), id: None }).await.unwrap();
    let again =
        identity.call(&GetServiceKey { service: "s3".into(), id: Some(newest.id.clone()) }).await.unwrap();
    assert_eq!(again.key, newest.key);
    assert!(identity.call(&GetServiceKey { service: "x".into(), id: Some(newest.id) }).await.is_err());
}
