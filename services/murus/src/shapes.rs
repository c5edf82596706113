//! What the code offers, said by the code: shapes for the contract test, the compatibility table for the README.

use api_spec::{Service, Status};
use kit::dispatch::OperationShape;

use crate::Failure;

fn all() -> Result<Vec<OperationShape>, String> {
    let mut shapes = identity::shapes()?;
    shapes.extend(object::shapes()?);
    shapes.extend(volume::shapes()?);
    shapes.extend(compute::shapes()?);
    Ok(shapes)
}

/// Prints all shapes as JSON.
pub fn print() -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(&all()?)?);
    Ok(())
}

/// The table of offered actions, in Markdown.
pub fn compatibility_table() -> String {
    let mut out = String::from("| API | offered | actions |\n|---|---|---|\n");
    for service in [Service::Ec2, Service::S3, Service::Iam, Service::Sts, Service::Kms] {
        let operations = service.operations();
        let offered: Vec<&str> = operations
            .iter()
            .filter(|(_, entry)| entry.status == Status::Offered)
            .map(|(name, _)| name.as_str())
            .collect();
        out.push_str(&format!(
            "| {} | {} of {} | {} |\n",
            service.name(),
            offered.len(),
            operations.len(),
            offered.join(", ")
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_registers_say_exactly_what_the_dispatchers_offer() {
        for (service, shapes) in [
            (Service::Ec2, [compute::shapes().unwrap(), volume::shapes().unwrap()].concat_names("ec2")),
            (Service::Iam, [identity::shapes().unwrap()].concat_names("iam")),
            (Service::Sts, [identity::shapes().unwrap()].concat_names("sts")),
            (Service::Kms, [identity::shapes().unwrap()].concat_names("kms")),
        ] {
            let registered: BTreeSet<String> = service
                .operations()
                .iter()
                .filter(|(_, entry)| entry.status == Status::Offered)
                .map(|(name, _)| name.clone())
                .collect();
            assert_eq!(registered, shapes, "{}", service.name());
        }
    }

    #[test]
    fn every_shape_can_be_described() {
        all().unwrap();
    }

    #[test]
    fn the_readme_shows_the_table_as_it_is() {
        let readme = include_str!("../../../README.md");
        assert!(
            readme.contains(&compatibility_table()),
            "README.md: put the output of `murus compatibility-table` in place of the table"
        );
    }

    trait ConcatNames {
        fn concat_names(self, service: &str) -> BTreeSet<String>;
    }

    impl<const N: usize> ConcatNames for [Vec<OperationShape>; N] {
        fn concat_names(self, service: &str) -> BTreeSet<String> {
            let all = self.into_iter().flatten();
            all.filter(|shape| shape.service == service).map(|shape| shape.operation.to_owned()).collect()
        }
    }
}
