//! `check`, as a program is run: what it finds in the mains of a tree side by
//! side, in every format, with a configuration and a baseline.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::made;

fn run(arguments: &[&str], tree: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_initboard");
    Command::new(program).arg("check").arg("--tree").arg(tree).args(arguments).output().unwrap()
}

fn out(output: &Output) -> &str {
    assert_eq!(str::from_utf8(&output.stderr).unwrap(), "");
    str::from_utf8(&output.stdout).unwrap()
}

/// Five ports, of which `c` forgets to stop USB.
fn tree(config: &str) -> TempDir {
    let main = |stop: &str| {
        format!(
            "int main(void) {{\n    for (;;) {{\n        mp_init();\n        usb_init();\n        pyexec_friendly_repl();\n        {stop}\n        gc_sweep_all();\n        mp_deinit();\n    }}\n}}\n"
        )
    };
    let (fine, forgets) = (main("usb_deinit();"), main("pin_deinit();"));
    let mut files = vec![("initboard.toml", config)];
    for port in ["a", "b", "d", "e"] {
        files.push(match port {
            "a" => ("ports/a/main.c", fine.as_str()),
            "b" => ("ports/b/main.c", fine.as_str()),
            "d" => ("ports/d/main.c", fine.as_str()),
            _ => ("ports/e/main.c", fine.as_str()),
        });
    }
    files.push(("ports/c/main.c", forgets.as_str()));
    made::folder(&files)
}

#[test]
fn a_finding_says_where_what_and_on_which_evidence() {
    let folder = tree("");
    let output = run(&[], folder.path());
    assert!(output.status.success(), "a warning does not fail by default");
    assert_eq!(
        out(&output),
        "warning[IB301] c `usb_init` starts usb on every soft reset, and nothing stops it; a call does on a, b, d, e (ports/c/main.c:4)
    to do: call `usb_deinit` or its like on the way out of a soft reset, or declare in [[satisfied]] why that is not needed
    evidence: a usb_deinit (ports/a/main.c:6), b usb_deinit (ports/b/main.c:6), d usb_deinit (ports/d/main.c:6), e usb_deinit (ports/e/main.c:6)

0 errors, 1 warning, 0 notes in 5 checked
"
    );
    assert_eq!(run(&["--fail-on", "warning"], folder.path()).status.code(), Some(1));
    assert_eq!(run(&["--fail-on", "never"], folder.path()).status.code(), Some(0));
}

#[test]
fn a_rule_explains_itself_by_code_and_by_name() {
    let explain = |rule: &str| {
        let program = env!("CARGO_BIN_EXE_initboard");
        Command::new(program).args(["check", "--explain", rule]).output().unwrap()
    };
    let output = explain("IB305");
    let text = out(&output);
    assert!(text.starts_with("IB305 deinit-after-sweep (warning)\na deinit runs after"), "{text}");
    assert!(text.contains("\nWhat to do\nMove it in front of the sweep."), "{text}");
    assert_eq!(out(&explain("deinit-after-sweep")), text);
    let unknown = explain("deinit-after-swep");
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(
        str::from_utf8(&unknown.stderr).unwrap(),
        "initboard: there is no rule `deinit-after-swep`: the nearest is IB305 (deinit-after-sweep)\n"
    );
}

#[test]
fn code_scanning_gets_a_rule_a_place_and_a_fingerprint() {
    let folder = tree("[[waiver]]\nrule = 'IB301'\nport = 'c'\nreason = 'because'\n");
    let sarif: Value =
        serde_json::from_str(out(&run(&["--format", "sarif"], folder.path()))).unwrap();
    let run_of = &sarif["runs"][0];
    assert_eq!(sarif["version"], "2.1.0");
    let rules = run_of["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "IB301" && rule["name"] == "missing-deinit"));
    let result = &run_of["results"][0];
    assert_eq!(result["ruleId"], "IB301");
    assert_eq!(result["level"], "warning");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ports/c/main.c");
    assert_eq!(place["region"]["startLine"], 4);
    assert_eq!(result["partialFingerprints"]["initboard/v1"].as_str().unwrap().len(), 16);
    assert_eq!(result["suppressions"][0]["justification"], "because");
    assert!(rules.iter().all(|rule| rule.get("helpUri").is_none()), "no server is known");
    let linked = run(&["--format", "sarif", "--server", "https://x.example/"], folder.path());
    let linked: Value = serde_json::from_str(out(&linked)).unwrap();
    assert_eq!(
        linked["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"],
        "https://x.example/-/rules/IB101"
    );
}

#[test]
fn a_baseline_keeps_old_findings_quiet_and_new_ones_loud() {
    let folder = tree("");
    let baseline = folder.path().join("baseline.json");
    let file = baseline.to_str().unwrap();
    let written = run(&["--write-baseline", file, "--fail-on", "warning"], folder.path());
    assert!(written.status.success());
    let quiet = run(&["--baseline", file, "--fail-on", "warning"], folder.path());
    assert!(quiet.status.success());
    assert_eq!(out(&quiet), "0 errors, 0 warnings, 0 notes in 5 checked; 1 in the baseline\n");
    // Lines move, and the finding is the same.
    let main = folder.path().join("ports/c/main.c");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, format!("\n\n{text}")).unwrap();
    assert!(run(&["--baseline", file, "--fail-on", "warning"], folder.path()).status.success());
    std::fs::write(&main, text.replace("gc_sweep_all();", "")).unwrap();
    let loud = run(&["--baseline", file, "--fail-on", "warning"], folder.path());
    assert_eq!(loud.status.code(), Some(1));
    assert!(out(&loud).starts_with("warning[IB403] c `gc_sweep_all` is not called"));
}

#[test]
fn declarations_that_match_nothing_are_named() {
    let config = "
[[by-hand]]
function = 'usb_inti'
ports = ['a', 'b']
reason = 'main hands it a mode'
[[by-hand]]
function = 'usb_in*'
reason = 'main hands it a mode'
[[satisfied]]
subsystem = 'usbd'
by = 'finaliser'
reason = 'no such thing'
[[satisfied]]
subsystem = 'usb'
ports = ['c']
by = 'persistent'
reason = 'it stays'
";
    let folder = tree(config);
    assert_eq!(
        out(&run(&[], folder.path())),
        "satisfied for subsystem usbd matches nothing: mend the name, or remove it
by-hand for function usb_inti of a, b matches nothing: mend the name, or remove it

0 errors, 0 warnings, 0 notes in 5 checked
"
    );
    let found: Value =
        serde_json::from_str(out(&run(&["--format", "json"], folder.path()))).unwrap();
    assert_eq!(
        found["unmatched"],
        serde_json::json!([
            {"section": "satisfied", "function": null, "subsystem": "usbd", "ports": []},
            {"section": "by-hand", "function": "usb_inti", "subsystem": null, "ports": ["a", "b"]},
        ])
    );
    // Those that are shipped need not match everywhere.
    let folder = tree("extends = 'micropython'\n");
    assert!(!out(&run(&[], folder.path())).contains("matches nothing"));
}

#[test]
fn an_error_says_its_cause_once() {
    let error = |tree: &Path| {
        let output = run(&[], tree);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let folder = tree("[tree]\nbuilds = 'a/../{board}'\n");
    assert_eq!(
        error(folder.path()).strip_prefix("initboard: ").unwrap(),
        format!(
            "{}: key `tree.builds`: `a/../{{board}}` is no path from the root of the tree: expected names with / between them, without . and ..\n",
            folder.path().join("initboard.toml").display()
        )
    );
    let table = folder.path().join("table.json");
    std::fs::write(&table, r#"{"schema": 1, "entries": 3}"#).unwrap();
    let program = env!("CARGO_BIN_EXE_initboard");
    let output = Command::new(program).arg("diff").args([&table, &table]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.matches("the table is not valid: ").count(), 1, "{said}");
    let cause = said.split_once("the table is not valid: ").unwrap().1.split_once(';').unwrap().0;
    assert_eq!(said.matches(cause).count(), 1, "{said}");
}

#[test]
fn waivers_that_waive_nothing_are_named() {
    let config = "
[[waiver]]
rule = 'IB301'
port = 'a'
reason = 'it never was'
[[waiver]]
rule = 'IB301'
port = 'c'
reason = 'only for a while'
until = '2020-01-01'
";
    let folder = tree(config);
    let output = run(&["--format", "markdown"], folder.path());
    assert!(
        out(&output).contains("| warning | IB301 | c ports/c/main.c:\u{200b}4 |"),
        "{}",
        out(&output)
    );
    let output = run(&[], folder.path());
    assert!(out(&output).contains("waiver for IB301 of a waives nothing: remove it\n"));
    assert!(out(&output).contains("waiver for IB301 of c ran out on 2020-01-01: remove it, or"));
}

#[test]
fn what_is_wrong_with_a_configuration_is_said_in_one_line() {
    for (config, expected) in [
        (
            "[[waiver]]\nrule = 'IB999'\nreason = 'x'",
            "there is no rule `IB999`: the nearest is IB109",
        ),
        ("[[waiver]]\nrule = 'IB301'\nreason = ' '", "`waiver` number 1 has no reason"),
        ("[[waiver]]\nrule = 'IB301'", "missing field `reason`"),
        ("[[waiver]]\nrule = 'IB301'\nreson = 'x'\nreason = 'y'", "expected `waiver.reason`?"),
        ("[[satisfied]]\nby = 'reinit'\nreason = 'x'", "names neither `subsystem` nor `function`"),
        (
            "[severities]\nIB301 = 'fatal'",
            "`fatal` is no severity of rule IB301: expected off, note, warning or error",
        ),
        (
            "extends = 'zephyr'",
            "expected one of the configurations that this program brings: micropython",
        ),
        ("[subsystem]\n", "there is no key `subsystem`: expected `subsystems`?"),
    ] {
        let output = run(&[], tree(config).path());
        let error = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{config}");
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("initboard.toml"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn every_function_is_shown_with_what_mapped_it() {
    let folder = made::folder(&[
        ("initboard.toml", "[subsystems]\nusb = ['tusb_*']\n"),
        (
            "ports/a/main.c",
            "int main(void) { mp_init(); tusb_init(); a_dma_init(); initialise(); }",
        ),
        ("ports/b/main.c", "int main(void) { mp_init(); usb_init0(); }"),
    ]);
    let program = env!("CARGO_BIN_EXE_initboard");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.arg("subsystems").arg("--tree").arg(folder.path()).args(arguments);
        command.output().unwrap()
    };
    assert_eq!(
        out(&run(&[])),
        "dma
  a_dma_init                           rule                       a
initialise
  initialise                           nothing                    a
usb
  tusb_init                            alias tusb_*               a
  usb_init0                            rule                       b
4 functions: 1 by an alias, 2 by the rule of names, 1 by nothing
"
    );
    let unmapped: Value =
        serde_json::from_str(out(&run(&["--unmapped", "--format", "json"]))).unwrap();
    assert_eq!(unmapped[0]["function"], "initialise");
    assert_eq!(unmapped.as_array().unwrap().len(), 1);
}
