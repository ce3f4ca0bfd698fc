use super::forms;
use super::reader::Table;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// How the daemon can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it listens.
    pub listen: Listen,
    /// The file with the bearer token that requests must carry, an absolute path.
    pub token_file: Option<PathBuf>,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At an address and port.
    Tcp(SocketAddr),
    /// On a Unix socket at an absolute path.
    Unix(PathBuf),
    /// On the sockets that systemd hands over.
    Systemd,
}

impl Listen {
    /// Whether only this host can reach it; systemd's sockets are known when they are there.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) | Self::Systemd => true,
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "must be an address with a port, such as \"127.0.0.1:9464\", \"unix:/run/backlogd/http.sock\" or \"systemd\"";
        if text == "systemd" {
            return Ok(Self::Systemd);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let longest = 107; // of a Unix socket's address, without the closing zero: unix(7)
            if path.len() > longest {
                return Err(format!("a Unix socket's path has {longest} bytes at most"));
            }
            return forms::directory(path).map(Self::Unix).map_err(|_relative| form.to_owned());
        }
        text.parse().map(Self::Tcp).map_err(|_error| match text.strip_prefix("localhost:") {
            Some(port) => format!("names are not looked up: write \"127.0.0.1:{port}\""),
            None => form.to_owned(),
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

/// Reads the keys of `[daemon]` that are about this.
pub(super) fn read(table: &mut Table<'_>) -> Option<Http> {
    let [has_listen, has_token] = ["listen", "listen_token_file"].map(|key| table.has(key));
    let listen = table.text("listen", Listen::from_str);
    let token_file = table.text("listen_token_file", forms::directory);
    let Some(listen) = listen else {
        if let Some(token) = token_file.filter(|_| !has_listen) {
            token
                .here
                .note(token.here.mistake("is for requests that nothing listens for", "`listen` is missing"));
        }
        return None;
    };
    if !listen.value.is_local() && !has_token {
        let mistake =
            listen.here.mistake("cannot be reached by other hosts without a token", "not a loopback address");
        listen.here.note(mistake.help(
            "name a file with a secret of 16 characters or more as `listen_token_file`, \
             or listen on 127.0.0.1 or a Unix socket",
        ));
    }
    Some(Http { listen: listen.value, token_file: token_file.map(|at| at.value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::parse;

    fn read(daemon: &str) -> Result<Option<Http>, String> {
        let text = format!(
            "[daemon]\n{daemon}\n[[scaler]]\nname = \"a\"\nsource = [{{ queue = \"a\" }}]\ntarget = {{ name = \"a\" }}\n\
             policy = {{ kind = \"latency\", latency_objective_secs = 60 }}\n"
        );
        let settings = parse(&[("test.toml".to_owned(), text)]);
        settings.map(|settings| settings.http).map_err(|mistakes| mistakes.in_a_line())
    }

    #[test]
    fn each_form_reads_back_as_it_is_written() {
        for text in ["127.0.0.1:9464", "[::1]:0", "0.0.0.0:80", "unix:/run/backlogd/http.sock", "systemd"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_would_do() {
        for text in
            ["", "9464", "127.0.0.1", "unix:http.sock", "unix:", "example.com:80", "http://127.0.0.1:1"]
        {
            assert!(text.parse::<Listen>().unwrap_err().contains("\"127.0.0.1:9464\""), "{text}");
        }
        assert!("localhost:9".parse::<Listen>().unwrap_err().contains("\"127.0.0.1:9\""));
        assert!(format!("unix:/{}", "a".repeat(107)).parse::<Listen>().unwrap_err().contains("107"));
    }

    #[test]
    fn by_default_nothing_listens() {
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn beyond_this_host_a_token_is_needed() {
        let refused = read("listen = \"0.0.0.0:9464\"").unwrap_err();
        assert!(
            refused.starts_with("test.toml:2:10: daemon.listen cannot be reached by other hosts"),
            "{refused}"
        );
        let both = "listen = \"0.0.0.0:9464\"\nlisten_token_file = \"/etc/backlogd/token\"";
        assert_eq!(read(both).unwrap().unwrap().token_file, Some("/etc/backlogd/token".into()));
        for local in ["127.0.0.1:9464", "[::1]:9464", "unix:/run/a.sock", "systemd"] {
            assert!(read(&format!("listen = {local:?}")).unwrap().is_some(), "{local}");
        }
    }

    #[test]
    fn a_token_without_anything_to_guard_is_refused() {
        let refused = read("listen_token_file = \"/etc/backlogd/token\"").unwrap_err();
        assert!(refused.contains("nothing listens for"), "{refused}");
        let wrong = read("listen = \"here\"\nlisten_token_file = \"/etc/backlogd/token\"").unwrap_err();
        assert!(!wrong.contains("nothing listens for"), "one mistake, one message: {wrong}");
    }
}
