//! Identity through its doors: requests signed by AWS's own signer go through the dispatcher to a real store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod accounts;
mod assume_role;
mod authentication;
mod authorization;
mod bad_input;
mod boundaries;
mod first_start;
mod groups;
mod instance_profiles;
mod keys;
mod kill;
mod kms;
mod last_accessed;
mod last_used;
mod master_key;
mod mfa;
mod passwords;
mod policies;
mod quotas;
mod role_policies;
mod roles;
mod server_certificates;
mod service_linked_roles;
mod sessions;
mod simulations;
mod ssh_keys;
mod support;
mod tags;
mod users;
mod watch;
mod web_identity;
