//! Device names: what may be asked for, and which two names are the same place.

use crate::error::Error;

/// Checks a device name that a volume shall be attached under: `/dev/sd[a-z][1-15]`, `/dev/xvd[a-z]`,
/// `/dev/xvd[b-d][a-z]`, `/dev/nvme[0-26]n1`, with or without `/dev/`.
pub fn check(device: &str) -> Result<(), Error> {
    let short = device.strip_prefix("/dev/").unwrap_or(device);
    let fine = place(short).is_some_and(|place| match place {
        Place::Sd(letters, number) => letters.len() == 1 && (number.is_empty() || in_range(number, 1, 15)),
        Place::Xvd(letters, number) => {
            number.is_empty()
                && (letters.len() == 1 || (letters.len() == 2 && (b'b'..=b'd').contains(&letters[0])))
        }
        Place::Nvme(number) => in_range(number, 0, 26),
    });
    if fine {
        return Ok(());
    }
    let shown: String = device.chars().take(64).collect();
    Err(Error::value(format!(
        "Value ({shown}) for parameter device is invalid. {shown} is not a valid EBS device name."
    )))
}

/// Whether two names would be the same place of an instance: `/dev/sdf`, `sdf` and `/dev/xvdf` are.
pub fn same_place(a: &str, b: &str) -> bool {
    normal(a) == normal(b)
}

fn normal(device: &str) -> String {
    let short = device.strip_prefix("/dev/").unwrap_or(device);
    match short.strip_prefix("xvd") {
        Some(rest) => format!("sd{rest}"),
        None => short.to_owned(),
    }
}

enum Place<'a> {
    Sd(&'a [u8], &'a str),
    Xvd(&'a [u8], &'a str),
    Nvme(&'a str),
}

fn place(short: &str) -> Option<Place<'_>> {
    if let Some(rest) = short.strip_prefix("nvme") {
        return rest.strip_suffix("n1").map(Place::Nvme);
    }
    let (xen, rest) = match (short.strip_prefix("xvd"), short.strip_prefix("sd")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return None,
    };
    let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let (letters, number) = rest.split_at_checked(letters)?;
    if letters.is_empty() {
        return None;
    }
    Some(if xen { Place::Xvd(letters.as_bytes(), number) } else { Place::Sd(letters.as_bytes(), number) })
}

fn in_range(number: &str, min: u32, max: u32) -> bool {
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    (plain || number == "0") && number.parse().is_ok_and(|n: u32| (min..=max).contains(&n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ebs_device_names_pass_and_others_do_not() {
        for good in
            ["/dev/sdf", "sdf", "/dev/sda1", "/dev/sdz15", "/dev/xvda", "xvdf", "/dev/xvdba", "/dev/nvme1n1"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/dev/",
            "/dev/sd",
            "/dev/sdF",
            "/dev/sdf16",
            "/dev/sdf01",
            "/dev/xvdaa",
            "/dev/xvdf1",
            "/dev/vdb",
            "/dev/../sdf",
            "sdff",
            "/dev/sdf ",
            "/dev/nvme27n1",
            "/dev/sdé",
            "/dev/sdf0",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn xen_and_scsi_names_of_one_letter_are_one_place() {
        assert!(same_place("/dev/sdf", "xvdf"));
        assert!(same_place("sdf", "/dev/sdf"));
        assert!(!same_place("/dev/sda1", "/dev/sda"));
    }
}
