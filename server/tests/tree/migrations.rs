//! `migrate --tree`, as a program is run.

use std::path::Path;
use std::process::Command;

use crate::made;

/// The exit code, and both outputs.
fn migrate(tree: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_initboard"))
        .args(["migrate", "--tree"])
        .arg(tree)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_port_with_nothing_to_register_is_told_so_and_gets_no_file() {
    let folder = made::folder(&[(
        "ports/p/main.c",
        "int main(void) { clock_init(); mp_init(); pyexec_file(\"boot.py\"); mp_deinit(); }\n",
    )]);
    let proposed = folder.path().join("proposed");
    assert_eq!(
        migrate(folder.path(), &["--port", "p", "--write", proposed.to_str().unwrap()]),
        (
            Some(0),
            "port p  nothing to register, 1 call stays by hand in main\n\n\
             stay by hand\n  \
             clock_init  the runtime stands on it: it runs before `mp_init`\n"
                .to_owned(),
            "nothing to register in port p: no file written\n".to_owned()
        )
    );
    assert!(!proposed.exists());
}

/// A main of which C can register more than Rust, and neither all.
const MAIN: &str = "#include \"drivers.h\"
int main(void) {
    extern void native_init(void);
    mp_init();
    pin_init0();
    #if CAN == 1
    can_init();
    #endif
    #if NET
    net_init();
    #endif
    uart_init(&repl, 115200);
    native_init();
    usb_init();
    pyexec_file(\"boot.py\");
    #if NET
    net_deinit();
    #endif
    #if CAN && SERCOM > 2
    can_deinit();
    #endif
    mp_deinit();
}
";

const DRIVERS: &str = "#include \"usb.h\"
extern int repl;
void pin_init0(void);
void can_init(void);
void can_deinit(void);
void net_init(void);
int net_deinit(void);
void uart_init(int *repl, int baud);
";

/// The calls that are statements of their own in a text, sorted.
fn calls(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (name, rest) = line.trim().split_once('(')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (is_name && rest.ends_with(");")).then(|| name.to_owned())
    };
    let mut calls: Vec<String> = text.lines().filter_map(name).collect();
    calls.sort();
    calls
}

/// The functions that a file registers, sorted.
fn registered(text: &str) -> Vec<String> {
    let is_one = |line: &&str| line.starts_with("MP_") || line.contains("init_register!(");
    let name = |line: &str| {
        let name = line.split(", ").nth(2).unwrap_or_default();
        name.trim_end_matches(");").to_owned()
    };
    let mut names: Vec<String> = text.lines().filter(is_one).map(name).collect();
    names.sort();
    names
}

/// The calls that main loses, which must be those that are registered.
fn replaced(tree: &Path, port: &str, language: &str) -> Vec<String> {
    let arguments = ["--port", port, "--language", language, "--format", "json"];
    let (code, out, error) = migrate(tree, &arguments);
    assert_eq!(code, Some(0), "{port}: {error}");
    let proposal: serde_json::Value = serde_json::from_str(&out).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let before = std::fs::read_to_string(tree.join(text(&proposal["main"]["path"]))).unwrap();
    let mut gone = calls(&before);
    for kept in calls(&text(&proposal["main"]["text"])) {
        let at = gone.iter().position(|call| *call == kept);
        if let Some(at) = at {
            gone.remove(at);
        } else {
            assert!(kept.ends_with("_run_level"), "{kept}");
        }
    }
    assert_eq!(gone, registered(&text(&proposal["files"][0]["text"])), "{port} in {language}");
    gone
}

#[test]
fn main_loses_no_call_that_is_not_registered() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../registry-rt/firmware");
    for port in ["virt", "mps2", "nucleo", "microbit"] {
        for language in ["c", "rust"] {
            let gone = replaced(&sample, port, language);
            assert_eq!(gone.is_empty(), port != "virt", "{port} in {language}: {gone:?}");
        }
    }
    let folder = made::folder(&[
        ("ports/p/main.c", MAIN),
        ("ports/p/drivers.h", DRIVERS),
        ("shared/usb.h", "void usb_init(void);\n"),
    ]);
    assert_eq!(
        replaced(folder.path(), "p", "c"),
        ["can_deinit", "can_init", "net_deinit", "net_init", "pin_init0", "uart_init", "usb_init"]
    );
    assert_eq!(replaced(folder.path(), "p", "rust"), ["net_init", "pin_init0", "usb_init"]);
}

#[test]
fn what_stays_by_hand_is_told_with_its_reason() {
    let folder = made::folder(&[
        ("ports/p/main.c", MAIN),
        ("ports/p/drivers.h", DRIVERS),
        ("shared/usb.h", "void usb_init(void);\n"),
    ]);
    let stays = |language: &str| {
        let (_, out, _) =
            migrate(folder.path(), &["--port", "p", "--language", language, "--format", "json"]);
        let proposal: serde_json::Value = serde_json::from_str(&out).unwrap();
        let said = |one: &serde_json::Value| format!("{} {}", one["function"], one["reason"]);
        let by_hand = proposal["plan"]["by_hand"].as_array().unwrap();
        by_hand.iter().map(said).collect::<Vec<_>>().join(", ").replace('"', "")
    };
    assert_eq!(stays("c"), "native_init declared-in-main");
    assert_eq!(
        stays("rust"),
        "can_init foreign-condition, uart_init foreign-arguments, native_init declared-in-main, \
         net_deinit unknown-result, can_deinit foreign-condition"
    );
}
