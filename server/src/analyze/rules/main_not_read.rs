//! IB112 `main-not-read`: main was not found, so hand-written calls are missing.

use super::{Check, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB112",
    name: "main-not-read",
    severity: Severity::Note,
    check: Check::Table(|table| {
        let mut hits = per_anomaly(table, AnomalyKind::MainInlined, |_| {
            "`mp_init` has no symbol: link-time optimisation inlined it, and with it what main calls; build without -flto to see the calls, or register them: tables stay readable".to_owned()
        });
        hits.extend(per_anomaly(table, AnomalyKind::MainNotFound, |_| {
            "no function is seen to call `mp_init`, so main was not found and the calls that it makes by hand are missing here".to_owned()
        }));
        hits
    }),
};
