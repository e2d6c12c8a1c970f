//! What linkers refuse, and what whoever did it reads.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tools::{have, links_with_gnu_ld, package, scratch, succeed, text};

/// What the linker says of a program made of `drivers`; `Ok` where it links.
fn link(test: &str, options: &[&str], drivers: &[&str]) -> Result<(), String> {
    let folder = scratch(test);
    let main = "int main(void) { mp_init_run_level(MP_INIT_DRIVER); return 0; }";
    let mut files: Vec<PathBuf> = drivers
        .iter()
        .enumerate()
        .map(|(number, driver)| {
            let code = format!(
                "#include \"mp_registry.h\"\nstatic void init_{number}(void) {{}}\n{}\n",
                driver.replace("FUNCTION", &format!("init_{number}"))
            );
            let file = folder.join(format!("driver_{number}.c"));
            std::fs::write(&file, code).expect("the scratch folder can be written");
            file
        })
        .collect();
    let file = folder.join("main.c");
    std::fs::write(&file, format!("#include \"mp_registry.h\"\n{main}\n")).expect("written");
    files.push(file);
    let output = Command::new("cc")
        .current_dir(package())
        .args(["-O2", "-Iinclude", "src/mp_registry.c"])
        .args(options)
        .args(files)
        .arg("-o")
        .arg(folder.join("program"))
        .output()
        .expect("the compiler can be started");
    if output.status.success() {
        Ok(())
    } else {
        Err(text(&output.stderr).replace(['‘', '’', '`'], "'"))
    }
}

const HOSTED: &str = "-Wl,-T,link/mp_registry_hosted.ld";

#[test]
fn ties_link_unless_the_project_wants_none() {
    if !links_with_gnu_ld() {
        return;
    }
    let tied = ["MP_INIT_REGISTER(driver, 10, FUNCTION);"; 2];
    link("ties-allowed", &[HOSTED], &tied).expect("a tie links");
    let no_ties = "-DMP_REGISTRY_NO_TIES";
    for (options, message) in [
        (&[HOSTED, no_ties][..], "multiple definition of 'mp_registry_tie_at_init_driver_10'"),
        // One file of assembly by then.
        (
            &[HOSTED, no_ties, "-flto"],
            "symbol 'mp_registry_tie_at_init_driver_10' is already defined",
        ),
    ] {
        let said = link("ties-refused", options, &tied).expect_err("a tie does not link");
        assert!(said.contains(message), "{said}");
    }
    let apart =
        ["MP_INIT_REGISTER(driver, 10, FUNCTION);", "MP_INIT_REGISTER(driver, 11, FUNCTION);"];
    link("ties-apart", &[HOSTED, no_ties], &apart).expect("no tie links");
}

/// What the message of every fragment begins with, where the number is another one.
const ANOTHER_NUMBER: &str =
    "registry: the tables hold another number of entries than MP_REGISTRY_EXPECT states";

#[test]
fn another_number_of_entries_than_stated_does_not_link() {
    if !have(&["ld.lld-22"]) || !links_with_gnu_ld() {
        return;
    }
    // The C compiler looks for it under another name.
    let folder = scratch("count-lld");
    let path = std::env::var_os("PATH").expect("tools are found by their names");
    let installed = std::env::split_paths(&path)
        .map(|folder| folder.join("ld.lld-22"))
        .find(|file| file.exists())
        .expect("it was started above");
    std::os::unix::fs::symlink(installed, folder.join("ld.lld")).expect("the folder is empty");
    let lld = format!("-B{}", folder.display());
    for options in [
        &[HOSTED][..],
        &[HOSTED, "-flto"],
        &["-Wl,-T,link/mp_registry_hosted_lld.ld", "-fuse-ld=lld", &lld],
    ] {
        let stated = |number: &str| {
            let count =
                format!("MP_REGISTRY_EXPECT({number}); MP_DEINIT_REGISTER(core, 00, FUNCTION);");
            link("count", options, &["MP_INIT_REGISTER(driver, 10, FUNCTION);", &count])
        };
        stated("2").expect("two entries are two");
        let said = stated("3").expect_err("two entries are not three");
        assert!(said.contains(ANOTHER_NUMBER), "{options:?}: {said}");
    }
}

/// What `linker` makes of the runner and one entry, of which the source states that
/// there are `stated`, with the script of a board.
fn link_board(test: &str, linker: &str, script: &str, stated: usize) -> Output {
    let folder = scratch(test);
    let file = folder.join("driver.c");
    let driver = format!(
        "#include \"mp_registry.h\"\nstatic void led_init(void) {{}}\n\
         MP_INIT_REGISTER(driver, 10, led_init);\nMP_REGISTRY_EXPECT({stated});\n"
    );
    std::fs::write(&file, driver).expect("the scratch folder can be written");
    let objects = [("src/mp_registry.c".into(), "runner.o"), (file, "driver.o")].map(
        |(source, object)| -> PathBuf {
            let object = folder.join(object);
            succeed(
                Command::new("arm-none-eabi-gcc")
                    .current_dir(package())
                    .args(["-Os", "-ffreestanding", "-Iinclude", "-c"])
                    .args([&source, Path::new("-o"), &object]),
            );
            object
        },
    );
    let board = folder.join("board.ld");
    std::fs::write(&board, script).expect("the scratch folder can be written");
    Command::new(linker)
        .current_dir(package())
        .args(["-Llink", "-T"])
        .arg(board)
        .args(objects)
        .arg("-o")
        .arg(folder.join("program"))
        .output()
        .expect("the linker can be started")
}

const FLASH: &str = "MEMORY { FLASH (rx) : ORIGIN = 0x8000000, LENGTH = 64K }";

const OWN_SECTIONS: &str = ".text : { *(.text*) *(.rodata*) } > FLASH INCLUDE mp_registry.ld";

const LINKERS: [&str; 2] = ["arm-none-eabi-ld", "ld.lld-22"];

#[test]
fn another_number_of_entries_than_stated_does_not_link_for_a_board() {
    if !have(&["arm-none-eabi-gcc"]) || !have(&LINKERS) {
        return;
    }
    let merged = format!(
        "{FLASH} SECTIONS {{ .text : {{ *(.text*) *(.rodata*) INCLUDE mp_registry_merged.ld }} > FLASH }}"
    );
    let own_sections =
        format!("{FLASH} REGION_ALIAS(\"MP_REGISTRY\", FLASH) SECTIONS {{ {OWN_SECTIONS} }}");
    for linker in LINKERS {
        for script in [&merged, &own_sections] {
            let right = link_board("board-count", linker, script, 1);
            assert!(right.status.success(), "{linker}: {}", text(&right.stderr));
            let wrong = link_board("board-count", linker, script, 2);
            let said = text(&wrong.stderr);
            assert!(!wrong.status.success(), "{linker} took {script}");
            assert!(said.contains(ANOTHER_NUMBER), "{linker} on {script}: {said}");
        }
    }
}

#[test]
fn a_fragment_without_its_region_does_not_link() {
    if !have(&["arm-none-eabi-gcc"]) || !have(&LINKERS) {
        return;
    }
    let script = format!("{FLASH} SECTIONS {{ {OWN_SECTIONS} }}");
    for linker in LINKERS {
        let output = link_board("board-region", linker, &script, 1);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{linker}: {said}");
        // lld names the region by itself; GNU ld would warn and go on.
        let message = match linker {
            "ld.lld-22" => "memory region not defined: MP_REGISTRY",
            _ => {
                "registry: there is no memory region MP_REGISTRY, so that the tables would stand at address 0"
            }
        };
        assert!(said.contains(message), "{linker}: {said}");
    }
}

/// What rustc and the linker say of a program and a crate of drivers, with the feature
/// `no-ties` or without; `Ok` where it links.
fn link_rust(test: &str, features: &[&str], program: &str, sensor: &str) -> Result<(), String> {
    let folder = scratch(test);
    let features: Vec<String> =
        features.iter().map(|feature| format!("--cfg=feature=\"{feature}\"")).collect();
    let run = |name: &str, source: &Path, options: &[&str]| {
        let output = Command::new("rustc")
            .current_dir(package())
            .args(["--edition=2024", "--extern=registry_rt", "--extern=sensor"])
            .args(["--crate-name", name, "--out-dir"])
            .args([&folder, Path::new("-L"), &folder, source])
            .args(options)
            .args(&features)
            .output()
            .expect("rustc can be started");
        if output.status.success() { Ok(()) } else { Err(text(&output.stderr)) }
    };
    let registering = |name: &str, code: &str| {
        let file = folder.join(format!("{name}.rs"));
        let code = format!("use registry_rt::init_register;\n{code}");
        std::fs::write(&file, code).expect("the scratch folder can be written");
        file
    };
    let library = "--crate-type=rlib";
    run("registry_rt", Path::new("src/lib.rs"), &[library]).expect("the crate compiles");
    run("sensor", &registering("sensor", sensor), &[library]).expect("the drivers compile");
    let linking = ["-Clinker-features=-lld", "-Clink-arg=-Wl,-T,link/mp_registry_hosted.ld"];
    let program = format!(
        "use sensor as _;\n{program}\n\
         fn main() {{ registry_rt::init_run_level(registry_rt::Level::Driver) }}"
    );
    run("program", &registering("program", &program), &linking)
}

#[test]
fn ties_of_two_crates_link_unless_the_project_wants_none() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let program = "extern \"C\" fn led_init() {} init_register!(driver, 10, led_init);";
    let sensor = "extern \"C\" fn sensor_init() {} init_register!(driver, 10, sensor_init);";
    link_rust("rust-ties", &[], program, sensor).expect("a tie links");
    let said =
        link_rust("rust-no-ties", &["no-ties"], program, sensor).expect_err("a tie does not link");
    assert!(said.contains("multiple definition of `mp_registry_tie_at_init_driver_10'"), "{said}");
    let apart = sensor.replace("10", "11");
    link_rust("rust-apart", &["no-ties"], program, &apart).expect("no tie links");
}

#[test]
fn one_name_at_one_place_in_two_crates_does_not_link() {
    if !have(&["rustc"]) || !links_with_gnu_ld() {
        return;
    }
    let driver = "extern \"C\" fn led_init() {} init_register!(driver, 10, led_init);";
    let said = link_rust("rust-twice", &[], driver, driver).expect_err("one symbol is one entry");
    assert!(said.contains("multiple definition of `__mp_init_driver_10_led_init'"), "{said}");
}
