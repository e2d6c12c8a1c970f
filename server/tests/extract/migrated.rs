//! An unmigrated port, migrated as proposed, built and run: the order is the one
//! before.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use initboard::analyze::migrate::state::{State, prove};
use initboard::config::Config;
use initboard::model::Origin;

use crate::{files, tools};

const BOARDS: [&str; 3] = ["VIRT_NET", "VIRT_CAN", "VIRT_MINI"];

/// Everything that the port needs besides what is proposed: the runner, and the way to
/// place tables that needs no change to a linker script.
const BUILD: &str = "
SRC_PORT += init_register.c
SRC_REGISTRY = mp_registry.c
CFLAGS_PORT += -DMP_REGISTRY_RODATA -Wl,--sort-section=name
";

/// A copy of the sample firmware's source that can be changed.
struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["include", "link", "src", "firmware"] {
            let from = files::root().join("registry-rt").join(part);
            copy(&from, &folder.path().join("registry-rt").join(part));
        }
        Self { folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn port(&self, file: &str) -> PathBuf {
        self.path("registry-rt/firmware/ports/virt").join(file)
    }

    /// Builds boards of the port, and gives the folder of the builds.
    fn build(&self, name: &str, boards: &[&str]) -> PathBuf {
        let out = self.path(name);
        let goals = boards
            .iter()
            .map(|board| format!("{}/2/ports/virt/build-{board}/firmware.elf", out.display()));
        let output = Command::new("make")
            .arg("-C")
            .arg(self.path("registry-rt/firmware"))
            .arg(format!("BUILD={}", out.display()))
            .args(goals)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        out.join("2")
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.port(file)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {file}");
        std::fs::write(self.port(file), text.replace(from, to)).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            // What was built there is no source.
            if entry.file_name() != "build" {
                copy(&entry.path(), &to);
            }
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn initboard(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_initboard"))
        .args(arguments)
        .env_remove("INITBOARD_SERVER")
        .env_remove("INITBOARD_PROJECT")
        .output()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn firmware(builds: &Path, board: &str) -> PathBuf {
    builds.join(format!("ports/virt/build-{board}/firmware.elf"))
}

/// What an image prints, function by function.
fn run(image: &Path) -> String {
    let output =
        Command::new(files::root().join("registry-rt/firmware/run")).arg(image).output().unwrap();
    assert!(output.status.success(), "{}: {}", image.display(), output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn same_order(before: &Path, after: &Path) -> (bool, String) {
    let output =
        initboard(&["diff", "--expect-same-order", "--format", "text", text(before), text(after)]);
    (output.status.code() == Some(0), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_port_that_is_migrated_as_proposed_runs_as_before() {
    let tools = ["make", "riscv64-unknown-elf-gcc", "qemu-system-riscv32"];
    if tools.into_iter().any(|tool| tools::need(tool).is_none()) {
        return;
    }
    let tree = Tree::new();
    let before = tree.build("before", &BOARDS);

    // The whole port, from its source.
    let proposed = tree.path("proposed");
    let sources = tree.path("registry-rt/firmware");
    let output = initboard(&[
        "migrate",
        "--tree",
        text(&sources),
        "--port",
        "virt",
        "--early",
        "--write",
        text(&proposed),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for file in ["main.c", "init_register.c"] {
        std::fs::copy(proposed.join(file), tree.port(file)).unwrap();
    }
    let recipe = std::fs::read_to_string(tree.port("port.mk")).unwrap();
    std::fs::write(tree.port("port.mk"), recipe + BUILD).unwrap();
    let after = tree.build("after", &BOARDS);
    for board in BOARDS {
        let [before, after] = [&before, &after].map(|builds| firmware(builds, board));
        assert_eq!(run(&after), run(&before), "{board}");
        let tables = [&before, &after].map(|path| files::extract(&std::fs::read(path).unwrap()));
        let proof =
            prove(&"virt".parse().unwrap(), &tables[0], &tables[1], &Config::shipped().policy);
        assert_eq!(proof.state, State::Verified, "{board}: {:?}", proof.changes);
        assert!(tables[1].entries.iter().all(|entry| {
            entry.kind != initboard::model::EntryKind::Entry || entry.origin == Origin::Registry
        }));
    }
    let (is_same, said) = same_order(&before, &after);
    assert!(is_same, "{said}");

    // An entry that moves across boot.py, and one that moves across the sweep.
    let service = "    mp_init_run_level(MP_INIT_SERVICE);\n";
    let script = "    repl_run();\n";
    tree.edit("main.c", service, "");
    tree.edit("main.c", script, &format!("{service}{script}"));
    let deinit = "MP_DEINIT_REGISTER(core, 10, soft_timer_deinit)";
    let late = "MP_DEINIT_REGISTER(early, 30, soft_timer_deinit)";
    tree.edit("init_register.c", deinit, late);
    let moved = tree.build("moved", &["VIRT_MINI"]);
    let [before_one, moved] = [&before, &moved].map(|builds| firmware(builds, "VIRT_MINI"));
    let (is_same, said) = same_order(&before_one, &moved);
    assert!(!is_same);
    for place in [
        "mp_usbd_init moved later, over boot.py, main.py, now after main.py",
        "soft_timer_deinit moved later, over gc_sweep_all, mp_deinit, now after mp_deinit",
    ] {
        assert!(said.contains(place), "{said}");
    }
    std::fs::copy(proposed.join("main.c"), tree.port("main.c")).unwrap();

    // One board, from its firmware alone.
    for board in BOARDS {
        let image = firmware(&before, board);
        let output = initboard(&["migrate", text(&image), "--early", "--write", text(&proposed)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = "init_register.c";
        std::fs::copy(proposed.join(file), tree.port(file)).unwrap();
        let built = firmware(&tree.build(board, &[board]), board);
        assert_eq!(run(&built), run(&image), "{board}");
        assert!(same_order(&image, &built).0, "{board}");
    }
}

#[test]
fn registrations_of_what_has_a_result_compile() {
    if tools::need("cc").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("ports/p");
    std::fs::create_dir_all(&port).unwrap();
    let main = "#include \"drivers.h\"
int main(void) {
    mp_init();
    pin_init0();
    bluetooth_init();
    uart_init(&repl, // the REPL
        115200);
    pyexec_file(\"boot.py\");
    bluetooth_deinit();
    mp_deinit();
}
";
    let header = "extern int repl;
void pin_init0(void);
int bluetooth_init(void);
int bluetooth_deinit(void);
int uart_init(int *repl, int baud);
";
    std::fs::write(port.join("main.c"), main).unwrap();
    std::fs::write(port.join("drivers.h"), header).unwrap();
    let output = initboard(&[
        "migrate",
        "--tree",
        text(folder.path()),
        "--port",
        "p",
        "--write",
        text(folder.path()),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = folder.path().join("init_register.c");
    let output = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"])
        .arg("-I")
        .arg(files::root().join("registry-rt/include"))
        .arg("-I")
        .arg(&port)
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = std::fs::read_to_string(&file).unwrap();
    let registrations: Vec<&str> = written.lines().filter(|line| line.starts_with("MP_")).collect();
    assert_eq!(
        registrations,
        [
            "MP_INIT_REGISTER(core, 10, pin_init0);",
            "MP_INIT_REGISTER_CALL(driver, 10, bluetooth_init, ());",
            "MP_INIT_REGISTER_CALL(driver, 20, uart_init, (&repl, 115200));",
            "MP_DEINIT_REGISTER_CALL(driver, 10, bluetooth_deinit, ());",
        ]
    );
}

#[test]
fn what_a_port_keeps_by_hand_counts_wherever_its_firmware_lies() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("firmware.elf");
    let sample = "data/firmware/2/ports/virt/build-VIRT_NET/firmware.elf";
    std::fs::copy(files::root().join(sample), &image).unwrap();
    let config = folder.path().join("initboard.toml");
    let items = "[[by-hand]]\nfunction = 'machine_pins_init'\nports = ['virt']\nreason = 'the board needs it'\n";
    std::fs::write(&config, items).unwrap();
    let migrate = |port: &[&str]| {
        let arguments = ["migrate", text(&image), "--config", text(&config)];
        let output = initboard(&[&arguments[..], port].concat());
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        let is_level = |line: &str| line.starts_with("  core ") || line.starts_with("  driver ");
        let is_registered =
            said.lines().any(|line| is_level(line) && line.contains("machine_pins_init"));
        (is_registered, String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(migrate(&["--port", "virt"]), (false, String::new()));
    let (is_registered, note) = migrate(&[]);
    assert!(is_registered && note.contains("or --port"), "{note}");
}

#[test]
fn registrations_in_rust_compile_without_a_warning() {
    if tools::need("rustc").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let image = files::root().join("data/firmware/2/ports/virt/build-VIRT_NET/firmware.elf");
    let output = initboard(&[
        "migrate",
        text(&image),
        "--early",
        "--language",
        "rust",
        "--write",
        text(folder.path()),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rustc = |arguments: &[&str]| {
        let output = Command::new("rustc")
            .args(["--edition", "2024", "--crate-type", "rlib"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let library = path("libregistry_rt.rlib");
    let source = files::root().join("registry-rt/src/lib.rs");
    rustc(&["--crate-name", "registry_rt", "-o", text(&library), text(&source)]);
    let with = format!("registry_rt={}", library.display());
    rustc(&[
        "-Dwarnings",
        "--extern",
        &with,
        "-o",
        text(&path("libregistered.rlib")),
        text(&path("init_register.rs")),
    ]);
}
