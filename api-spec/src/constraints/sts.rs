//! The rules of STS's members, as AWS's model has them.

use super::{Lists, Rule, form, list, number, text};

pub(super) static RULES: &[Rule] = &[
    text("AccessKeyId", 16, 128).form(&form::WORD),
    number("DurationSeconds", 900, 43_200),
    number("DurationSeconds", 900, 129_600).only(&["GetFederationToken", "GetSessionToken"]),
    text("EncodedMessage", 1, 10_240),
    text("ExternalId", 2, 1224).form(&form::EXTERNAL_ID),
    number("MinimumSessionTokenSize", 0, 4096),
    text("Name", 2, 32).form(&form::SESSION_NAME),
    text("Policy", 1, 2048).form(&form::LATIN_TEXT),
    text("Policy", 1, usize::MAX).form(&form::LATIN_TEXT).only(&["AssumeRole"]),
    text("PolicyArns.*.arn", 20, 2048).form(&form::XML_TEXT),
    list("ProvidedContexts", 1, 5),
    text("ProvidedContexts.*.ContextAssertion", 4, 2048),
    text("ProvidedContexts.*.ProviderArn", 20, 2048).form(&form::XML_TEXT),
    text("ProviderId", 4, 2048),
    text("RoleArn", 20, 2048).form(&form::XML_TEXT),
    text("RoleSessionName", 2, 64).form(&form::SESSION_NAME),
    text("SerialNumber", 9, 256).form(&form::SERIAL_NUMBER),
    text("SourceIdentity", 2, 64).form(&form::SESSION_NAME),
    list("Tags", 0, 50),
    text("Tags.*.Key", 1, 128).form(&form::TAG_KEY),
    text("Tags.*.Value", 0, 256).form(&form::TAG_VALUE),
    text("TokenCode", 6, 6).form(&form::DIGITS),
    list("TransitiveTagKeys", 0, 50),
    text("TransitiveTagKeys.*", 1, 128).form(&form::TAG_KEY),
    text("WebIdentityToken", 4, 20_000).secret(),
];

pub(super) static LISTS: Lists = &[];
