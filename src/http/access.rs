use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq;

/// Who may look.
#[derive(Clone, Default)]
pub struct Access {
    token: Option<Box<str>>,
}

/// Why there is no usable token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// Its file cannot be read.
    #[error("cannot read the token in {path} (daemon.listen_token_file): {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The complaint.
        source: std::io::Error,
    },
    /// There is something else in it.
    #[error(
        "{path} (daemon.listen_token_file) holds no token: one is 16 or more printable ASCII characters without spaces, such as `openssl rand -hex 32` makes",
        path = .0.display()
    )]
    Unfit(PathBuf),
}

/// A shorter token can be guessed.
const TOKEN_MIN: usize = 16;

impl Access {
    /// With the token in a file, white space round it left out; without a file, for everyone.
    pub fn of(file: Option<&Path>) -> Result<Self, NoToken> {
        let Some(path) = file else { return Ok(Self::default()) };
        let text = fs::read_to_string(path)
            .map_err(|source| NoToken::Unreadable { path: path.to_owned(), source })?;
        let token = text.trim();
        if token.len() < TOKEN_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NoToken::Unfit(path.to_owned()));
        }
        Ok(Self { token: Some(token.into()) })
    }

    /// Whether it takes a token.
    #[must_use]
    pub const fn is_guarded(&self) -> bool {
        self.token.is_some()
    }

    /// The value of the header `Authorization` that opens it.
    #[must_use]
    pub fn header(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }

    /// Whether a request with this header `Authorization` may pass. How long that takes tells nothing of the token.
    pub(super) fn admits(&self, authorization: Option<&[u8]>) -> bool {
        let Some(token) = &self.token else { return true };
        let given = authorization.and_then(|value| value.split_at_checked(7));
        let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        given.is_some_and(|(_, given)| given.trim_ascii().ct_eq(token.as_bytes()).into())
    }

    /// Whether a request for this host may pass. A name that is none of this host's own may have been
    /// pointed here by a web page, to read in its visitor's name what only the visitor can reach; a token
    /// is nothing that a page has.
    pub(super) fn knows_host(&self, host: Option<&str>) -> bool {
        let Some(host) = host.filter(|_| !self.is_guarded()) else { return true };
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
    }
}

impl fmt::Debug for Access {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("is_guarded", &self.is_guarded()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Access, NoToken> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Access::of(Some(file.path()))
    }

    #[test]
    fn only_the_token_opens_and_it_is_never_shown() {
        let access = with("0123456789abcdef\n").unwrap();
        assert!(
            access.admits(Some(b"Bearer 0123456789abcdef"))
                && access.admits(Some(b"bearer 0123456789abcdef "))
        );
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdeff",
            "Basic 0123456789abcdef",
        ] {
            assert!(!access.admits(Some(wrong.as_bytes())), "{wrong}");
        }
        assert!(!access.admits(None) && Access::default().admits(None));
        assert!(!format!("{access:?}").contains("0123"));
    }

    #[test]
    fn what_is_no_token_is_refused_by_the_name_of_its_file() {
        for text in ["", "short", "0123456789 abcdef", "0123456789äbcdef"] {
            assert!(with(text).unwrap_err().to_string().contains("holds no token"), "{text}");
        }
        let gone = Access::of(Some(Path::new("/nowhere/token"))).unwrap_err().to_string();
        assert!(
            gone.starts_with("cannot read the token in /nowhere/token (daemon.listen_token_file): No such"),
            "{gone}"
        );
    }

    #[test]
    fn without_a_token_a_strangers_name_for_this_host_is_refused() {
        let open = Access::default();
        for known in ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "[::1]:9464", "10.0.0.7"] {
            assert!(open.knows_host(Some(known)), "{known}");
        }
        for strange in ["rebound.example", "rebound.example:9464", "127.0.0.1.example", ""] {
            assert!(!open.knows_host(Some(strange)), "{strange}");
        }
        assert!(
            open.knows_host(None) && with("0123456789abcdef").unwrap().knows_host(Some("status.example"))
        );
    }
}
