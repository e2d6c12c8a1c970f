//! The JSON against its published schema.

use crate::files;

#[test]
fn what_extract_prints_is_valid_by_the_published_schema() {
    let schema: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(files::root().join("docs/init-table.schema.json")).unwrap(),
    )
    .unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, path) in files::committed() {
        let table = serde_json::to_value(files::extract(&std::fs::read(path).unwrap())).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&table).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_table() {
    let schema: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(files::root().join("docs/init-table.schema.json")).unwrap(),
    )
    .unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (_, path) = files::committed().remove(0);
    let table = serde_json::to_value(files::extract(&std::fs::read(path).unwrap())).unwrap();
    for (key, value) in [
        ("schema", serde_json::json!("one")),
        ("bits", serde_json::json!("32")),
        ("endian", serde_json::json!("middle")),
        ("entries", serde_json::json!([{"position": 0}])),
        ("levels", serde_json::json!(["a level"])),
    ] {
        let mut wrong = table.clone();
        wrong[key] = value;
        assert!(!validator.is_valid(&wrong), "{key} was accepted");
    }
}

#[test]
fn the_published_schema_is_that_of_this_version() {
    let published =
        std::fs::read_to_string(files::root().join("docs/init-table.schema.json")).unwrap();
    let current = initboard::model::json_schema();
    if std::env::var_os("INITBOARD_UPDATE").is_some() {
        std::fs::write(files::root().join("docs/init-table.schema.json"), &current).unwrap();
    } else {
        assert_eq!(
            published, current,
            "run `INITBOARD_UPDATE=1 cargo test -p initboard --test extract`"
        );
    }
}
