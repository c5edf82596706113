//! AssumeRole: whom a role trusts, what its sessions may, what they hand on, and when they end.

use jiff::SignedDuration;

use crate::mfa::{device, enable};
use crate::support::{Client, World, statement};

const ANY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// A trust policy with one statement.
fn trust(principal: &str, actions: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},
            "Action":{actions},"Condition":{condition}}}]}}"#
    )
}

struct Cast {
    world: World,
    admin: Client,
    alice: Client,
    role: String,
}

/// A world with alice, who may nothing by herself, and a role of everything that trusts her.
async fn cast() -> Cast {
    with_trust(r#""sts:AssumeRole""#, "{}").await
}

async fn with_trust(actions: &str, condition: &str) -> Cast {
    let world = World::with_clock().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let document = trust(&format!("arn:aws:iam::{}:user/alice", world.account()), actions, condition);
    let made = [("RoleName", "r"), ("Path", "/x/"), ("AssumeRolePolicyDocument", document.as_str())];
    let role = admin.ok("CreateRole", &made).await.field("Arn");
    let given = [("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", ANY)];
    admin.ok("PutRolePolicy", &given).await;
    Cast { world, admin, alice, role }
}

impl Cast {
    fn parameters<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![("RoleArn", self.role.as_str())];
        if !more.iter().any(|(name, _)| *name == "RoleSessionName") {
            all.push(("RoleSessionName", "work"));
        }
        all.extend_from_slice(more);
        all
    }

    async fn assume(&self, more: &[(&str, &str)]) -> Client {
        self.alice.session("AssumeRole", &self.parameters(more)).await
    }

    async fn fails(&self, more: &[(&str, &str)]) -> (String, String) {
        self.alice.sts_fails("AssumeRole", &self.parameters(more)).await
    }

    fn refusal(&self, action: &str) -> (String, String) {
        let account = self.world.account();
        let message = format!(
            "User: arn:aws:iam::{account}:user/alice is not authorized to perform: {action} on resource: {}",
            self.role
        );
        ("AccessDenied".into(), message)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_user_becomes_the_role_and_others_do_not() {
    let cast = cast().await;
    let account = cast.world.account();
    let reply = cast.alice.sts("AssumeRole", &cast.parameters(&[])).await;
    let id = cast.admin.ok("GetRole", &[("RoleName", "r")]).await.field("RoleId");
    assert_eq!(reply.field("AssumedRoleId"), format!("{id}:work"));
    assert_eq!(reply.fields("Arn"), [format!("arn:aws:sts::{account}:assumed-role/r/work")]);
    assert_eq!(reply.field("PackedPolicySize"), "0");
    let session = cast.assume(&[]).await;
    let who = session.who_am_i().await;
    assert_eq!(who.field("Arn"), format!("arn:aws:sts::{account}:assumed-role/r/work"));
    assert_eq!(who.field("UserId"), format!("{id}:work"));
    session.ok("ListUsers", &[]).await;
    cast.alice.refused("ListUsers", &[], "AccessDenied").await;

    let bob = cast.world.user("bob").await;
    let (code, message) = bob.sts_fails("AssumeRole", &cast.parameters(&[])).await;
    assert_eq!(code, "AccessDenied");
    assert!(message.ends_with(&format!("sts:AssumeRole on resource: {}", cast.role)), "{message}");
    // the administrator may do all, but the role does not trust it
    assert_eq!(cast.admin.sts_fails("AssumeRole", &cast.parameters(&[])).await.0, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_there_is_refused_as_one_that_does_not_trust() {
    let mut cast = cast().await;
    for there_is_none in
        ["arn:aws:iam::000000000000:role/r", &cast.role.replace("/x/", "/"), &format!("{}s", cast.role)]
    {
        cast.role = there_is_none.to_owned();
        assert_eq!(cast.fails(&[]).await, cast.refusal("sts:AssumeRole"));
    }
    cast.role = "arn:aws:iam::000000000000:user/somebody".into();
    assert_eq!(cast.fails(&[]).await, ("ValidationError".into(), "Request ARN is invalid".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_a_trust_policy_leaves_it_to_the_users_own_policies() {
    let cast = cast().await;
    let document = trust(&cast.world.account(), r#""sts:AssumeRole""#, "{}");
    let changed = [("RoleName", "r"), ("PolicyDocument", document.as_str())];
    cast.admin.ok("UpdateAssumeRolePolicy", &changed).await;
    assert_eq!(cast.fails(&[]).await, cast.refusal("sts:AssumeRole"));
    let own = statement("Allow", "sts:AssumeRole", &cast.role);
    let given = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", own.as_str())];
    cast.admin.ok("PutUserPolicy", &given).await;
    cast.assume(&[]).await;
    let deny = statement("Deny", "sts:*", "*");
    cast.admin.ok("PutUserPolicy", &[given[0], given[1], ("PolicyDocument", &deny)]).await;
    let refused = || async { cast.alice.sts("AssumeRole", &cast.parameters(&[])).await.status == 403 };
    assert!(refused().await, "a deny of her own wins");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_external_id_and_the_name_of_the_session_are_conditions() {
    let cast = with_trust(
        r#""sts:AssumeRole""#,
        r#"{"StringEquals":{"sts:ExternalId":"agreed/1","sts:RoleSessionName":"${aws:username}"}}"#,
    )
    .await;
    assert_eq!(cast.fails(&[]).await, cast.refusal("sts:AssumeRole"));
    let named = ("RoleSessionName", "alice");
    assert_eq!(cast.fails(&[named, ("ExternalId", "other")]).await, cast.refusal("sts:AssumeRole"));
    assert_eq!(cast.fails(&[("ExternalId", "agreed/1")]).await, cast.refusal("sts:AssumeRole"));
    cast.assume(&[named, ("ExternalId", "agreed/1")]).await;
    for bad in
        [("ExternalId", "x"), ("ExternalId", "a b"), ("RoleSessionName", "a"), ("RoleSessionName", "a/b")]
    {
        assert_eq!(cast.fails(&[bad]).await.0, "ValidationError", "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn durations_keep_to_the_role_and_a_chain_to_an_hour() {
    let cast = cast().await;
    let (code, message) = cast.fails(&[("DurationSeconds", "3601")]).await;
    assert_eq!(code, "ValidationError");
    assert_eq!(message, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    assert_eq!(cast.fails(&[("DurationSeconds", "899")]).await.0, "ValidationError");
    assert_eq!(cast.fails(&[("DurationSeconds", "43201")]).await.0, "ValidationError");
    cast.admin.ok("UpdateRole", &[("RoleName", "r"), ("MaxSessionDuration", "43200")]).await;
    let long = cast.assume(&[("DurationSeconds", "43200")]).await;
    cast.world.context.clock.advance(SignedDuration::from_secs(43_199));
    assert_eq!(long.who_am_i().await.status, 200);
    cast.world.context.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(long.sts_fails("GetCallerIdentity", &[]).await.0, "ExpiredToken");

    // the role trusts its own account from now on, and so its own sessions
    let document = trust(&cast.world.account(), r#""sts:AssumeRole""#, "{}");
    cast.admin.ok("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &document)]).await;
    let own = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", ANY)];
    cast.admin.ok("PutUserPolicy", &own).await;
    let first = cast.assume(&[]).await;
    let asked = cast.parameters(&[("DurationSeconds", "3601")]);
    let (code, message) = first.sts_fails("AssumeRole", &asked).await;
    assert_eq!(code, "ValidationError");
    assert_eq!(
        message,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    );
    first.session("AssumeRole", &cast.parameters(&[("DurationSeconds", "3600")])).await;
    let message = "Cannot call GetSessionToken with session credentials".to_owned();
    assert_eq!(first.sts_fails("GetSessionToken", &[]).await, ("AccessDenied".into(), message));
}

#[tokio::test(flavor = "multi_thread")]
async fn session_policies_leave_what_the_role_and_they_allow() {
    let cast = cast().await;
    let only = statement("Allow", "iam:ListUsers", "*");
    let session = cast.assume(&[("Policy", &only)]).await;
    session.ok("ListUsers", &[]).await;
    let message = session.refused("ListGroups", &[], "AccessDenied").await;
    assert!(message.ends_with("because no session policy allows the iam:ListGroups action"), "{message}");
    let arn = ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess");
    let both = cast.assume(&[("Policy", &only), arn]).await;
    both.ok("ListGroups", &[]).await;
    both.refused("CreateUser", &[("UserName", "x")], "AccessDenied").await;
    assert_eq!(cast.fails(&[("Policy", "{}")]).await.0, "MalformedPolicyDocument");

    // a managed policy that is gone leaves nothing, rather than everything
    let made =
        cast.admin.ok("CreatePolicy", &[("PolicyName", "mine"), ("PolicyDocument", ANY)]).await.field("Arn");
    let limited = cast.assume(&[("PolicyArns.member.1.arn", &made)]).await;
    limited.ok("ListUsers", &[]).await;
    cast.admin.ok("DeletePolicy", &[("PolicyArn", &made)]).await;
    let refused = || async { limited.call("ListUsers", &[]).await.status == 403 };
    assert!(refused().await, "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_a_session_need_permission_and_become_the_principals() {
    let cast = cast().await;
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    assert_eq!(cast.fails(&tag).await, cast.refusal("sts:TagSession"));

    let cast = with_trust(
        r#"["sts:AssumeRole","sts:TagSession"]"#,
        r#"{"StringLike":{"aws:RequestTag/team":"r*"}}"#,
    )
    .await;
    let mine = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GetUser","sts:*"],"Resource":"*",
        "Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}]}"#;
    cast.admin.ok("PutRolePolicy", &[("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", mine)]).await;
    let red = cast.assume(&tag).await;
    red.ok("GetUser", &[("UserName", "alice")]).await;
    let rose = cast.assume(&[tag[0], ("Tags.member.1.Value", "rose")]).await;
    rose.refused("GetUser", &[("UserName", "alice")], "AccessDenied").await;
    assert_eq!(cast.fails(&[tag[0], ("Tags.member.1.Value", "blue")]).await, cast.refusal("sts:AssumeRole"));
    let (code, _) = cast.fails(&[tag[0], tag[1], ("TransitiveTagKeys.member.1", "other")]).await;
    assert_eq!(code, "InvalidParameterValue");
}

#[tokio::test(flavor = "multi_thread")]
async fn transitive_tags_and_the_source_identity_go_along_a_chain() {
    let all = r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#;
    let cast = with_trust(all, "{}").await;
    let account = cast.world.account();
    // a second role, for sessions of the first that carry what alice said
    let condition = r#"{"StringEquals":{"aws:PrincipalTag/team":"red","aws:SourceIdentity":"alice.a"}}"#;
    let document = trust(&format!("arn:aws:sts::{account}:assumed-role/r/work"), all, condition);
    let made = [("RoleName", "second"), ("AssumeRolePolicyDocument", document.as_str())];
    let second = cast.admin.ok("CreateRole", &made).await.field("Arn");
    let see = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*","Condition":
        {"StringEquals":{"aws:PrincipalTag/team":"red","aws:SourceIdentity":"alice.a"},"Null":{"aws:PrincipalTag/city":"true"}}}]}"#;
    cast.admin
        .ok("PutRolePolicy", &[("RoleName", "second"), ("PolicyName", "p"), ("PolicyDocument", see)])
        .await;

    let tags = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "red"),
        ("Tags.member.2.Key", "city"),
        ("Tags.member.2.Value", "Bonn"),
        ("TransitiveTagKeys.member.1", "team"),
        ("SourceIdentity", "alice.a"),
    ];
    let first = cast.assume(&tags).await;
    let target = [("RoleArn", second.as_str()), ("RoleSessionName", "next")];
    let chained = first.session("AssumeRole", &target).await;
    chained.ok("GetUser", &[("UserName", "alice")]).await;
    let reply = first.sts("AssumeRole", &target).await;
    assert_eq!(reply.field("SourceIdentity"), "alice.a");

    let other = [target[0], target[1], ("SourceIdentity", "bob.b")];
    assert_eq!(first.sts_fails("AssumeRole", &other).await.0, "AccessDenied");
    let again = [target[0], target[1], tags[0], ("Tags.member.1.Value", "blue")];
    let (code, message) = first.sts_fails("AssumeRole", &again).await;
    assert_eq!(code, "InvalidParameterValue");
    assert!(message.contains("conflicts with a transitive tag key"), "{message}");
    let plain = cast.assume(&[]).await;
    assert_eq!(plain.sts_fails("AssumeRole", &target).await.0, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_identity_needs_permission() {
    let cast = cast().await;
    assert_eq!(cast.fails(&[("SourceIdentity", "alice.a")]).await, cast.refusal("sts:SetSourceIdentity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_that_a_role_demands_is_proved_with_the_request_or_by_the_session() {
    let condition = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    let cast = with_trust(r#""sts:AssumeRole""#, condition).await;
    assert_eq!(cast.fails(&[]).await, cast.refusal("sts:AssumeRole"));
    let guessed = [("SerialNumber", "arn:aws:iam::1:mfa/alice"), ("TokenCode", "123456")];
    let (code, message) = cast.fails(&guessed).await;
    assert_eq!(code, "AccessDenied");
    assert!(message.starts_with("MultiFactorAuthentication failed"), "{message}");

    let (serial, phone) = device(&cast.admin, "phone").await;
    assert_eq!(enable(&cast.admin, "alice", &serial, &phone, -3).await.0, 200);
    let (first, second) = (phone.code(-1), phone.code(0));
    let assumed = cast.assume(&[("SerialNumber", &serial), ("TokenCode", &first)]).await;
    assumed.ok("ListUsers", &[]).await;
    // what the session of a role may does not depend on it
    let proof = [("SerialNumber", serial.as_str()), ("TokenCode", second.as_str())];
    let session = cast.alice.session("GetSessionToken", &proof).await;
    session.session("AssumeRole", &cast.parameters(&[])).await;
    let plain = cast.alice.session("GetSessionToken", &[]).await;
    assert_eq!(plain.sts_fails("AssumeRole", &cast.parameters(&[])).await, cast.refusal("sts:AssumeRole"));
    // and IAM is open to a session with it
    let own = statement("Allow", "iam:GetUser", "*");
    let given = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", own.as_str())];
    cast.admin.ok("PutUserPolicy", &given).await;
    session.ok("GetUser", &[]).await;
    plain.refused("GetUser", &[], "InvalidClientTokenId").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_with_their_role_and_lose_what_it_loses() {
    let cast = cast().await;
    let session = cast.assume(&[]).await;
    session.ok("ListUsers", &[]).await;
    cast.admin.ok("DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "p")]).await;
    let refused = || async { session.call("ListUsers", &[]).await.status == 403 };
    assert!(refused().await, "the role lost its policy");
    cast.admin.ok("DeleteRole", &[("RoleName", "r")]).await;
    let gone = || async { session.who_am_i().await.status != 200 };
    assert!(gone().await, "the role is gone");
    assert_eq!(session.sts_fails("GetCallerIdentity", &[]).await.0, "InvalidClientTokenId");
    // another role of the same name is another
    let document = trust(&cast.world.account(), r#""sts:AssumeRole""#, "{}");
    let made = [("RoleName", "r"), ("Path", "/x/"), ("AssumeRolePolicyDocument", document.as_str())];
    cast.admin.ok("CreateRole", &made).await;
    assert_eq!(session.sts_fails("GetCallerIdentity", &[]).await.0, "InvalidClientTokenId");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boundary_of_the_role_limits_its_sessions() {
    let cast = cast().await;
    let boundary = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    cast.admin
        .ok("PutRolePermissionsBoundary", &[("RoleName", "r"), ("PermissionsBoundary", boundary)])
        .await;
    let session = cast.assume(&[]).await;
    session.ok("ListUsers", &[]).await;
    let message = session.refused("CreateUser", &[("UserName", "x")], "AccessDenied").await;
    assert!(message.contains("no permissions boundary allows"), "{message}");
}
