//! Claims about files as wholes, and what the rooms' own tests share.

use super::{Settings, load, parse};
use std::fs;

const REQUIRED: [(&str, &str); 4] = [
    ("name", "name = \"images\""),
    ("source", "source = [{ queue = \"images\" }]"),
    ("target", "target = { name = \"image-workers\" }"),
    ("policy", "policy = { kind = \"backlog_per_instance\", acceptable_backlog = 100 }"),
];

/// A `[[scaler]]` of these `lines`, and of those that are required besides.
pub(super) fn scaler(lines: &str) -> String {
    let given = |key: &str| lines.lines().any(|line| line.starts_with(&format!("{key} =")));
    let missing = REQUIRED.iter().filter(|(key, _)| !given(key)).map(|(_, line)| *line);
    let all: Vec<&str> = ["[[scaler]]"].into_iter().chain(missing).chain(lines.lines()).collect();
    all.join("\n") + "\n"
}

fn files(texts: &[&str]) -> Vec<(String, String)> {
    let name = |index| if index == 0 { "main.toml".to_owned() } else { format!("conf.d/{index}.toml") };
    texts.iter().enumerate().map(|(index, text)| (name(index), (*text).to_owned())).collect()
}

/// What `texts` say, the main file first; they are valid.
pub(super) fn accepted(texts: &[&str]) -> Settings {
    parse(&files(texts)).unwrap()
}

/// What is shown of the mistakes in `texts`.
pub(super) fn refused(texts: &[&str]) -> String {
    parse(&files(texts)).unwrap_err().to_string()
}

/// The first lines of each mistake that is shown of `texts`.
pub(super) fn titles(texts: &[&str]) -> Vec<String> {
    let shown = refused(texts);
    shown.lines().filter_map(|line| line.strip_prefix("error: ")).map(ToOwned::to_owned).collect()
}

#[test]
fn an_unknown_key_is_shown_with_the_one_that_was_meant() {
    let expected = "\
error: scaler \"images\": unknown key `limits.mx`
 --> main.toml:6:21
  |
6 | limits = { min = 0, mx = 20 }
  |                     ^^ did you mean `max`?
  |
  = help: keys here: min, max, step_out_max, step_in_max";
    assert_eq!(refused(&[&scaler("limits = { min = 0, mx = 20 }")]), expected);
}

#[test]
fn a_key_in_the_wrong_table_is_shown_where_it_belongs() {
    let shown = refused(&[&scaler("cooldown_in_secs = 5\nlimits = { region = \"eu-west-1\" }")]);
    assert!(shown.contains("this is a key of `scaler.control`"), "{shown}");
    assert!(shown.contains("this is a key of `aws` or `scaler.aws`"), "{shown}");
}

#[test]
fn every_table_refuses_unknown_keys() {
    let tables = "
x = 1
aws = { x = 1, assume_role = { arn = \"arn:aws:iam::123456789012:role/b\", x = 1 } }
source = [{ queue = \"images\", x = 1 }]
target = { name = \"image-workers\", x = 1 }
policy = { kind = \"step\", out = [{ above = 1, add = 1, x = 1 }], in = [{ below = 1, remove = 1, x = 1 }], x = 1 }
limits = { x = 1 }
control = { x = 1 }
publish = { x = 1 }";
    let text = format!("x = 1\n[aws]\nx = 1\n[daemon]\nx = 1\n{}", scaler(tables));
    let unknown = titles(&[&text]).iter().filter(|title| title.contains("unknown key")).count();
    assert_eq!(unknown, text.matches("x = 1").count());
}

#[test]
fn two_mistakes_give_two_messages_in_the_order_of_the_file() {
    let text = scaler("drive = \"yes\"\ndryve = 1\ncontrol = { slots = 0 }");
    let expected = [
        "scaler \"images\": drive cannot be \"yes\"",
        "scaler \"images\": unknown key `dryve`",
        "scaler \"images\": control.slots cannot be 0",
    ];
    assert_eq!(titles(&[&text]), expected);
}

#[test]
fn a_value_of_the_wrong_type_is_shown_with_the_right_one() {
    for (line, wanted) in [
        ("drive = 1", "must be true or false"),
        ("schedule = 10", "must be a string in quotes"),
        ("limits = 3", "must be a table"),
        ("limits = { max = \"3\" }", "must be a whole number from 0 to 1000000"),
        ("limits = { max = -3 }", "must be a whole number from 0 to 1000000"),
        ("limits = { max = 3.0 }", "must be a whole number from 0 to 1000000"),
        ("limits = { max = 99999999999999999999 }", "must be a whole number from 0 to 1000000"),
        ("source = { queue = \"images\" }", "must be a list of queues"),
        ("source = [\"images\"]", "must be a table"),
        ("target = \"image-workers\"", "must be a table"),
        ("policy = { kind = \"backlog_per_instance\", acceptable_backlog = \"100\" }", "must be a number"),
        ("publish = { metrics = \"visible\" }", "must be a list of names"),
        ("publish = { dimensions = { a = 1 } }", "must be a string in quotes"),
    ] {
        let shown = refused(&[&scaler(line)]);
        assert!(shown.contains(wanted) && shown.contains(":6:") || shown.contains(":5:"), "{line}: {shown}");
        assert_eq!(shown.matches("error: ").count(), 1, "{shown}");
    }
}

#[test]
fn whole_numbers_will_do_for_fractions_and_digits_may_be_grouped() {
    let text = "source = [{ queue = \"images\", weight = 2 }]\nlimits = { max = 1_000, min = 0x10 }";
    let scaler = accepted(&[&scaler(text)]).scalers.remove(0);
    assert!((scaler.sources[0].weight - 2.0).abs() < f64::EPSILON);
    assert_eq!((scaler.rules.limits.min, scaler.rules.limits.max), (16, Some(1000)));
}

#[test]
fn what_is_required_and_missing_is_shown_with_an_example() {
    let shown = refused(&["[[scaler]]\n"]);
    for (key, line) in REQUIRED {
        assert!(shown.contains(&format!("scaler #1: {key} is missing")), "{shown}");
        assert!(shown.contains(&format!("a line such as `{}", line.split('{').next().unwrap())), "{shown}");
    }
}

#[test]
fn no_scaler_at_all_is_a_mistake() {
    for text in ["", "# nothing\n", "[aws]\nregion = \"eu-west-1\"\n"] {
        assert!(refused(&[text]).starts_with("error: main.toml: there is no [[scaler]]"), "{text}");
    }
    assert!(parse(&[]).unwrap_err().to_string().contains("no [[scaler]]"));
    assert_eq!(accepted(&["", &scaler("")]).scalers.len(), 1);
}

#[test]
fn a_syntax_error_hides_no_mistake_of_another_file() {
    let shown = titles(&["[[scaler]\n", &scaler("limits = { mx = 1 }")]);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("this is not TOML: ") && shown[1].contains("unknown key"), "{shown:?}");
}

#[test]
fn two_syntax_errors_give_two_messages() {
    let shown = refused(&["[[scaler]]\nname = images\ndrive = \n"]);
    assert!(shown.contains("main.toml:2:8") && shown.contains("main.toml:3:9"), "{shown}");
}

#[test]
fn a_drop_in_may_hold_scalers_only() {
    let drop_in = format!("[aws]\nregion = \"eu-west-1\"\n[daemon]\n{}", scaler(""));
    let expected = ["aws belongs in the main file", "daemon belongs in the main file"];
    assert_eq!(titles(&[&scaler("name = \"videos\""), &drop_in]), expected);
}

#[test]
fn a_scalers_own_place_overrides_the_files_key_by_key() {
    let main = "[aws]\nregion = \"eu-west-1\"\nendpoint_url = \"http://localhost:4566\"\n";
    let role = "assume_role = { arn = \"arn:aws:iam::123456789012:role/b\" }";
    let drop_in = scaler(&format!("aws = {{ region = \"us-east-1\", {role} }}"));
    let place = accepted(&[main, &drop_in]).scalers.remove(0).place;
    assert_eq!(place.region.as_deref(), Some("us-east-1"));
    assert_eq!(place.endpoint_url.as_deref(), Some("http://localhost:4566"));
    assert_eq!(place.assume_role.unwrap().session_name, "backlogd");
}

#[test]
fn places_are_checked_for_their_forms() {
    let text = scaler(
        "aws = { region = \"eu-west-1a\", endpoint_url = \"localhost\", assume_role = { session_name = \"x\" } }",
    );
    let expected = [
        "scaler \"images\": aws.region cannot be \"eu-west-1a\"",
        "scaler \"images\": aws.endpoint_url cannot be \"localhost\"",
        "scaler \"images\": aws.assume_role.arn is missing",
        "scaler \"images\": aws.assume_role.session_name cannot be \"x\"",
    ];
    assert_eq!(titles(&[&text]), expected);
    assert_eq!(
        titles(&["[daemon]\nstate_dir = \"state\"\n", &scaler("")]),
        ["daemon.state_dir cannot be \"state\""]
    );
}

#[test]
fn a_missing_file_is_named_with_the_systems_words_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlogd.toml");
    let shown = load(&path).unwrap_err().to_string();
    assert!(shown.starts_with(&format!("error: cannot read {}: No such file", path.display())), "{shown}");
    assert!(shown.contains("--config") && !shown.contains("no [[scaler]]"), "{shown}");
}

#[test]
fn drop_ins_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    write("backlogd.toml", b"[daemon]\nstate_dir = \"/state\"\n");
    write("conf.d/20.toml", scaler("name = \"b\"").as_bytes());
    write("conf.d/10.toml", scaler("name = \"a\"").as_bytes());
    write("conf.d/.10.toml", b"an editor's");
    write("conf.d/10.toml.bak", b"a backup");
    let path = folder.path().join("backlogd.toml");
    let settings = load(&path).unwrap();
    let names: Vec<&str> = settings.scalers.iter().map(|scaler| scaler.name.as_str()).collect();
    assert_eq!((names, settings.state_dir.to_str()), (vec!["a", "b"], Some("/state")));

    write("conf.d/30.toml", b"\xff");
    let shown = load(&path).unwrap_err().to_string();
    assert!(shown.contains("30.toml") && shown.contains("UTF-8"), "{shown}");
}
