use crate::aws::{Arn, is_account, is_region};

/// How the settings name a queue: by name, URL or ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueAddress {
    /// The queue's name, 1 to 80 characters.
    pub name: String,
    /// The account that owns it, 12 digits, when it was told.
    pub owner: Option<String>,
    /// The region its URL or ARN names.
    pub region: Option<String>,
    /// The URL to call it by, when it was given as one.
    pub url: Option<String>,
}

impl QueueAddress {
    /// The address that `text` is: a queue's name, its URL (at AWS, an interface endpoint or an
    /// emulator) or its ARN. Else what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("arn:") {
            return Self::from_arn(text);
        }
        if text.contains("://") {
            return Self::from_url(text);
        }
        Ok(Self { name: queue_name(text)?, owner: None, region: None, url: None })
    }

    fn from_arn(text: &str) -> Result<Self, String> {
        let arn = Arn::of_service("sqs", text)?;
        if !is_region(arn.region) {
            return Err(format!("an ARN whose region is {:?}", arn.region));
        }
        Ok(Self {
            name: queue_name(arn.resource)?,
            owner: Some(arn.account.to_owned()),
            region: Some(arn.region.to_owned()),
            url: None,
        })
    }

    fn from_url(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        if !matches!(scheme, "http" | "https") {
            return Err(format!("a URL of scheme `{scheme}`, where https or http is wanted"));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority.split_once(':').map_or(authority, |(host, _port)| host);
        if host.is_empty() {
            return Err("a URL without a host".to_owned());
        }
        let (before, name) = path.rsplit_once('/').unwrap_or(("", path));
        let account = before.rsplit('/').next().filter(|part| is_account(part));
        // Emulators have paths of their own, such as `/queue/NAME`; AWS has this one.
        if is_aws(host) && account != Some(before) {
            return Err("a URL whose path is not /ACCOUNT/NAME, the account being 12 digits".to_owned());
        }
        Ok(Self {
            name: queue_name(name)?,
            owner: account.map(ToOwned::to_owned),
            region: region_of_host(host),
            url: Some(text.to_owned()),
        })
    }
}

/// `text`, if a queue may be called so.
fn queue_name(text: &str) -> Result<String, String> {
    let stem = text.strip_suffix(".fifo").unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if stem.is_empty() || text.len() > 80 || !stem.bytes().all(allowed) {
        return Err("a queue's name has 1 to 80 of a-z A-Z 0-9 - _, and may end in .fifo".to_owned());
    }
    Ok(text.to_owned())
}

fn is_aws(host: &str) -> bool {
    host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
}

/// The region in a host's name: after `sqs` (`sqs.REGION.amazonaws.com`, also behind an interface
/// endpoint's own label), or before `queue` in the older form, which names none for `us-east-1`.
fn region_of_host(host: &str) -> Option<String> {
    if host == "queue.amazonaws.com" {
        return Some("us-east-1".to_owned());
    }
    let labels: Vec<&str> = host.split('.').collect();
    let found = labels.windows(2).find_map(|pair| match *pair {
        ["sqs" | "sqs-fips", region] | [region, "queue"] if is_region(region) => Some(region),
        _ => None,
    });
    found.map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, owner and region.
    fn parsed(text: &str) -> (String, Option<String>, Option<String>) {
        let address = QueueAddress::parse(text).unwrap();
        assert_eq!(address.url.is_some(), text.contains("://"), "{text}");
        (address.name, address.owner, address.region)
    }

    fn expected(owner: Option<&str>, region: Option<&str>) -> (String, Option<String>, Option<String>) {
        ("images".to_owned(), owner.map(Into::into), region.map(Into::into))
    }

    #[test]
    fn a_name_is_just_a_name() {
        assert_eq!(parsed("images"), expected(None, None));
        assert_eq!(parsed("im-ag_es.fifo").0, "im-ag_es.fifo");
        for bad in ["", ".fifo", "im ages", "im.ages", "bilder/ä", &"a".repeat(81)] {
            assert!(QueueAddress::parse(bad).unwrap_err().contains("1 to 80"), "{bad}");
        }
    }

    #[test]
    fn an_arn_tells_owner_and_region_in_any_partition() {
        for (partition, region) in
            [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
        {
            let text = format!("arn:{partition}:sqs:{region}:123456789012:images");
            assert_eq!(parsed(&text), expected(Some("123456789012"), Some(region)));
        }
        assert!(QueueAddress::parse("arn:aws:sqs::123456789012:images").unwrap_err().contains("region"));
        assert!(QueueAddress::parse("arn:aws:sqs:eu-west-1:123456789012:a:b").unwrap_err().contains("name"));
    }

    #[test]
    fn the_urls_aws_hands_out_tell_owner_and_region() {
        for (host, region) in [
            ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
            ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("sqs-fips.us-east-2.amazonaws.com", "us-east-2"),
            ("eu-west-1.queue.amazonaws.com", "eu-west-1"),
            ("queue.amazonaws.com", "us-east-1"),
            ("vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ] {
            let url = format!("https://{host}/123456789012/images");
            assert_eq!(parsed(&url), expected(Some("123456789012"), Some(region)), "{url}");
        }
    }

    #[test]
    fn emulators_urls_are_accepted_with_what_they_tell() {
        let account = Some("000000000000");
        assert_eq!(parsed("http://localhost:9324/000000000000/images"), expected(account, None));
        assert_eq!(parsed("http://localhost:9324/queue/images"), expected(None, None));
        assert_eq!(
            parsed("http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/images"),
            expected(account, Some("eu-west-1"))
        );
    }

    #[test]
    fn a_malformed_url_is_refused_with_its_reason() {
        let reason = |text| QueueAddress::parse(text).unwrap_err();
        assert!(reason("ftp://x/1/images").contains("scheme `ftp`"));
        assert!(reason("https:///123456789012/images").contains("host"));
        assert!(reason("https://sqs.eu-west-1.amazonaws.com/images").contains("/ACCOUNT/NAME"));
        assert!(
            reason("https://sqs.eu-west-1.amazonaws.com/x/123456789012/images").contains("/ACCOUNT/NAME")
        );
        assert!(reason("https://sqs.eu-west-1.amazonaws.com/123456789012/images?Action=x").contains("name"));
        assert!(reason("https://sqs.eu-west-1.amazonaws.com").contains("/ACCOUNT/NAME"));
    }
}
