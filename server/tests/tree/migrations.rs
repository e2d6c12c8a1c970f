//! `migrate --tree`, as a program is run.

use std::path::Path;
use std::process::Command;

use crate::made;

/// The exit code, and both outputs.
fn migrate(tree: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_initboard"))
        .args(["migrate", "--port", "p", "--tree"])
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
        migrate(folder.path(), &["--write", proposed.to_str().unwrap()]),
        (
            Some(0),
            "port p  nothing to register, 1 call stays by hand in main\n\n\
             stay by hand\n  \
             clock_init  the runtime stands on it: it runs before `mp_init`\n\n\
             linker scripts  tables of the registry on 0 boards and variants: \n"
                .to_owned(),
            "nothing to register in port p: no file written\n".to_owned()
        )
    );
    assert!(!proposed.exists());
}
