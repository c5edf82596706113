//! The configuration file: one section a service, unknown keys refused, every value with a default.

use std::path::Path;

use kit::Common;
use kit::audit::AuditConfig;
use kit::config::ConfigError;
use kit::telemetry::LogConfig;
use serde::Deserialize;

use crate::Failure;

/// Read when no other is named; it may be absent.
pub const DEFAULT_PATH: &str = "/etc/murus/murus.toml";

/// All of it. `deploy/murus.toml` shows every key with its default and what it means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// See [`Common`].
    pub data_dir: std::path::PathBuf,
    /// See [`Common`].
    pub run_dir: std::path::PathBuf,
    /// See [`Common`].
    pub region: String,
    /// See [`Common`].
    pub zone: String,
    /// See [`Common`].
    pub public_pool: ipnet::Ipv4Net,
    /// How to log.
    pub log: LogConfig,
    /// How to keep the audit trail.
    pub audit: AuditConfig,
    /// IAM and STS.
    pub identity: identity::Config,
    /// S3.
    pub object: object::Config,
    /// EBS.
    pub volume: volume::Config,
    /// EC2.
    pub compute: compute::Config,
    /// This host as a hypervisor.
    pub node: node::Config,
    /// The public endpoint.
    pub gateway: gateway::Config,
}

impl Default for Config {
    fn default() -> Self {
        let Common { data_dir, run_dir, region, zone, public_pool } = Common::default();
        Config {
            data_dir,
            run_dir,
            region,
            zone,
            public_pool,
            log: LogConfig::default(),
            audit: AuditConfig::default(),
            identity: identity::Config::default(),
            object: object::Config::default(),
            volume: volume::Config::default(),
            compute: compute::Config::default(),
            node: node::Config::default(),
            gateway: gateway::Config::default(),
        }
    }
}

impl Config {
    /// Reads the file; the default one may be absent.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        if path == Path::new(DEFAULT_PATH) && !path.exists() {
            return Ok(Config::default());
        }
        let mut config: Config = kit::config::load(path)?;
        // said once in the file
        config.node.public_pool = config.public_pool;
        Ok(config)
    }

    /// The part that every service gets.
    pub fn common(&self) -> Common {
        Common {
            data_dir: self.data_dir.clone(),
            run_dir: self.run_dir.clone(),
            region: self.region.clone(),
            zone: self.zone.clone(),
            public_pool: self.public_pool,
        }
    }

    /// Finds what parses but cannot work.
    pub fn check(&self) -> Result<(), Failure> {
        for (name, path) in [("data_dir", &self.data_dir), ("run_dir", &self.run_dir)] {
            if !path.is_absolute() {
                return Err(format!("{name} = \"{}\" must be an absolute path", path.display()).into());
            }
        }
        if !self.zone.starts_with(&self.region) || self.zone.len() != self.region.len() + 1 {
            return Err(format!(
                "zone = \"{}\" must be the region and one letter, such as \"{}a\"",
                self.zone, self.region
            )
            .into());
        }
        self.audit.check()?;
        self.gateway.check()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../deploy/murus.toml");

    fn parse(text: &str) -> Result<Config, ConfigError> {
        kit::config::parse(text, Path::new("murus.toml"))
    }

    #[test]
    fn the_sample_configuration_says_the_defaults() {
        let sample = parse(SAMPLE).unwrap();
        assert_eq!(format!("{sample:#?}"), format!("{:#?}", Config::default()));
    }

    #[test]
    fn every_value_that_the_sample_leaves_commented_is_one_we_know() {
        let uncommented: String = SAMPLE
            .lines()
            .map(|line| line.strip_prefix("#= ").unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        parse(&uncommented).unwrap();
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = parse("region = \"eu-west-1\"\n\n[gateway]\nlisen = \"127.0.0.1:1\"\n").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("lisen") && text.contains("line 4"), "{text}");
    }

    #[test]
    fn a_zone_of_another_region_is_refused() {
        let config = parse("region = \"eu-west-1\"").unwrap();
        assert!(config.check().unwrap_err().to_string().contains("eu-west-1a"));
    }
}
