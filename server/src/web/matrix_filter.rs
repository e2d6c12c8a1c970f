//! Which part of a matrix an address asks for: the same words for the page and
//! for its JSON twin.

use serde::Deserialize;

use super::api::parameters::unexpected;
use crate::analyze::matrix::Filter;
use crate::model::{Phase, Stage};

/// The parameters of a matrix. What is empty is no filter.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MatrixQuery {
    #[serde(default)]
    pub(super) port: String,
    #[serde(default)]
    pub(super) stage: String,
    #[serde(default)]
    pub(super) phase: String,
    #[serde(default)]
    pub(super) level: String,
    #[serde(default)]
    pub(super) only: String,
}

impl MatrixQuery {
    /// The filter, or in words what is wrong with it.
    pub(super) fn filter(&self) -> Result<Filter, String> {
        let wrong = |name, found: &String, expected| Err(unexpected(name, found, expected));
        Ok(Filter {
            stage: match self.stage.as_str() {
                "" => None,
                "boot" => Some(Stage::Boot),
                "start" => Some(Stage::Start),
                "stop" => Some(Stage::Stop),
                _ => return wrong("stage", &self.stage, "boot, start or stop"),
            },
            phase: match self.phase.as_str() {
                "" => None,
                "init" => Some(Phase::Init),
                "deinit" => Some(Phase::Deinit),
                _ => return wrong("phase", &self.phase, "init or deinit"),
            },
            level: match self.level.as_str() {
                "" => None,
                level => match level.parse() {
                    Ok(level) => Some(level),
                    Err(error) => return Err(format!("the parameter `level`: {error}")),
                },
            },
            divergent: match self.only.as_str() {
                "" => false,
                "divergent" => true,
                _ => return wrong("only", &self.only, "divergent"),
            },
        })
    }

    /// The parameters that say something, by name.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("port", &self.port),
            ("stage", &self.stage),
            ("phase", &self.phase),
            ("level", &self.level),
            ("only", &self.only),
        ];
        all.into_iter().map(|(name, value)| (name, value.as_str())).filter(|(_, v)| !v.is_empty())
    }
}
