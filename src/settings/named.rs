use super::reader::meant;
use super::{Scaler, Settings};

/// No scaler has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scaler is called {asked:?}; there are: {known}{}", guess(meant.as_deref()))]
pub struct NoScaler {
    asked: String,
    meant: Option<String>,
    known: String,
}

fn guess(meant: Option<&str>) -> String {
    meant.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

impl Settings {
    /// The scaler called `name`.
    pub fn scaler(&self, name: &str) -> Result<&Scaler, NoScaler> {
        self.scalers.iter().find(|scaler| scaler.name == name).ok_or_else(|| self.unknown(name))
    }

    /// The complaint that none is called `name`.
    #[must_use]
    pub fn unknown(&self, name: &str) -> NoScaler {
        let known: Vec<&str> = self.scalers.iter().map(|scaler| scaler.name.as_str()).collect();
        let meant = meant(name, &known).map(str::to_owned);
        NoScaler { asked: name.to_owned(), meant, known: known.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::parse;

    #[test]
    fn a_scaler_is_found_by_its_name_and_a_slip_is_told_what_was_meant() {
        let table = |name: &str| {
            format!(
                "[[scaler]]\nname = \"{name}\"\nsource = [{{ queue = \"q\" }}]\ntarget = {{ name = \"{name}\" }}\n\
                 policy = {{ kind = \"latency\", latency_objective_secs = 60 }}\n"
            )
        };
        let text = ["images", "thumbs"].map(table).concat();
        let settings = parse(&[("backlogd.toml".to_owned(), text)]).unwrap();
        assert_eq!(settings.scaler("thumbs").unwrap().name, "thumbs");
        let refused = |name: &str| settings.scaler(name).unwrap_err().to_string();
        let words = "no scaler is called \"imgaes\"; there are: images, thumbs; did you mean \"images\"?";
        assert_eq!(refused("imgaes"), words);
        assert_eq!(refused("video"), "no scaler is called \"video\"; there are: images, thumbs");
    }
}
