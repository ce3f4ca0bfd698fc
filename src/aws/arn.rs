/// The parts of an Amazon Resource Name, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// The region; empty for global services.
    pub region: &'a str,
    /// The owning account's 12 digits.
    pub account: &'a str,
    /// What follows, in the service's own form.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of `text`, if it is an ARN of `service` in any partition; else what is wrong with it.
    pub fn of_service(service: &str, text: &'a str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, found, region, account, resource] = parts.as_slice() else {
            return Err("an ARN has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE".to_owned());
        };
        if found != service {
            return Err(format!("an ARN of `{found}`, where one of `{service}` is wanted"));
        }
        if !partition.starts_with("aws") {
            return Err(format!("an ARN of partition `{partition}`; they begin with `aws`"));
        }
        if !is_account(account) {
            return Err("an ARN whose fifth part is not an account of 12 digits".to_owned());
        }
        Ok(Self { region, account, resource })
    }
}

/// Whether `text` is an account's id: 12 digits.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is built like a region: `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let lower = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.len() >= 2
        && words.iter().all(lower)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_keeps_its_colons() {
        let arn = Arn::of_service("autoscaling", "arn:aws-cn:autoscaling:cn-north-1:123456789012:a:b:c/d");
        let parts = Arn { region: "cn-north-1", account: "123456789012", resource: "a:b:c/d" };
        assert_eq!(arn, Ok(parts));
    }

    #[test]
    fn what_is_wrong_with_an_arn_is_said() {
        let reason = |text| Arn::of_service("sqs", text).unwrap_err();
        assert!(reason("arn:aws:sqs:images").contains("six parts"));
        assert!(reason("arn:aws:sns:eu-west-1:123456789012:images").contains("an ARN of `sns`"));
        assert!(reason("arn:aws:sqs:eu-west-1:1234:images").contains("12 digits"));
        assert!(reason("arn:azure:sqs:eu-west-1:123456789012:images").contains("partition `azure`"));
    }

    #[test]
    fn regions_are_told_from_zones_and_other_words() {
        for region in ["eu-west-1", "us-gov-east-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-10"] {
            assert!(is_region(region), "{region}");
        }
        for other in
            ["", "eu-west-1a", "us-west-2-lax-1a", "EU-west-1", "euwest1", "eu--1", "west-1", "eu-west-"]
        {
            assert!(!is_region(other), "{other}");
        }
    }
}
