//! Identity tokens: JSON Web Tokens signed by an OpenID Connect provider. Reading, the signature, and what the claims
//! must say; the keys are passed in. Nothing of a token is to be believed before [`Jwt::verify`] and [`Jwt::prove`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use super::oidc_provider::OidcProvider;
use crate::error::Error;

/// How far the issuer's clock may be ahead of ours, in seconds.
const MAX_SKEW_S: f64 = 300.0;

/// A token, read.
#[derive(Debug)]
pub struct Jwt<'a> {
    header: Header,
    /// What it claims.
    pub claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// The claims that count here.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: f64,
    nbf: Option<f64>,
    iat: f64,
    amr: Option<OneOrMany>,
    #[serde(rename = "https://aws.amazon.com/tags")]
    tags: Option<TagClaims>,
    #[serde(rename = "https://aws.amazon.com/source_identity")]
    source_identity: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

/// The claim by which an issuer gives a session tags.
#[derive(Clone, Debug, Deserialize)]
struct TagClaims {
    #[serde(default)]
    principal_tags: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
}

/// What a token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who it is about.
    pub subject: String,
    /// `azp`, or the audience that the provider is registered with.
    pub audience: String,
    /// All of `aud`, where `azp` took its place.
    pub original_audiences: Vec<String>,
    /// How they proved who they are to the issuer.
    pub methods: Vec<String>,
    /// Tags for the session.
    pub tags: Vec<calls::Tag>,
    /// Keys of those that go on along a chain.
    pub transitive: Vec<String>,
    /// Who is behind the session.
    pub source_identity: Option<String>,
}

impl<'a> Jwt<'a> {
    /// Reads a token.
    pub fn parse(token: &'a str) -> Result<Self, Error> {
        let invalid = || {
            Error::InvalidIdentityToken(
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)".into(),
            )
        };
        let (signed, signature) = token.rsplit_once('.').ok_or_else(invalid)?;
        let (header, claims) = signed.split_once('.').ok_or_else(invalid)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid());
        Ok(Jwt {
            header: serde_json::from_slice(&decode(header)?).map_err(|_| invalid())?,
            claims: serde_json::from_slice(&decode(claims)?).map_err(|_| invalid())?,
            signed,
            signature: decode(signature)?,
        })
    }

    /// Whether one of these keys is the one that it says it was signed with.
    pub fn has_key_in(&self, keys: &KeySet) -> bool {
        keys.keys.iter().any(|key| key.fits(&self.header))
    }

    /// Holds the signature against the issuer's keys.
    pub fn verify(&self, keys: &KeySet) -> Result<(), Error> {
        let mut fitting = keys.keys.iter().filter(|key| key.fits(&self.header)).peekable();
        if fitting.peek().is_none() {
            return Err(Error::InvalidIdentityToken(
                "Couldn't retrieve verification key from your identity provider,  please reference \
                 AssumeRoleWithWebIdentity documentation for requirements"
                    .into(),
            ));
        }
        match fitting.any(|key| key.verifies(&self.header.alg, self.signed.as_bytes(), &self.signature)) {
            true => Ok(()),
            false => Err(Error::InvalidIdentityToken("Token signature invalid".into())),
        }
    }

    /// What the claims prove at `now` to whom the provider is registered for.
    pub fn prove(self, provider: &OidcProvider, now: Timestamp) -> Result<Proven, Error> {
        let invalid = |why: &str| Err(Error::InvalidIdentityToken(why.into()));
        let claims = self.claims;
        let now_s = now.as_second() as f64;
        if claims.iss != provider.issuer() {
            return invalid("Incorrect token issuer");
        }
        if claims.exp <= now_s {
            return Err(Error::ExpiredIdentityToken(format!(
                "Token expired: current date/time {} must be before the expiration date/time {}",
                now.as_second(),
                claims.exp
            )));
        }
        let future = |at: f64| at > now_s + MAX_SKEW_S;
        if claims.nbf.is_some_and(future) || future(claims.iat) {
            return Err(Error::IdpRejectedClaim("The token is not valid yet".into()));
        }
        if claims.sub.is_empty() || claims.sub.chars().count() > 255 {
            return invalid("The token must have a subject of 1 to 255 characters");
        }
        let audiences = claims.aud.into_vec();
        let (candidates, original_audiences) = match claims.azp {
            Some(azp) => (vec![azp], audiences),
            None => (audiences, Vec::new()),
        };
        let Some(audience) = candidates.into_iter().find(|one| provider.client_ids.contains(one)) else {
            return invalid("Incorrect token audience");
        };
        let (tags, transitive) = claims.tags.map(TagClaims::flat).transpose()?.unwrap_or_default();
        Ok(Proven {
            subject: claims.sub,
            audience,
            original_audiences,
            methods: claims.amr.map(OneOrMany::into_vec).unwrap_or_default(),
            tags,
            transitive,
            source_identity: claims.source_identity,
        })
    }
}

impl TagClaims {
    fn flat(self) -> Result<(Vec<calls::Tag>, Vec<String>), Error> {
        let one = |(key, value): (String, OneOrMany)| match <[String; 1]>::try_from(value.into_vec()) {
            Ok([value]) => Ok(calls::Tag { key, value }),
            Err(_) => Err(Error::InvalidIdentityToken(format!("The tag {key} must have one value"))),
        };
        let tags: Vec<_> = self.principal_tags.into_iter().map(one).collect::<Result<_, _>>()?;
        if self.transitive_tag_keys.iter().any(|key| !tags.iter().any(|tag| tag.key == *key)) {
            return Err(Error::InvalidIdentityToken("A transitive tag key must be that of a tag".into()));
        }
        Ok((tags, self.transitive_tag_keys))
    }
}

/// The keys of an issuer, as its `jwks_uri` has them.
#[derive(Debug, Deserialize)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// One of them. Kinds that are not used here are kept and fit nothing.
#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a key set.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| error.to_string())
    }
}

impl Key {
    fn fits(&self, header: &Header) -> bool {
        let kind = match header.alg.as_str() {
            "RS256" | "RS384" | "RS512" => self.kty == "RSA",
            "ES256" => self.kty == "EC" && self.crv.as_deref() == Some("P-256"),
            "ES384" => self.kty == "EC" && self.crv.as_deref() == Some("P-384"),
            // `none`, HMACs by a public key and whatever else is made up
            _ => false,
        };
        let agrees = |own: &Option<String>, value: &str| own.as_deref().is_none_or(|own| own == value);
        let named = header.kid.as_ref().is_none_or(|kid| self.kid.as_ref() == Some(kid));
        kind && named && agrees(&self.alg, &header.alg) && agrees(&self.usage, "sig")
    }

    fn verifies(&self, alg: &str, text: &[u8], tag: &[u8]) -> bool {
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref().unwrap_or_default()).ok();
        let rsa = |algorithm| match (part(&self.n), part(&self.e)) {
            (Some(n), Some(e)) => RsaPublicKeyComponents { n, e }.verify(algorithm, text, tag).is_ok(),
            _ => false,
        };
        let ec = |algorithm, size: usize| match (part(&self.x), part(&self.y)) {
            (Some(x), Some(y)) if x.len() == size && y.len() == size => {
                let point = [&[4][..], &x, &y].concat();
                UnparsedPublicKey::new(algorithm, point).verify(text, tag).is_ok()
            }
            _ => false,
        };
        match alg {
            "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "ES256" => ec(&signature::ECDSA_P256_SHA256_FIXED, 32),
            "ES384" => ec(&signature::ECDSA_P384_SHA384_FIXED, 48),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    struct Issuer(EcdsaKeyPair);

    impl Issuer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
            Issuer(pair.unwrap())
        }

        fn keys(&self) -> KeySet {
            let point = self.0.public_key().as_ref();
            let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
            let json = format!(
                r#"{{"keys":[{{"kty":"oct","k":"AA"}},{{"kty":"EC","crv":"P-256","kid":"1","x":"{x}","y":"{y}"}}]}}"#
            );
            KeySet::parse(json.as_bytes()).unwrap()
        }

        fn token(&self, header: &str, claims: &str) -> String {
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let tag = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
        }
    }

    const HEADER: &str = r#"{"alg":"ES256","kid":"1"}"#;

    fn provider() -> OidcProvider {
        OidcProvider {
            account: "123456789012".into(),
            name: "issuer.example".into(),
            plain: false,
            client_ids: vec!["app".into()],
            thumbprints: vec![],
            created: Timestamp::UNIX_EPOCH,
            tags: vec![],
        }
    }

    fn claims(more: &str) -> String {
        let base = r#""iss":"https://issuer.example","sub":"alice","iat":1000,"exp":2000"#;
        format!("{{{base}{more}}}")
    }

    fn proven(claims: &str, at: i64) -> Result<Proven, Error> {
        let token = Issuer::new().token(HEADER, claims);
        Jwt::parse(&token)?.prove(&provider(), Timestamp::from_second(at).unwrap())
    }

    #[test]
    fn a_signature_is_good_by_its_own_key_and_algorithm_only() {
        let (issuer, other) = (Issuer::new(), Issuer::new());
        let body = claims(r#","aud":"app""#);
        let token = issuer.token(HEADER, &body);
        assert_eq!(Jwt::parse(&token).unwrap().verify(&issuer.keys()), Ok(()));
        assert!(Jwt::parse(&token).unwrap().verify(&other.keys()).is_err());
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256","kid":"1"}"#,
            r#"{"alg":"RS256","kid":"1"}"#,
            r#"{"alg":"ES256","kid":"2"}"#,
            r#"{"alg":"ES384","kid":"1"}"#,
        ] {
            let token = issuer.token(header, &body);
            let jwt = Jwt::parse(&token).unwrap();
            assert!(!jwt.has_key_in(&issuer.keys()) && jwt.verify(&issuer.keys()).is_err(), "{header}");
        }
        let (start, tag) = token.rsplit_once('.').unwrap();
        let forged = format!(
            "{}.{}.{tag}",
            start.split('.').next().unwrap(),
            URL_SAFE_NO_PAD.encode(claims(r#","aud":"x""#))
        );
        assert!(Jwt::parse(&forged).unwrap().verify(&issuer.keys()).is_err());
        for bad in ["", "a", "a.b", "a.b.c", "e30.e30.", &format!("{start}.!")] {
            assert!(Jwt::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn time_issuer_and_audience_must_be_right() {
        let good = claims(r#","aud":["x","app"],"amr":["pwd"]"#);
        let proof = proven(&good, 1500).unwrap();
        assert_eq!((proof.audience.as_str(), proof.subject.as_str()), ("app", "alice"));
        assert_eq!(proof.methods, ["pwd"]);
        assert!(matches!(proven(&good, 2000), Err(Error::ExpiredIdentityToken(_))));
        assert!(matches!(proven(&good, 600), Err(Error::IdpRejectedClaim(_))));
        let wrong = |claims: String| matches!(proven(&claims, 1500), Err(Error::InvalidIdentityToken(_)));
        assert!(wrong(claims(r#","aud":"other""#)));
        assert!(wrong(claims(r#","aud":"app","azp":"other""#)));
        assert!(wrong(claims(r#","aud":"app""#).replace("issuer.example", "issuer.example/")));
        assert!(wrong(claims(r#","aud":"app""#).replace("alice", "")));
        assert!(wrong(claims("")));
        let azp = proven(&claims(r#","aud":"other","azp":"app""#), 1500).unwrap();
        assert_eq!((azp.audience.as_str(), azp.original_audiences), ("app", vec!["other".to_owned()]));
    }

    #[test]
    fn an_issuer_gives_tags_and_a_source_identity() {
        let more = r#","aud":"app","https://aws.amazon.com/source_identity":"al",
            "https://aws.amazon.com/tags":{"principal_tags":{"team":["red"]},"transitive_tag_keys":["team"]}"#;
        let proof = proven(&claims(more), 1500).unwrap();
        assert_eq!(proof.tags, [calls::Tag { key: "team".into(), value: "red".into() }]);
        assert_eq!(
            (proof.transitive, proof.source_identity.as_deref()),
            (vec!["team".to_owned()], Some("al"))
        );
        let two = more.replace(r#"["red"]"#, r#"["red","blue"]"#);
        assert!(matches!(proven(&claims(&two), 1500), Err(Error::InvalidIdentityToken(_))));
        let stray = more.replace(r#"_keys":["team"]"#, r#"_keys":["city"]"#);
        assert!(matches!(proven(&claims(&stray), 1500), Err(Error::InvalidIdentityToken(_))));
    }
}
