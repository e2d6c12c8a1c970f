//! Mains of all kinds, odd ones among them, and what is read of each.

use proptest::prelude::*;

use super::*;

fn table(text: &str) -> InitTable {
    table_of(text.as_bytes()).expect("main was not found")
}

fn table_of(text: &[u8]) -> Option<InitTable> {
    let path = "ports/demo/main.c".to_owned();
    read(text, SourceFile { port: "demo".parse().unwrap(), path, commit: None, drivers: vec![] })
        .unwrap()
}

/// Each call on a line: stage, name, line, `?` where a path leaves it out,
/// condition, and the functions between.
fn said(text: &str) -> Vec<String> {
    let line = |entry: &Entry| {
        let mut line = format!(
            "{} {}:{}",
            entry.stage.unwrap().as_str(),
            entry.function.as_ref().unwrap(),
            entry.location.as_ref().unwrap().line
        );
        if entry.conditional {
            line.push('?');
        }
        for helper in &entry.via {
            line = format!("{line} in {helper}");
        }
        match &entry.condition {
            Some(condition) => format!("{line} if {condition}"),
            None => line,
        }
    };
    table(text).entries.iter().map(line).collect()
}

/// The same for the statements of a main that starts the runtime first.
fn said_in_main(statements: &str) -> Vec<String> {
    let text = format!("int main(void) {{ mp_init();\n{statements}\n}}");
    said(&text).into_iter().skip(1).collect()
}

fn unparsed(text: &str) -> Option<u64> {
    let anomalies = table(text).anomalies;
    anomalies
        .iter()
        .find(|anomaly| anomaly.kind == AnomalyKind::SourceUnparsed)
        .map(|anomaly| anomaly.value.unwrap())
}

#[test]
fn a_main_with_a_soft_reset_loop_has_its_three_stages() {
    let main = "
void port_main(int mode) {
    clock_init();
    #if USE_LED
    led_init();
    #endif
soft_reset:
    mp_init();
    pin_init0();
    if (pyexec_file_if_exists(\"boot.py\") == EXIT) {
        goto soft_reset_exit;
    }
    for (;;) {
        if (pyexec_friendly_repl() != 0) {
            break;
        }
    }
soft_reset_exit:
    #ifdef USE_TIMER
    timer_deinit();
    #endif
    mp_deinit();
    goto soft_reset;
}";
    assert_eq!(
        said(main),
        [
            "boot clock_init:3",
            "boot led_init:5 if USE_LED",
            "start mp_init:8",
            "start pin_init0:9",
            "start pyexec_file_if_exists:10",
            "start pyexec_friendly_repl:14",
            "stop timer_deinit:20 if defined(USE_TIMER)",
            "stop mp_deinit:22",
        ]
    );
    let table = table(main);
    assert_eq!(table.main.unwrap().function.as_str(), "port_main");
    assert_eq!((table.arch, table.file.format.as_str()), (None, "c"));
}

#[test]
fn conditions_nest_and_every_arm_knows_those_before_it() {
    assert_eq!(
        said_in_main(
            "#if A || B
             a_init();
             #if !C
             b_init();
             #endif
             #elif defined(D)
             c_init();
             #else
             d_init();
             #endif
             #if 0
             never_init();
             #else
             e_init();
             #endif
             #ifndef F // why
             f_init();
             #endif"
        ),
        [
            "start a_init:3 if A || B",
            "start b_init:5 if (A || B) && !C",
            "start c_init:8 if !(A || B) && defined(D)",
            "start d_init:10 if !(A || B) && !defined(D)",
            "start e_init:15",
            "start f_init:18 if !defined(F)",
        ]
    );
}

#[test]
fn an_arm_that_jumps_away_hides_nothing() {
    assert_eq!(
        said_in_main(
            "#if A
             a_init();
             return 0;
             #else
             b_init();
             #endif
             c_init();
             #if B
             return 0;
             #endif
             d_init();"
        ),
        ["start a_init:3? if A", "start b_init:6? if !A", "start c_init:8?", "start d_init:12?",]
    );
}

#[test]
fn functions_of_the_file_are_followed_and_named() {
    let main = "
#if USE_FS
static void init_fs(void) {
    flash_init();
    #if USE_SD
    if (present()) { sd_init(); }
    #endif
}
#else
static inline void init_fs(void) { stub_init(); }
#endif
static void run(void) { pyexec_file(\"main.py\"); }
static int recursive(int n) { return n ? recursive(n - 1) : ram_init(); }
int main(void) {
    mp_init();
    #if USE_FS
    init_fs();
    #endif
    recursive(3);
    run();
    all_deinit();
}";
    assert_eq!(
        said(main),
        [
            "start mp_init:15",
            "start init_fs:17 if USE_FS",
            "start flash_init:4 in init_fs if USE_FS",
            "start sd_init:6? in init_fs if USE_FS && USE_SD",
            "start ram_init:13? in recursive",
            "start pyexec_file:12 in run",
            "stop all_deinit:21",
        ]
    );
}

#[test]
fn macros_that_boards_fill_in_are_hooks() {
    assert_eq!(
        said_in_main(
            "BOARD_STARTUP();
             if (PORT_BOARD_RUN_BOOT_PY(&state) == EXIT) { return 1; }
             UNUSED(x);
             __HAL_CLK_INIT();
             USB_INIT(1);
             BOARD_END();"
        ),
        [
            "start BOARD_STARTUP:2",
            "start PORT_BOARD_RUN_BOOT_PY:3",
            "stop USB_INIT:6?",
            "stop BOARD_END:7?"
        ]
    );
    let table = table("int main(void) { BOARD_INIT(); mp_init(); }");
    assert_eq!(table.entries[0].kind, EntryKind::Landmark);
}

#[test]
fn run_level_calls_name_their_level() {
    let table = table(
        "int main(void) {
            mp_init_run_level(MP_INIT_LEVEL_DRIVER);
            mp_init();
            mp_deinit_run_level((MP_INIT_EARLY));
            mp_init_run_level(level);
            mp_init_run_level(2);
        }",
    );
    let levels: Vec<_> =
        table.entries.iter().map(|entry| entry.level.as_ref().map(Level::as_str)).collect();
    assert_eq!(levels, [Some("driver"), None, Some("early"), None, None]);
    assert_eq!(table.entries[0].kind, EntryKind::RunLevel);
    let levels: Vec<_> = table.levels.iter().map(Level::as_str).collect();
    assert_eq!(levels, ["early", "driver"]);
}

#[test]
fn every_kind_of_statement_is_followed() {
    assert_eq!(
        said_in_main(
            "switch (mode) { case 1: a_init(); case 2: b_init(); break; default: c_init(); }
             do { d_init(); } while (0);
             while (next()) { e_init(); }
             int ok = f_init(g_init());
             if (h_init() && i_init()) {} else if (j_init()) { k_init(); }
             x = ok ? l_init() : m_init();
             sizeof(n_init());
             ((void)o_init());
             obj.fun.init(1); pointer->init(); (*handler)(p_init);"
        ),
        [
            "start a_init:2?",
            "start b_init:2?",
            "start c_init:2?",
            "start d_init:3",
            "start e_init:4?",
            "start g_init:5",
            "start f_init:5",
            "start h_init:6",
            "start i_init:6?",
            "start j_init:6?",
            "start k_init:6?",
            "start l_init:7?",
            "start m_init:7?",
            "start o_init:9",
        ]
    );
}

#[test]
fn an_if_that_does_not_stand_between_statements_is_read_by_its_first_arm() {
    let main = "
int main(void) {
    #if A
    if (a_init()) {
    #else
    {
    #endif
        b_init();
    }
    int x =
    #if B
        1;
    #else
        2;
    #endif
    mp_init();
    #if C
    if (x)
    #endif
    {
        c_init();
    }
}";
    assert_eq!(
        said(main),
        ["start a_init:4 if A", "start b_init:8?", "start mp_init:16", "start c_init:21?"]
    );
    assert_eq!(unparsed(main), None, "nothing that matters was left out");
    let lost =
        "int main(void) {\n mp_init();\n#if A\n if (x) {\n#else\n if (z_init()) {\n#endif\n }\n}";
    assert_eq!(said(lost), ["start mp_init:2"]);
    assert_eq!(unparsed(lost), Some(5));
}

#[test]
fn unbalanced_directives_leave_the_rest_readable() {
    let open = "int main(void) {\n#if A\n a_init();\n mp_init();\n}";
    assert_eq!(said(open), ["start a_init:3 if A", "start mp_init:4 if A"]);
    let closed = "#endif\n#else\nint main(void) {\n a_init();\n#endif\n mp_init();\n}\n#elif X";
    assert_eq!(said(closed), ["start a_init:4", "start mp_init:6"]);
    let twice = "int main(void) {\n#if A\n a_init();\n#else\n b_init();\n#else\n c_init();\n#elif D\n d_init();\n#endif\n mp_init();\n}";
    assert_eq!(said(twice).len(), 5);
}

#[test]
fn old_definitions_and_attributes_are_known() {
    for head in [
        "int main(argc, argv) int argc; char **argv; {",
        "void NORETURN main(void) {",
        "NORETURN void main(void) {",
        "int __attribute__((noinline)) main(int argc, char **argv) {",
        "int NOINLINE main(int argc, char **argv) {",
        "__attribute__((section(\".boot\")))\nstatic int *(main)(void) {",
    ] {
        let table = table(&format!("{head} mp_init(); }}"));
        assert_eq!(table.main.unwrap().function.as_str(), "main", "{head}");
    }
}

#[test]
fn macros_without_semicolons_and_with_hidden_braces_lose_no_call() {
    assert_eq!(
        said_in_main(
            "EVENT_POLL
             a_init();
             ATOMIC_BEGIN(lock) b_init(3);
             FOREACH(x) { c_init(); }
             TRY { d_init(); } CATCH { e_init(); }
             f_init();"
        )
        .iter()
        .map(|line| line.split([' ', ':']).nth(1).unwrap())
        .collect::<Vec<_>>(),
        ["a_init", "b_init", "c_init", "d_init", "e_init", "f_init"]
    );
}

#[test]
fn of_two_mains_the_one_that_runs_scripts_is_read() {
    let main = "int main(void) { mp_init(); a_init(); pyexec_friendly_repl(); }";
    let found = table(&format!("void test(void) {{ mp_init(); }}\n{main}"));
    assert_eq!(found.main.unwrap().function.as_str(), "main");
    assert_eq!(found.anomalies, []);
    // Another one that does so, too, is named.
    let found = table(&format!("void other(void) {{ mp_init(); pyexec_repl(); }}\n{main}"));
    assert_eq!(found.main.unwrap().function.as_str(), "main");
    assert_eq!(found.anomalies[0].kind, AnomalyKind::MainAmbiguous);
    assert_eq!(found.anomalies[0].function.as_ref().unwrap().as_str(), "other");
    // One name under two conditions is one main.
    let text = "#if A\nint main(void) { mp_init(); a_init(); }\n#else\nint main(void) { mp_init(); }\n#endif";
    assert_eq!(said(text), ["start mp_init:2 if A", "start a_init:2 if A"]);
}

#[test]
fn a_helper_that_starts_the_runtime_is_not_main() {
    let text = "static void reset(void) { mp_init(); pin_init(); }\nvoid app(void) { uart_init(); for (;;) { reset(); pyexec_friendly_repl(); pin_deinit(); } }";
    assert_eq!(
        said(text),
        [
            "boot uart_init:2",
            "start mp_init:1 in reset",
            "start pin_init:1 in reset",
            "start pyexec_friendly_repl:2",
            "stop pin_deinit:2",
        ]
    );
}

#[test]
fn a_file_without_main_is_no_error() {
    assert!(table_of(b"int main(void) { return 0; }").is_none());
    assert!(table_of(b"").is_none());
    assert!(table_of(b"// mp_init()\nvoid f(void) { g(); }").is_none());
}

#[test]
fn text_in_any_encoding_is_read() {
    let text = b"// caf\xe9 \xff\xfe\r\nint main(void) {\r\n mp_printf(\"\xe9\");\r\n#if A\r\n a_init();\r\n#endif\r\n mp_init();\r\n}";
    let table = table_of(text).unwrap();
    assert_eq!(table.entries[0].location.as_ref().unwrap().line, 5);
    assert_eq!(table.entries[0].condition.as_deref(), Some("A"));
    assert!(table_of(b"\xef\xbb\xbfint main(void) { mp_init(); }").is_some());
}

#[test]
fn strings_and_comments_hold_no_directives() {
    assert_eq!(
        said_in_main(
            "/*
#if A
*/
             a_init(); // {
             char c = '\"'; puts(\"} \\
#endif {\");
#if B /* over
two lines */
             b_init();
#endif"
        ),
        ["start a_init:5", "start b_init:10 if B"]
    );
}

#[test]
fn a_file_of_fifty_thousand_lines_is_read() {
    let mut text = "int main(void) {\n mp_init();\n".to_owned();
    for number in 0..25_000 {
        text.extend(
            format!(" if (x{number}) {{ f{number}(a, b); }}\n#if X{number}\n y();\n#endif\n")
                .chars(),
        );
    }
    text.push_str(" last_init();\n}");
    assert_eq!(said(&text).last().unwrap(), "start last_init:100003");
}

#[test]
fn what_is_made_to_be_slow_or_deep_is_bounded() {
    let deep = |open: &str, close: &str| {
        format!(
            "int main(void) {{ mp_init(); {} a_init(); {} b_init(); }}",
            open.repeat(20_000),
            close.repeat(20_000)
        )
    };
    for text in [
        deep("{", "}"),
        deep("if (x) {", "}"),
        deep("((", "));"),
        deep("f(", ");"),
        deep("x = a ? b : ", ";"),
        deep("#if A\n", "\n#endif\n"),
    ] {
        let _ = table_of(text.as_bytes());
    }
    let chain = format!(
        "int main(void) {{ mp_init(); if (a) {{}} {} }}",
        "else if (b) { c_init(); } ".repeat(2_000)
    );
    assert_eq!(said(&chain).len(), 2_001);
    // Functions that call one another twice would make a list of 2^40 calls.
    let mut doubling = "static void f0(void) { a_init(); }\n".to_owned();
    for number in 1..40 {
        doubling.extend(
            format!("static void f{number}(void) {{ f{}(); f{}(); }}\n", number - 1, number - 1)
                .chars(),
        );
    }
    doubling.push_str("int main(void) { mp_init(); f39(); }");
    assert!(table(&doubling).entries.len() <= MAX_ENTRIES);
    let size = MAX_BYTES + 1;
    let path = "main.c".to_owned();
    let file = SourceFile { port: "demo".parse().unwrap(), path, commit: None, drivers: vec![] };
    assert_eq!(read(&vec![b' '; size], file), Err(SourceError::TooLong { size }));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut text = b"int main(void) { mp_init();".to_vec();
        text.extend(bytes);
        let _ = table_of(&text);
    }

    #[test]
    fn any_pile_of_statements_is_answered_and_its_lines_ascend_in_arms(parts in proptest::collection::vec(0..16_usize, 0..60)) {
        const PARTS: [&str; 16] = [
            "#if A\n", "#else\n", "#elif B\n", "#endif\n", "a_init();\n", "{\n", "}\n", "if (x)\n",
            "else\n", "for (;;) {\n", "goto out;\n", "out:\n", "break;\n", "return;\n", "case 1:\n", "/*\n",
        ];
        let text: String = parts.iter().map(|&part| PARTS[part]).collect();
        if let Some(table) = table_of(format!("int main(void) {{ mp_init();\n{text}\n}}").as_bytes()) {
            prop_assert!(InitTable::from_json(&serde_json::to_vec(&table).unwrap()).is_ok());
        }
    }
}
