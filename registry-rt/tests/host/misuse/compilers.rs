//! What compilers refuse, and what whoever did it reads.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{have, package, scratch, succeed, text};

/// A driver in C that registers as `registrations` say.
fn source(folder: &Path, name: &str, registrations: &str) -> PathBuf {
    let file = folder.join(name);
    let text = format!(
        "#include \"mp_registry.h\"\n\
         static void timer_init0(void) {{}}\n\
         static int uart_init(int baud) {{ return baud; }}\n\
         int use(void);\n\
         int use(void) {{ timer_init0(); return uart_init(1); }}\n\
         {registrations}\n"
    );
    std::fs::write(&file, text).expect("the scratch folder can be written");
    file
}

/// What a C or C++ compiler says of the registrations; it must refuse them.
fn refused_c(compiler: &str, options: &[&str], registrations: &str) -> String {
    let folder = scratch(&format!("misuse-{compiler}-{}", registrations.len()));
    let file = source(&folder, "driver.c", registrations);
    let output = Command::new(compiler)
        .current_dir(package())
        .args(options)
        .args(["-Iinclude", "-fsyntax-only"])
        .arg(file)
        .output()
        .expect("the compiler can be started");
    assert!(!output.status.success(), "{compiler} took {registrations}");
    // Quotation marks differ with the compiler, and with the language of the machine.
    text(&output.stderr).replace(['‘', '’', '"'], "'")
}

#[test]
fn c_compilers_refuse_what_would_not_run_as_it_reads() {
    let compilers = ["cc", "arm-none-eabi-gcc", "clang-14"];
    for compiler in compilers.into_iter().filter(|compiler| {
        // Clang is tried where it is installed.
        *compiler == "clang-14" && Command::new("clang-14").arg("--version").output().is_ok()
            || *compiler != "clang-14" && have(&[compiler])
    }) {
        for (registration, message) in [
            ("MP_INIT_REGISTER(drvier, 00, timer_init0);", "did you mean 'mp_init_level_driver'?"),
            (
                "MP_INIT_REGISTER(driver, 9, timer_init0);",
                "priority 9 of timer_init0 must be two digits, 00 to 99: the linker sorts it as text, in which 9 is after 10",
            ),
            (
                "MP_INIT_REGISTER(driver, 100, timer_init0);",
                "priority 100 of timer_init0 must be two digits",
            ),
            (
                "MP_DEINIT_REGISTER(core, 05u, timer_init0);",
                "priority 05u of timer_init0 must be two digits",
            ),
            // Of two characters, as a priority is: only its number is none.
            (
                "MP_INIT_REGISTER(driver, 5u, timer_init0);",
                "priority 5u of timer_init0 must be two digits",
            ),
            ("MP_INIT_REGISTER(driver, LAST, timer_init0);", "invalid suffix 'LAST' on integer"),
            (
                "MP_INIT_REGISTER(driver, 00, uart_init);",
                "uart_init cannot be registered: expected void uart_init(void); for a call with arguments or a result use MP_INIT_REGISTER_CALL",
            ),
            (
                "MP_INIT_REGISTER_WITH(driver, 00, timer_init0, MP_SATISFIED(finalizer, \"why\"));",
                "MP_SATISFIED_expects_finaliser_reinit_or_persistent_not_finalizer",
            ),
        ] {
            let said = refused_c(compiler, &["-std=c99"], registration);
            assert!(said.contains(message), "{compiler} on {registration}:\n{said}");
        }
    }
}

/// With a 1 in front it is 1e2, and that is a hundred.
#[test]
fn a_priority_that_makes_a_floating_point_number_is_refused() {
    if !have(&["cc", "c++"]) {
        return;
    }
    let registration = "MP_INIT_REGISTER(driver, e2, timer_init0);";
    for (compiler, language) in [("cc", "-xc"), ("c++", "-xc++")] {
        let said = refused_c(compiler, &[language], registration);
        assert!(said.contains("priority e2 of timer_init0 must be two digits"), "{said}");
    }
}

/// A fragment compares the numbers, and there is none.
#[test]
fn a_stated_number_of_entries_is_refused_where_nothing_compares_it() {
    if !have(&["cc", "c++"]) {
        return;
    }
    for way in ["-DMP_REGISTRY_RODATA", "-DMP_REGISTRY_KEYED"] {
        for (compiler, language) in [("cc", "-xc"), ("c++", "-xc++")] {
            let said = refused_c(compiler, &[language, way], "MP_REGISTRY_EXPECT(12);");
            assert!(
                said.contains("MP_REGISTRY_EXPECT needs a linker fragment, which MP_REGISTRY_RODATA and MP_REGISTRY_KEYED do without: compare mp_registry_count() with the number at start"),
                "{compiler} {way}: {said}"
            );
        }
    }
}

#[test]
fn cpp_compilers_refuse_the_same() {
    if !have(&["c++"]) {
        return;
    }
    for (registration, message) in [
        ("MP_INIT_REGISTER(drvier, 00, timer_init0);", "did you mean 'mp_init_level_driver'?"),
        (
            "MP_INIT_REGISTER(driver, 9, timer_init0);",
            "priority 9 of timer_init0 must be two digits",
        ),
        ("MP_INIT_REGISTER(driver, 00, uart_init);", "invalid conversion from 'int (*)(int)'"),
        (
            "MP_INIT_REGISTER_WITH(driver, 00, timer_init0, MP_SATISFIED(finalizer, \"why\"));",
            "MP_SATISFIED_expects_finaliser_reinit_or_persistent_not_finalizer",
        ),
    ] {
        let said = refused_c("c++", &["-std=c++17", "-xc++"], registration);
        assert!(said.contains(message), "{registration}:\n{said}");
    }
}

#[test]
fn two_ways_at_once_and_targets_without_elf_are_refused_by_name() {
    if !have(&["cc"]) {
        return;
    }
    let said = refused_c("cc", &["-DMP_REGISTRY_RODATA", "-DMP_REGISTRY_KEYED"], "");
    assert!(said.contains("are two ways to place the entries: define one of them"), "{said}");
    let said = refused_c("cc", &["-U__ELF__"], "");
    assert!(
        said.contains("this target has no ELF (PE and Mach-O neither sort nor keep the entries): define MP_REGISTRY_OFF"),
        "{said}"
    );
}

/// Compilers whose targets have no ELF: Windows, and macOS.
#[test]
fn compilers_for_windows_and_macos_are_told_so_unless_the_registry_is_off() {
    let targets: [(&str, &[&str]); 2] = [
        ("x86_64-w64-mingw32-gcc", &[]),
        ("clang-14", &["--target=x86_64-apple-darwin", "-ffreestanding"]),
    ];
    for (compiler, target) in targets {
        if !have(&[compiler]) {
            continue;
        }
        let said = refused_c(compiler, target, "MP_INIT_REGISTER(driver, 00, timer_init0);");
        assert!(
            said.contains("mp_registry.h: this target has no ELF (PE and Mach-O neither sort nor keep the entries): define MP_REGISTRY_OFF and call the functions by hand"),
            "{compiler}: {said}"
        );
        for source in ["tests/programs/everything.c", "src/mp_registry.c"] {
            succeed(
                Command::new(compiler)
                    .current_dir(package())
                    .args(target)
                    .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
                    .args(["-DMP_REGISTRY_OFF", "-Iinclude", "-fsyntax-only", source]),
            );
        }
    }
}

/// What rustc says of a driver, or of the crate with these settings; it must refuse one
/// of them.
fn refused_rust(name: &str, settings: &[&str], driver: &str) -> String {
    let folder = scratch(&format!("misuse-rust-{name}"));
    let library = folder.join("libregistry_rt.rlib");
    let settings = settings.iter().map(|setting| format!("--cfg={setting}"));
    // What a target sets, a test may set as well.
    let settings: Vec<_> =
        settings.chain(["-Aexplicit_builtin_cfgs_in_flags".to_owned()]).collect();
    let rustc = |source: &Path, crate_name: &str, output: &Path| {
        let mut rustc = Command::new("rustc");
        rustc
            .current_dir(package())
            .args(["--edition=2024", "--crate-type=rlib", "--crate-name", crate_name])
            .args(&settings)
            .arg(source)
            .arg("-o")
            .arg(output);
        rustc
    };
    let output = rustc(Path::new("src/lib.rs"), "registry_rt", &library).output().expect("rustc");
    if !output.status.success() {
        return text(&output.stderr);
    }
    let file = folder.join("driver.rs");
    std::fs::write(&file, driver).expect("the scratch folder can be written");
    let output = rustc(&file, "driver", &folder.join("libdriver.rlib"))
        .arg(format!("--extern=registry_rt={}", library.display()))
        .output()
        .expect("rustc");
    assert!(!output.status.success(), "rustc took {driver}");
    text(&output.stderr)
}

#[test]
fn rustc_refuses_what_would_not_run_as_it_reads() {
    if !have(&["rustc"]) {
        return;
    }
    for (name, registration, message) in [
        (
            "level",
            "init_register!(drvier, 00, timer_init0);",
            "cannot find module or crate `drvier` in this scope",
        ),
        (
            "digit",
            "init_register!(driver, 9, timer_init0);",
            "the priority must be two digits, 00 to 99: the linker sorts it as text, in which 9 is after 10",
        ),
        ("suffix", "init_register!(driver, 5u8, timer_init0);", "the priority must be two digits"),
        ("type", "init_register!(driver, 00, uart_init);", "expected \"C\" fn, found \"Rust\" fn"),
        (
            "means",
            "init_register!(driver, 00, timer_init0, satisfied = finalizer(\"why\"));",
            "satisfied must be finaliser(\"reason\"), reinit(\"reason\"), persistent(\"reason\") or call(function, \"reason\")",
        ),
        (
            "reason",
            "init_register!(driver, 00, timer_init0, satisfied = reinit(\" \"));",
            "the reason must be a sentence without quotation marks and backslashes, because it passes through an assembler",
        ),
        // The assembler would take it, and write something else.
        (
            "backslash",
            "init_register!(driver, 00, timer_init0, satisfied = reinit(\"C:\\\\new\"));",
            "the reason must be a sentence without quotation marks and backslashes",
        ),
        (
            "quotes",
            "init_register!(driver, 00, timer_init0, satisfied = reinit(\"a \\\"word\\\"\"));",
            "the reason must be a sentence without quotation marks and backslashes",
        ),
        (
            "capture",
            "extern \"C\" fn f() { let baud = 1; init_register!(driver, 00, uart_init, || uart_init(baud)); }",
            "attempt to use a non-constant value in a constant",
        ),
        (
            "result",
            "fn rate() -> u32 { 1 } init_register!(driver, 00, rate, || rate());",
            "expected `()`, found `u32`",
        ),
    ] {
        let driver = format!(
            "use registry_rt::init_register;\n\
             pub extern \"C\" fn timer_init0() {{}}\n\
             pub fn uart_init(_baud: u32) {{}}\n\
             {registration}\n"
        );
        let said = refused_rust(name, &[], &driver);
        assert!(said.contains(message), "{registration}:\n{said}");
    }
}

#[test]
fn two_features_that_place_entries_and_targets_without_elf_are_refused_by_one_sentence() {
    if !have(&["rustc"]) {
        return;
    }
    let no_elf = "registry-rt: this target has no ELF, and its linker neither sorts nor keeps the entries: use the feature `off` and call the functions by hand";
    for (name, settings, message) in [
        (
            "two-ways",
            &["feature=\"rodata\"", "feature=\"keyed\""][..],
            "registry-rt: `rodata` and `keyed` are two ways to place the entries: choose one",
        ),
        ("windows", &["windows"], no_elf),
        ("macos", &["target_vendor=\"apple\""], no_elf),
        ("wasm", &["target_family=\"wasm\""], no_elf),
    ] {
        let said = refused_rust(name, settings, "");
        let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error")).collect();
        let last = "error: aborting due to 1 previous error";
        assert_eq!(errors, [&format!("error: {message}"), last], "{said}");
    }
}
