//! The JSON Schema of the values that leave this program.

use serde_json::{Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::{
    Address, BoardName, CommitSha, InitTable, Level, PortName, Priority, ProjectName, Sha256,
    SymbolName, VariantName,
};

/// The schema of [`InitTable`] (JSON Schema, draft 2020-12), as it is published
/// in `docs/init-table.schema.json`.
pub fn json_schema() -> String {
    let mut parts = Vec::new();
    InitTable::schemas(&mut parts);
    let definitions: serde_json::Map<String, Value> =
        parts.into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    let mut schema = json!(InitTable::schema());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Init table");
    // Who reads a file knows which board it is of; the file itself does not.
    schema["properties"]["board"] = json!({
        "type": "string",
        "description": "The board with its port, where the path of the file tells it: left out elsewhere.",
        "examples": ["stm32/PYBV10-DP_THREAD"],
    });
    schema["$defs"] = Value::Object(definitions);
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    // OpenAPI keeps shared schemas elsewhere than JSON Schema does.
    text.replace("#/components/schemas/", "#/$defs/") + "\n"
}

/// Gives text-like types the schema of a JSON string, with an example.
macro_rules! string_schema {
    ($($name:ident, $pattern:expr, $example:literal;)*) => {$(
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}
string_schema! {
    Address, "^0x[0-9a-f]{8,16}$", "0x08043c15";
    Sha256, "^[0-9a-f]{64}$", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    CommitSha, "^([0-9a-f]{40}|[0-9a-f]{64})$", "0123456789abcdef0123456789abcdef01234567";
    Level, "^[A-Za-z0-9_]{1,64}$", "driver";
    Priority, "^[A-Za-z0-9]{1,64}$", "05";
    SymbolName, "^[\\s\\S]{1,512}$", "pin_init0";
    ProjectName, "^[a-z0-9][a-z0-9-]{0,63}$", "micropython";
    PortName, "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", "stm32";
    BoardName, "^[A-Za-z0-9][A-Za-z0-9_.+]{0,63}$", "PYBV10";
    VariantName, "^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$", "DP_THREAD";
}
