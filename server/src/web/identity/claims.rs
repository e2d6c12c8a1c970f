//! What GitHub Actions says of a job, and whether a project trusts it.

use std::fmt;

use serde::Deserialize;

use super::IdentityError;
use crate::model::RepositoryName;
use crate::store::{Numbers, Scope, Scopes, Trust};

/// What may have started a run. Not those that run with the rights of the repository
/// on what strangers sent (`pull_request_target`, `workflow_run`, `issue_comment`
/// ...). A fork's pull request gets no identity at all.
const EVENTS: [&str; 6] =
    ["push", "schedule", "workflow_dispatch", "release", "merge_group", "pull_request"];

/// The claims of a statement, as far as they are looked at.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::web) struct Claims {
    #[serde(rename = "iss")]
    pub(super) issuer: Option<String>,
    #[serde(rename = "aud")]
    pub(super) audience: Option<Audience>,
    #[serde(rename = "exp")]
    pub(super) expires: Option<i64>,
    #[serde(rename = "nbf")]
    pub(super) not_before: Option<i64>,
    pub(super) jti: Option<String>,
    repository: Option<String>,
    repository_id: Option<String>,
    repository_owner_id: Option<String>,
    event_name: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    workflow_ref: Option<String>,
    environment: Option<String>,
    run_id: Option<String>,
}

/// What a job may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Grant {
    pub(in crate::web) scopes: Scopes,
    /// The pull request that it may do it for alone.
    pub(in crate::web) pull_request: Option<u32>,
}

/// For whom a statement is (RFC 7519, 4.1.3).
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether it is for `audience` and nobody else, who could pass it on.
    pub(super) fn is_only(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => matches!(several.as_slice(), [one] if one == audience),
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(one) => f.write_str(one),
            Self::Several(several) => f.write_str(&several.join(", ")),
        }
    }
}

impl Claims {
    /// The repository that the workflow is of.
    ///
    /// # Errors
    /// When none is named.
    pub(in crate::web) fn repository(&self) -> Result<RepositoryName, IdentityError> {
        let name = self.repository.as_deref();
        name.and_then(|name| name.parse().ok())
            .ok_or_else(|| IdentityError::claim("repository", name, "OWNER/NAME"))
    }

    /// Its numbers.
    ///
    /// # Errors
    /// When they are missing.
    pub(in crate::web) fn numbers(&self) -> Result<Numbers, IdentityError> {
        let number = |claim, text: &Option<String>| {
            text.as_deref()
                .and_then(|text| text.parse::<u64>().ok())
                .filter(|number| *number <= i64::MAX.cast_unsigned())
                .ok_or_else(|| IdentityError::claim(claim, text.as_deref(), "a number"))
        };
        Ok(Numbers {
            repository: Some(number("repository_id", &self.repository_id)?),
            owner: Some(number("repository_owner_id", &self.repository_owner_id)?),
        })
    }

    /// What the job may do with the project that trusts its repository so.
    ///
    /// # Errors
    /// When a claim is another than the project asks for.
    pub(in crate::web) fn grant(&self, trust: &Trust) -> Result<Grant, IdentityError> {
        self.check_numbers(trust)?;
        let event = self.event_name.as_deref();
        let event = event.filter(|event| EVENTS.contains(event)).ok_or_else(|| {
            let expected = format!(
                "one of {}; others run with the rights of the repository on what strangers send",
                EVENTS.join(", ")
            );
            IdentityError::claim("event_name", event, expected)
        })?;
        if let Some(expected) = &trust.workflow
            && self.workflow() != Some(expected)
        {
            let expected = format!("the workflow `.github/workflows/{expected}`, which is trusted");
            return Err(IdentityError::claim(
                "workflow_ref",
                self.workflow_ref.as_deref(),
                expected,
            ));
        }
        if let Some(expected) = &trust.environment
            && self.environment.as_ref() != Some(expected)
        {
            let expected = format!("`{expected}`, which is trusted");
            return Err(IdentityError::claim("environment", self.environment.as_deref(), expected));
        }
        if event == "pull_request" {
            return self.grant_of_pull_request(trust);
        }
        Ok(Grant { scopes: trust.scopes, pull_request: None })
    }

    /// What nobody reviewed may be looked at: it configures nothing, and no branch
    /// gets builds from it.
    fn grant_of_pull_request(&self, trust: &Trust) -> Result<Grant, IdentityError> {
        let scopes = trust.scopes.within(Scopes::new(Scope::Upload, &[])).ok_or_else(|| {
            let expected = "another event: a pull request may only upload, and the repository is trusted to configure alone";
            IdentityError::claim("event_name", self.event_name.as_deref(), expected)
        })?;
        let number = self.git_ref.as_deref().and_then(|name| {
            name.strip_prefix("refs/pull/")?.split('/').next()?.parse::<u32>().ok()
        });
        let number = number.ok_or_else(|| {
            let expected = "that of a pull request, `refs/pull/NUMBER/merge`";
            IdentityError::claim("ref", self.git_ref.as_deref(), expected)
        })?;
        Ok(Grant { scopes, pull_request: Some(number) })
    }

    /// What a token is for, in the list of all: `micropython/micropython, push, run 7`.
    pub(in crate::web) fn purpose(&self) -> String {
        let word = |text: &Option<String>| {
            text.as_deref().map_or_else(|| "?".to_owned(), crate::model::quoted)
        };
        format!(
            "{}, {}, run {}",
            word(&self.repository),
            word(&self.event_name),
            word(&self.run_id)
        )
    }

    /// Somebody may have taken the name of a repository that was deleted or renamed.
    fn check_numbers(&self, trust: &Trust) -> Result<(), IdentityError> {
        let found = self.numbers()?;
        for (claim, found, expected) in [
            ("repository_id", found.repository, trust.numbers.repository),
            ("repository_owner_id", found.owner, trust.numbers.owner),
        ] {
            if let Some(expected) = expected
                && found != Some(expected)
            {
                let found = found.map(|number| number.to_string());
                let expected = format!(
                    "`{expected}`, that of the repository that was trusted: another has its name now"
                );
                return Err(IdentityError::claim(claim, found.as_deref(), expected));
            }
        }
        Ok(())
    }

    /// The file of the workflow: `OWNER/NAME/.github/workflows/FILE@REF`.
    fn workflow(&self) -> Option<&str> {
        let path = self.workflow_ref.as_deref()?.split('@').next()?;
        let (repository, file) = path.split_once("/.github/workflows/")?;
        let is_own = repository.parse::<RepositoryName>().ok() == self.repository().ok();
        is_own.then_some(file)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims() -> Value {
        json!({
            "repository": "micropython/micropython",
            "repository_id": "15337271",
            "repository_owner_id": "6298560",
            "event_name": "push",
            "ref": "refs/heads/master",
            "workflow_ref": "micropython/micropython/.github/workflows/order.yml@refs/heads/master",
            "environment": "upload",
            "run_id": "7",
        })
    }

    fn trust() -> Trust {
        Trust {
            repository: "MicroPython/micropython".parse().unwrap(),
            numbers: Numbers { repository: Some(15_337_271), owner: Some(6_298_560) },
            workflow: Some("order.yml".to_owned()),
            environment: Some("upload".to_owned()),
            scopes: Scopes::new(Scope::Upload, &[Scope::Configure]),
        }
    }

    fn judged(claim: &str, value: impl Into<Value>) -> Result<String, String> {
        let mut claims = claims();
        claims[claim] = value.into();
        let claims: Claims = serde_json::from_value(claims).unwrap();
        let grant = claims.grant(&trust());
        grant.map(|grant| grant.scopes.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_job_that_is_trusted_may_do_what_its_repository_may() {
        assert_eq!(judged("run_id", "8").unwrap(), "upload, configure");
    }

    #[test]
    fn a_pull_request_configures_nothing_and_sends_its_own_builds_alone() {
        let mut claims = claims();
        claims["event_name"] = json!("pull_request");
        let granted = |claims: &Value, trust: &Trust| {
            let claims: Claims = serde_json::from_value(claims.clone()).unwrap();
            claims.grant(trust).map_err(|error| error.to_string())
        };
        assert_eq!(
            granted(&claims, &trust()).unwrap_err(),
            "the claim `ref` of the identity is `refs/heads/master`: expected that of a pull request, `refs/pull/NUMBER/merge`"
        );
        claims["ref"] = json!("refs/pull/7/merge");
        let scopes = Scopes::new(Scope::Upload, &[]);
        assert_eq!(granted(&claims, &trust()), Ok(Grant { scopes, pull_request: Some(7) }));
        let alone = Trust { scopes: Scopes::new(Scope::Configure, &[]), ..trust() };
        let refused = granted(&claims, &alone).unwrap_err();
        assert!(refused.contains("a pull request may only upload"), "{refused}");
    }

    #[test]
    fn each_wrong_claim_says_what_was_found_and_what_was_expected() {
        for (claim, value, words) in [
            (
                "repository_id",
                json!("5"),
                "the claim `repository_id` of the identity is `5`: expected `15337271`, that of the repository that was trusted: another has its name now",
            ),
            (
                "repository_owner_id",
                json!("5"),
                "the claim `repository_owner_id` of the identity is `5`: expected `6298560`, that of the repository that was trusted: another has its name now",
            ),
            (
                "repository_id",
                Value::Null,
                "the claim `repository_id` of the identity is missing: expected a number",
            ),
            (
                "workflow_ref",
                json!("micropython/micropython/.github/workflows/other.yml@refs/heads/master"),
                "the claim `workflow_ref` of the identity is `micropython/micropython/.github/workflows/other.yml@refs/heads/master`: expected the workflow `.github/workflows/order.yml`, which is trusted",
            ),
            (
                "environment",
                Value::Null,
                "the claim `environment` of the identity is missing: expected `upload`, which is trusted",
            ),
        ] {
            assert_eq!(judged(claim, value).unwrap_err(), words);
        }
        // The same file in the repository of somebody else.
        let foreign = "stranger/micropython/.github/workflows/order.yml@refs/heads/master";
        assert!(judged("workflow_ref", foreign).is_err());
    }

    #[test]
    fn runs_on_what_strangers_send_are_refused() {
        for event in [
            "pull_request_target",
            "workflow_run",
            "issue_comment",
            "issues",
            "repository_dispatch",
            "",
        ] {
            assert_eq!(
                judged("event_name", event).unwrap_err(),
                format!(
                    "the claim `event_name` of the identity is `{event}`: expected one of push, schedule, workflow_dispatch, release, merge_group, pull_request; others run with the rights of the repository on what strangers send"
                )
            );
        }
    }
}
