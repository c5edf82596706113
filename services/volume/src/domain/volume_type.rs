//! The volume types of EBS and what sizes, operations a second and throughputs each allows.
//!
//! The numbers are recorded and shown as AWS does; Murus does not throttle or reserve.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A volume type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeType {
    /// General purpose SSD: operations grow with the size.
    Gp2,
    /// General purpose SSD: size, operations and throughput chosen apart.
    Gp3,
    /// Provisioned operations.
    Io1,
    /// Provisioned operations, more durable.
    Io2,
    /// Throughput optimized HDD.
    St1,
    /// Cold HDD.
    Sc1,
    /// Magnetic, of the previous generation.
    Standard,
}

/// What a volume can do, as recorded and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performance {
    /// Operations a second; none where the type has no such figure.
    pub iops: Option<u32>,
    /// MiB a second; none where the type has no such figure.
    pub throughput: Option<u32>,
}

struct Limits {
    /// GiB, first and last.
    size: (u32, u32),
    /// Provisioned operations a second, first and last; none where they cannot be chosen.
    iops: Option<(u32, u32)>,
    /// Operations a second for each GiB at most.
    iops_per_gib: u32,
}

impl VolumeType {
    /// The type of this name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "gp2" => VolumeType::Gp2,
            "gp3" => VolumeType::Gp3,
            "io1" => VolumeType::Io1,
            "io2" => VolumeType::Io2,
            "st1" => VolumeType::St1,
            "sc1" => VolumeType::Sc1,
            "standard" => VolumeType::Standard,
            other => return Err(Error::UnknownVolumeType(other.to_owned())),
        })
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            VolumeType::Gp2 => "gp2",
            VolumeType::Gp3 => "gp3",
            VolumeType::Io1 => "io1",
            VolumeType::Io2 => "io2",
            VolumeType::St1 => "st1",
            VolumeType::Sc1 => "sc1",
            VolumeType::Standard => "standard",
        }
    }

    const fn limits(self) -> Limits {
        let (size, iops, iops_per_gib) = match self {
            VolumeType::Gp2 => ((1, 16_384), None, 0),
            VolumeType::Gp3 => ((1, 65_536), Some((3_000, 80_000)), 500),
            VolumeType::Io1 => ((4, 16_384), Some((100, 64_000)), 50),
            VolumeType::Io2 => ((4, 65_536), Some((100, 256_000)), 1_000),
            VolumeType::St1 | VolumeType::Sc1 => ((125, 16_384), None, 0),
            VolumeType::Standard => ((1, 1_024), None, 0),
        };
        Limits { size, iops, iops_per_gib }
    }

    /// Checks a volume's size and what it should be able to do; fills in what was not chosen.
    pub fn performance(
        self,
        size_gib: u32,
        iops: Option<u32>,
        throughput: Option<u32>,
    ) -> Result<Performance, Error> {
        if iops.is_none() && matches!(self, VolumeType::Io1 | VolumeType::Io2) {
            return Err(Error::Combination(format!(
                "The parameter iops must be specified for {} volumes.",
                self.as_str()
            )));
        }
        self.check_size(size_gib)?;
        let iops = self.iops(size_gib, iops)?;
        let throughput = self.throughput(iops, throughput)?;
        Ok(Performance { iops, throughput })
    }

    fn check_size(self, size_gib: u32) -> Result<(), Error> {
        let (min, max) = self.limits().size;
        if size_gib > max {
            return Err(Error::value(format!(
                "Volume of {size_gib}GiB is too large for volume type {}; maximum is {max}GiB",
                self.as_str()
            )));
        }
        if size_gib < min {
            return Err(Error::value(format!(
                "Volume of {size_gib}GiB is too small for volume type {}; minimum is {min}GiB",
                self.as_str()
            )));
        }
        Ok(())
    }

    fn iops(self, size_gib: u32, iops: Option<u32>) -> Result<Option<u32>, Error> {
        let limits = self.limits();
        let Some((min, max)) = limits.iops else {
            return match iops {
                Some(_) => Err(Error::Combination(format!(
                    "The parameter iops is not supported for {} volumes.",
                    self.as_str()
                ))),
                None if self == VolumeType::Gp2 => Ok(Some((size_gib * 3).clamp(100, 16_000))),
                None => Ok(None),
            };
        };
        // only gp3 has a default: the others were refused without a figure
        let Some(iops) = iops else { return Ok(Some(min)) };
        if iops < min {
            return Err(Error::value(format!("Volume iops of {iops} is too low; minimum is {min}.")));
        }
        if iops > max {
            return Err(Error::value(format!("Volume iops of {iops} is too high; maximum is {max}.")));
        }
        // every gp3 volume has its 3,000, however small it is
        let free = self == VolumeType::Gp3 && iops == min;
        if !free && u64::from(iops) > u64::from(size_gib) * u64::from(limits.iops_per_gib) {
            return Err(Error::value(format!(
                "Iops to volume size ratio of {:.6} is too high; maximum is {}",
                f64::from(iops) / f64::from(size_gib),
                limits.iops_per_gib
            )));
        }
        Ok(Some(iops))
    }

    fn throughput(self, iops: Option<u32>, throughput: Option<u32>) -> Result<Option<u32>, Error> {
        const MIN: u32 = 125;
        const MAX: u32 = 2_000;
        match (self, throughput) {
            (VolumeType::Gp3, None) => Ok(Some(MIN)),
            (VolumeType::Gp3, Some(mib)) if mib < MIN => {
                Err(Error::value(format!("Volume throughput of {mib} is too low; minimum is {MIN}.")))
            }
            (VolumeType::Gp3, Some(mib)) if mib > MAX => {
                Err(Error::value(format!("Volume throughput of {mib} is too high; maximum is {MAX}.")))
            }
            (VolumeType::Gp3, Some(mib)) if u64::from(mib) * 4 > u64::from(iops.unwrap_or(0)) => {
                Err(Error::value(format!(
                    "Throughput (MiBps) to iops ratio of {:.6} is too high; maximum is 0.250000 MiBps per iops",
                    f64::from(mib) / f64::from(iops.unwrap_or(1))
                )))
            }
            (VolumeType::Gp3, Some(mib)) => Ok(Some(mib)),
            (_, Some(_)) => Err(Error::Combination(format!(
                "The parameter throughput is not supported for {} volumes.",
                self.as_str()
            ))),
            (_, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(kind: &str, size: u32, iops: Option<u32>, throughput: Option<u32>) -> String {
        VolumeType::parse(kind).unwrap().performance(size, iops, throughput).unwrap_err().to_string()
    }

    #[test]
    fn each_type_has_its_own_figures() {
        let of = |kind: &str, size, iops, throughput| {
            let found = VolumeType::parse(kind).unwrap().performance(size, iops, throughput).unwrap();
            (found.iops, found.throughput)
        };
        assert_eq!(of("gp2", 1, None, None), (Some(100), None));
        assert_eq!(of("gp2", 100, None, None), (Some(300), None));
        assert_eq!(of("gp2", 16_384, None, None), (Some(16_000), None));
        assert_eq!(of("gp3", 1, None, None), (Some(3_000), Some(125)));
        assert_eq!(of("gp3", 100, Some(4_000), Some(1_000)), (Some(4_000), Some(1_000)));
        assert_eq!(of("io1", 4, Some(200), None), (Some(200), None));
        assert_eq!(of("standard", 1, None, None), (None, None));
        assert_eq!(of("st1", 125, None, None), (None, None));
    }

    #[test]
    fn what_is_out_of_range_is_refused_in_awss_words() {
        assert_eq!(
            refusal("standard", 2_000, None, None),
            "Volume of 2000GiB is too large for volume type standard; maximum is 1024GiB"
        );
        assert!(refusal("sc1", 1, None, None).contains("too small"));
        assert_eq!(
            refusal("gp3", 20, Some(15_000), None),
            "Iops to volume size ratio of 750.000000 is too high; maximum is 500"
        );
        assert_eq!(refusal("io1", 4, None, None), "The parameter iops must be specified for io1 volumes.");
        assert_eq!(
            refusal("gp2", 4, Some(100), None),
            "The parameter iops is not supported for gp2 volumes."
        );
        assert!(refusal("io2", 4, Some(99), None).contains("too low"));
        assert!(refusal("io2", 4, Some(999_999), None).contains("too high"));
        assert!(refusal("gp3", 4, None, Some(800)).contains("ratio"));
        assert!(refusal("gp3", 4, None, Some(1)).contains("too low"));
        assert!(refusal("gp2", 4, None, Some(125)).contains("throughput is not supported"));
        assert!(VolumeType::parse("gp9").is_err());
    }
}
