//! `murus env`: lines for `eval "$(murus env)"`.

use kit::tls::TlsConfig;

use crate::Failure;
use crate::config::Config;

/// Prints the lines. A person's own credentials file is never touched.
pub fn print(config: &Config) -> Result<(), Failure> {
    let admin = admin(config)?;
    let mut lines = vec![
        ("AWS_ENDPOINT_URL", endpoint(config)?),
        ("AWS_ACCESS_KEY_ID", admin.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", admin.secret_access_key),
        ("AWS_REGION", config.region.clone()),
        // boto3 and aws-cli version 1 read only this name
        ("AWS_DEFAULT_REGION", config.region.clone()),
    ];
    if let Some(TlsConfig { certificate, ca_bundle, .. }) = &config.gateway.tls {
        let bundle = ca_bundle.as_ref().unwrap_or(certificate);
        lines.push(("AWS_CA_BUNDLE", bundle.display().to_string()));
    }
    for (name, value) in lines {
        println!("export {name}={}", quoted(&value));
    }
    Ok(())
}

/// The administrator's key, as identity wrote it down at the first start.
pub fn admin(config: &Config) -> Result<identity::AdminCredentials, Failure> {
    identity::admin_credentials(&config.common()).map_err(|error| {
        format!(
            "{error}\nThe administrator's key is readable by root once the cloud has started: sudo deploy/up"
        )
        .into()
    })
}

/// Where the running cloud listens.
pub fn endpoint(config: &Config) -> Result<String, Failure> {
    let path = config.run_dir.join(gateway::ENDPOINT_FILE);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}\nIs the cloud running? Start it: deploy/up", path.display()))?;
    Ok(text.trim().to_owned())
}

/// A value as a shell takes it literally.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_safe_in_a_shell() {
        assert_eq!(quoted("a'b$c"), r"'a'\''b$c'");
    }
}
