use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The status page, whole, and what a browser may do with it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) html: String,
    /// The value of `Content-Security-Policy`: this style and this script, requests to where it comes
    /// from, and nothing else.
    pub(super) policy: String,
}

const HTML: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
/// One script of several files, in this order.
const SCRIPTS: [&str; 4] = [
    include_str!("page/figures.js"),
    include_str!("page/charts.js"),
    include_str!("page/views.js"),
    include_str!("page/page.js"),
];

impl Page {
    /// Puts style and script into the page.
    pub(super) fn whole() -> Self {
        let style = format!("\n{STYLE}");
        let script = format!("\n\"use strict\";\n{}", SCRIPTS.concat());
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hash(&style),
            hash(&script)
        );
        let html = HTML.replace("/*style*/", &style).replace("/*script*/", &script);
        Self { html, policy }
    }
}

/// As a security policy names what stands between two tags.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_what_its_policy_names() {
        let Page { html, policy } = Page::whole();
        for (tag, source) in [("style", "style-src"), ("script", "script-src")] {
            let (_, rest) = html.split_once(&format!("<{tag}>")).unwrap();
            let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
            assert!(policy.contains(&format!("{source} '{}'", hash(text))), "{tag}");
        }
        assert!(!policy.contains("unsafe"));
    }

    /// What comes from outside is set as text; these would parse it, or run it.
    #[test]
    fn nothing_is_loaded_from_elsewhere_and_nothing_parsed_as_html() {
        let html = Page::whole().html;
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "eval(",
            "new Function",
            "onclick=",
            "onload=",
            "style=",
            "javascript:",
            "https://",
            "//cdn",
            "@import",
            "url(",
        ] {
            assert!(!html.contains(word), "{word}");
        }
        let urls = html.split("http://").skip(1).filter(|rest| !rest.starts_with("www.w3.org/2000/svg"));
        assert_eq!(urls.count(), 0);
    }
}
